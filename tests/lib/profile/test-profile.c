/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "lib/profile/profile.h"
#include "tests/lib/child.h"
#include "tests/lib/core.h"

static char base[64], path[300];

static const char *in_base(const char *name)
{
	(void)snprintf(path, sizeof(path), "%s/%s.conf", base, name);
	return path;
}

static void write_bytes(const char *file, const void *bytes, size_t len)
{
	FILE *stream = fopen(file, "w");

	assert_non_null(stream);
	assert_int_equal(fwrite(bytes, 1, len, stream), len);
	assert_int_equal(fclose(stream), 0);
}

static void write_profile(const char *name, const char *text)
{
	write_bytes(in_base(name), text, strlen(text));
}

static int make_base(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/test-profile-XXXXXX");
	return mkdtemp(base) ? setenv("ICRED_CONFIG_DIR", base, 1) : -1;
}

static int remove_base(void **state)
{
	char command[100];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

static struct profile *load(const char *name)
{
	struct profile *profile = NULL;

	if (profile_load(NULL, name, &profile) < 0 || profile_complete(profile) < 0)
		fail_msg("%s", icred_error()->message);
	return profile;
}

static struct profile *load_text(const char *text)
{
	write_profile("p", text);
	return load("p");
}

static void assert_line(const struct profile *profile, size_t i, const char *line)
{
	const struct line *at = &profile->stack.lines[i];
	char text[300];

	assert_true(i < profile->stack.count);
	(void)snprintf(text, sizeof(text), "%u %s%s %s", at->number, at->optional_module ? "-" : "",
		       facility_name(at->facility), at->module);
	for (char **argument = at->arguments; *argument; argument++) {
		size_t len = strlen(text);
		(void)snprintf(text + len, sizeof(text) - len, " <%s>", *argument);
	}
	assert_string_equal(text, line);
}

static void every_element_is_understood(void **state)
{
	struct profile *profile = load_text("# a comment\n"
					    "\n"
					    "  \t \n"
					    "app\t 12345   # not a value\n"
					    "installation 8d0c4f5e\n"
					    "origin https://a.example\n"
					    "origin https://b.example:8443/\n"
					    "key sufficient file path=/etc/a.pem [a b\\]\tc] x#y #z\n"
					    "-key [success=done not-found=ignore default=die] pkcs11\n"
					    "cache \\\n"
					    "   required \\\n"
					    "   runtime debug\n"
					    "issuer required icr");

	(void)state;
	assert_string_equal(profile->name, "p");
	assert_string_equal(profile->file, in_base("p"));
	assert_string_equal(settings_get(&profile->settings, "app", 0), "12345");
	assert_string_equal(settings_get(&profile->settings, "installation", 0), "8d0c4f5e");
	assert_int_equal(profile->stack.count, 4);
	assert_line(profile, 0, "8 key file <path=/etc/a.pem> <a b]\tc> <x#y>");
	assert_line(profile, 1, "9 -key pkcs11");
	assert_line(profile, 2, "12 cache runtime <debug>");
	assert_line(profile, 3, "13 issuer icr");
	assert_int_equal(profile->stack.lines[1].control.action[0], ACTION_DONE);
	assert_int_equal(profile->stack.lines[1].control.action[-ICRED_E_NOT_FOUND], ACTION_IGNORE);
	assert_int_equal(profile->stack.lines[1].control.action[-ICRED_E_LOCKED], ACTION_DIE);
	assert_int_equal(profile->origin_count, 2);
	assert_int_equal(profile->origins[1].port, 8443);
	profile_free(profile);
}

/* Text that fails, where it fails, and a word of the reason. */
static const struct {
	const char *text, *where, *says;
} bad[] = {
	{"colour blue\n", "1:1", "\"colour\""},
	{"app 1\n\n  APP 2\n", "3:3", "\"APP\""},
	{"app\n", "1:1", "no value"},
	{"app 1 2\n", "1:7", "one value"},
	{"app a/b\n", "1:5", "app must be"},
	{"as-app maybe\n", "1:8", "yes or no"},
	{"api api.carbonregistry.com\n", "1:5", "api must be a URL"},
	{"key\n", "1:1", "facility control module"},
	{"key sufficient\n", "1:5", "facility control module"},
	{"key sufficent keyring\n", "1:5", "\"sufficent\""},
	{"key REQUIRED keyring\n", "1:5", "\"REQUIRED\""},
	{"key [success=done default=dye] keyring\n", "1:5", "\"default=dye\""},
	{"key [sucess=done] keyring\n", "1:5", "\"sucess=done\""},
	{"key [success=2] keyring\n", "1:5", "\"success=2\""},
	{"key [success=] keyring\n", "1:5", "\"success=\""},
	{"key [=done] keyring\n", "1:5", "\"=done\""},
	{"key [] keyring\n", "1:5", "is not a control"},
	{"key [success=done keyring\n", "1:5", "must end with ]"},
	{"key [success=done]keyring\n", "1:5", "must end with ]"},
	{"key required file [path=/a b\n", "1:19", "must end with ]"},
	{"key required ../file\n", "1:14", "module's name"},
	{"key required a/b\n", "1:14", "module's name"},
	{"key required file.so\n", "1:14", "module's name"},
	{"key required File\n", "1:14", "module's name"},
	{"key required a23456789012345678901234567890123\n", "1:14", "module's name"},
	{"keys required file\n", "1:1", "\"keys\""},
	{"--key required file\n", "1:1", "\"--key\""},
	{"-include other\n", "1:1", "\"-include\""},
	{"include\n", "1:1", "name of one profile"},
	{"include a b\n", "1:1", "name of one profile"},
	{"app 1\ninclude missing\n", "2:9", "\"missing\""},
	{"include ../p\n", "1:9", "\"../p\""},
	{"include /etc/passwd\n", "1:9", "\"/etc/passwd\""},
	{"app 1\r\nkey required file\r\n", "1:6", "CRLF"},
	{"app 1\n\nap\rp 2\n", "3:3", "CRLF"},
	{"\xef\xbb\xbf"
	 "app 1\n",
	 "1:1", "byte order mark"},
	{"app 1\napi \x01\n", "2:5", "control byte"},
	{"app 1\n# \x1b[31m\n", "2:3", "control byte"},
	{"app 1\n# \x7f\n", "2:3", "control byte"},
	{"app \\\n 1 \\\n\ncolour blue\n", "4:1", "\"colour\""},
	{"app 1\nkey \\\n\\\n  maybe file\n", "4:3", "\"maybe\""},
	{"app 1 1\n", "1:7", "\"1\""},
	{"key [ok=ok \\\nfile", "1:5", "\"[ok=ok   file\""},
	{"key [success=done locked=die locked=ok] file\n", "1:5", "\"locked=ok\""},
};

static void assert_refused(const char *where, const char *says)
{
	struct profile *profile = NULL;
	const char *file = in_base("p");
	char start[400];

	assert_int_equal(profile_load(NULL, "p", &profile), ICRED_E_INVALID);
	assert_null(profile);
	(void)snprintf(start, sizeof(start), "%s:%s: ", file, where);
	if (strncmp(icred_error()->message, start, strlen(start)) != 0)
		fail_msg("\"%s\" does not begin with %s", icred_error()->message, start);
	assert_failure(ICRED_E_INVALID, says);
	assert_string_equal(icred_error()->file, file);
	assert_int_equal(icred_error()->line, strtoul(where, NULL, 10));
}

static void what_is_not_understood_is_refused_with_its_position(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		write_profile("p", bad[i].text);
		assert_refused(bad[i].where, bad[i].says);
	}
	write_bytes(in_base("p"), "app 1\nap\0i x\n", 13);
	assert_refused("2:3", "control byte");
}

static void a_comment_never_hides_the_line_after_it(void **state)
{
	struct profile *profile =
		load_text("# the key is in C:\\keys\\\napp 1\nca /a # ends in \\\nusername u\n");

	(void)state;
	assert_string_equal(settings_get(&profile->settings, "app", 0), "1");
	assert_string_equal(settings_get(&profile->settings, "username", 0), "u");
	profile_free(profile);
}

static void a_line_has_at_most_64_words(void **state)
{
	char text[400] = "key required file";
	struct profile *profile;

	(void)state;
	for (int i = 0; i < 61; i++)
		(void)snprintf(text + strlen(text), 16, " a%02d", i);
	profile = load_text(text);
	assert_string_equal(profile->stack.lines[0].arguments[60], "a60");
	profile_free(profile);
	(void)strcat(text, " b");
	write_profile("p", text);
	assert_refused("1:263", "more than 64 words");
}

static void a_profile_has_at_most_64_stack_lines(void **state)
{
	char text[65 * 20] = "";
	struct profile *profile;

	(void)state;
	for (int i = 0; i < 61; i++)
		(void)strcat(text, "key required file\n");
	profile = load_text(text);
	assert_int_equal(profile->stack.count, 64); /* with the defaults of the others */
	profile_free(profile);
	for (int i = 0; i < 4; i++)
		(void)strcat(text, "key required file\n");
	write_profile("p", text);
	assert_refused("65:1", "stack lines");
}

static void a_file_has_at_most_64_kilobytes(void **state)
{
	static const size_t sizes[] = {65537, 1 << 20};
	char *text = malloc(1 << 20);
	struct profile *profile;

	(void)state;
	assert_non_null(text);
	memset(text, 'a', 1 << 20);
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		write_bytes(in_base("p"), text, sizes[i]); /* one line */
		assert_int_equal(profile_load(NULL, "p", &profile), ICRED_E_INVALID);
		assert_failure(ICRED_E_INVALID, "larger than 65536");
		assert_failure(ICRED_E_INVALID, in_base("p"));
	}
	write_bytes(in_base("p"), text, 65536);
	assert_refused("1:1", "neither a setting");
	text[0] = '#';
	write_bytes(in_base("p"), text, 65536);
	profile_free(load("p"));
	free(text);
}

static void only_regular_files_are_read(void **state)
{
	struct profile *profile;

	(void)state;
	assert_int_equal(mkdir(in_base("directory"), 0700), 0);
	assert_int_equal(mkfifo(in_base("pipe"), 0600), 0); /* without waiting for its writer */
	assert_int_equal(profile_load(NULL, "directory", &profile), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, "not a regular file");
	assert_int_equal(profile_load(NULL, "pipe", &profile), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, "not a regular file");
	assert_int_equal(symlink("loop.conf", in_base("loop")), 0);
	assert_int_equal(profile_load(NULL, "loop", &profile), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, in_base("loop"));
}

static void names_of_profiles_are_plain(void **state)
{
	static const char *const names[] = {
		"../p",
		"a/b",
		"/etc/passwd",
		".",
		"..",
		".hidden",
		"-x",
		"a b",
		"a\nb",
		"\xc3\xa4",
		"a2345678901234567890123456789012345678901234567890123456789012345"};
	struct profile *profile;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		assert_int_equal(profile_load(NULL, names[i], &profile), ICRED_E_INVALID);
		assert_failure(ICRED_E_INVALID, "cannot be the name of a profile");
	}
	assert_int_equal(profile_load(NULL, "missing", &profile), ICRED_E_NOT_FOUND);
	assert_failure(ICRED_E_NOT_FOUND, "no profile \"missing\"");
	assert_failure(ICRED_E_NOT_FOUND, base);
}

static void without_any_file_the_default_is_built_in(void **state)
{
	struct profile *profile = load(NULL), *given = NULL;

	(void)state;
	assert_string_equal(profile->name, "default");
	assert_string_equal(profile->file, "");
	profile_free(profile);
	profile_free(load(""));
	assert_int_equal(profile_load(NULL, "default", &given), ICRED_E_NOT_FOUND); /* named: must be there */
	write_profile("default", "app 7\n");
	profile = load(NULL);
	assert_string_equal(settings_get(&profile->settings, "app", 0), "7");
	profile_free(profile);
	write_profile("default", "app\n");
	assert_int_equal(profile_load(NULL, NULL, &given), ICRED_E_INVALID); /* and never papered over */
}

static void a_facility_without_lines_gets_the_default_ones(void **state)
{
	struct profile *profile = load_text("app 1\n");

	(void)state;
	assert_int_equal(profile->stack.count, 4);
	assert_line(profile, 0, "0 key keyring");
	assert_line(profile, 1, "0 cache keyctl");
	assert_line(profile, 2, "0 cache runtime");
	assert_line(profile, 3, "0 issuer icr");
	assert_int_equal(profile->stack.lines[0].control.action[0], ACTION_DONE);
	assert_int_equal(profile->stack.lines[3].control.action[0], ACTION_OK);
	assert_int_equal(profile_complete(profile), ICRED_OK); /* once */
	assert_int_equal(profile->stack.count, 4);
	profile_free(profile);

	profile = load_text("cache optional runtime\n");
	assert_int_equal(profile->stack.count, 3);
	assert_line(profile, 0, "1 cache runtime");
	assert_line(profile, 1, "0 key keyring");
	assert_line(profile, 2, "0 issuer icr");
	profile_free(profile);
}

static void an_include_stands_where_it_is_written(void **state)
{
	struct profile *profile;

	(void)state;
	write_profile("site", "api https://site.example\nkey sufficient file\napp 1\n");
	profile = load_text(
		"api https://own.example\nkey sufficient keyring\ninclude site\nkey required exec\napp 2\n");
	assert_line(profile, 0, "2 key keyring");
	assert_line(profile, 1, "2 key file");
	assert_line(profile, 2, "4 key exec");
	assert_string_equal(profile->stack.lines[0].file, in_base("p"));
	assert_string_equal(profile->stack.lines[1].file, in_base("site"));
	assert_string_equal(settings_get(&profile->settings, "api", 0), "https://site.example");
	assert_string_equal(settings_get(&profile->settings, "app", 0), "2");
	profile_free(profile);
	write_profile("site", "app 1\n\n app x y\n");
	assert_int_equal(profile_load(NULL, "p", &profile), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, "/site.conf:3:8: ");
}

static void includes_end(void **state)
{
	struct profile *profile;
	char name[16], text[64];

	(void)state;
	write_profile("p", "include p\n");
	assert_refused("1:9", "includes itself");
	write_profile("a", "app 1\ninclude b\n");
	write_profile("b", "include a\n");
	assert_int_equal(profile_load(NULL, "a", &profile), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, "includes itself");
	for (int i = 0; i < 17; i++) {
		(void)snprintf(name, sizeof(name), "n%d", i);
		(void)snprintf(text, sizeof(text), "include n%d\n", i + 1);
		write_profile(name, i < 16 ? text : "app 16\n");
	}
	profile = load("n0"); /* sixteen deep */
	assert_string_equal(settings_get(&profile->settings, "app", 0), "16");
	profile_free(profile);
	write_profile("n16", "include n17\n");
	write_profile("n17", "app 17\n");
	assert_int_equal(profile_load(NULL, "n0", &profile), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, "/n16.conf:1:9: ");
}

static void includes_that_multiply_end_too(void **state)
{
	struct profile *profile;
	char name[16], text[200];

	(void)state;
	for (int i = 0; i < 16; i++) {
		text[0] = '\0';
		for (int n = 0; n < 8; n++)
			(void)snprintf(text + strlen(text), sizeof(text) - strlen(text), "include n%d\n",
				       i + 1);
		(void)snprintf(name, sizeof(name), "n%d", i);
		write_profile(name, text);
	}
	write_profile("n16", "app 16\n");
	assert_int_equal(profile_load(NULL, "n0", &profile), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, "include");
}

static void plain_http_is_for_loopback_and_who_says_so(void **state)
{
	static const struct {
		const char *text, *says; /* NULL: is taken */
	} cases[] = {
		{"api https://x.example\n", NULL},
		{"api http://x.example\n", "api must be https"},
		{"api http://x.example\ninsecure-loopback yes\n", "api must be https"},
		{"api http://127.0.0.1:8080\n", "api must be https"},
		{"api http://127.0.0.1:8080\ninsecure-loopback no\n", "api must be https"},
		{"api http://127.0.0.1:8080\ninsecure-loopback yes\n", NULL},
		{"insecure-loopback yes\napi http://[::1]:1\n", NULL},
		{"insecure-loopback yes\napi http://127.0.0.1.evil.example\n", "api must be https"},
		{"origin http://x.example\n", "origin must be https"},
		{"origin http://localhost\n", "origin must be https"},
		{"origin http://localhost\ninsecure-loopback yes\n", NULL},
		{"origin https://x.example\norigin http://x.example\ninsecure-loopback yes\n",
		 "origin must be https"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct profile *profile = NULL;
		write_profile("p", cases[i].text);
		assert_int_equal(profile_load(NULL, "p", &profile), ICRED_OK);
		assert_int_equal(profile_complete(profile), cases[i].says ? ICRED_E_INVALID : ICRED_OK);
		if (cases[i].says)
			assert_failure(ICRED_E_INVALID, cases[i].says);
		profile_free(profile);
	}
}

static void tokens_go_to_the_origins_or_else_to_the_api(void **state)
{
	static const struct {
		const char *text, *url;
		bool allowed;
	} cases[] = {
		{"app 1\n", "https://api.carbonregistry.com/projects", true},
		{"app 1\n", "http://api.carbonregistry.com/", false},
		{"api https://a.example/base\n", "https://a.example", true},
		{"api https://a.example\n", "https://api.carbonregistry.com", false},
		{"api https://a.example\norigin https://b.example\n", "https://b.example", true},
		{"api https://a.example\norigin https://b.example\n", "https://a.example", false},
		{"origin https://b.example\norigin https://c.example:8443\n", "https://c.example:8443", true},
		{"origin https://b.example\norigin https://c.example:8443\n", "https://c.example", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct profile *profile = load_text(cases[i].text);
		struct origin origin;
		assert_true(origin_parse(cases[i].url, &origin));
		assert_int_equal(profile_allows(profile, &origin), cases[i].allowed);
		profile_free(profile);
	}
}

static void targets_replace_each_other_across_files(void **state)
{
	struct profile *profile;

	(void)state;
	write_profile("site", "organization acme\n");
	profile = load_text("installation i\ninclude site\n");
	assert_null(settings_get(&profile->settings, "installation", 0));
	assert_string_equal(settings_get(&profile->settings, "organization", 0), "acme");
	profile_free(profile);
}

/* Any position of the text, any byte or a bit of the text itself: the same ones in each run. */
static void mutate(char *text, size_t len, uint32_t *seed)
{
	static const char bytes[] = "\n\\[]# \t=-\r\xff\x01";

	for (int i = (int)(*seed >> 30); i >= 0; i--) {
		size_t at, from;
		*seed = *seed * 1664525 + 1013904223;
		at = (*seed >> 8) % len;
		from = (*seed >> 16) % len;
		if (*seed >> 31)
			text[at] = bytes[from % sizeof(bytes)];
		else
			memmove(text + at, text + from, MIN(len - MAX(at, from), from % 24));
	}
}

static unsigned faults;

static void count_fault(void *data)
{
	unsigned line = 0, column = 0;
	const char *file = data;
	size_t len = strlen(file);

	faults++;
	assert_int_equal(icred_error()->code, ICRED_E_INVALID);
	if (strncmp(icred_error()->message, file, len) != 0 ||
	    sscanf(icred_error()->message + len, ":%u:%u: ", &line, &column) != 2 || !line || !column ||
	    icred_error()->line != line)
		fail_msg("no place: %s", icred_error()->message);
}

/* Whatever is done to a profile, it is read, or refused with a place; and who tells all faults agrees. */
static void a_damaged_profile_is_refused_with_a_place_or_is_none(void **state)
{
	static const char whole[] =
		"app 12345 # mine\napi https://api.example:8443/v1\norigin http://127.0.0.1\n"
		"insecure-loopback yes\nmin-ttl 5m\ngit-path /a b\nas-app no\n"
		"key [success=done not_found=ignore default=die] \\\n file [path=/a b\\]c] ask=/x\n"
		"-key sufficient pkcs11 uri=x\ncache optional runtime\nissuer required icr\n";
	char text[sizeof(whole)], file[300];
	unsigned taken = 0;
	uint32_t seed = 1;

	(void)state;
	(void)snprintf(file, sizeof(file), "%s", in_base("p"));
	for (int i = 0; i < 3000; i++) {
		struct profile *profile = NULL, *again = NULL;
		int r;
		memcpy(text, whole, sizeof(whole));
		mutate(text, sizeof(whole) - 1, &seed);
		write_bytes(file, text, sizeof(whole) - 1);
		r = profile_load(NULL, "p", &profile);
		if (r == ICRED_OK)
			r = profile_complete(profile);
		if (r < 0)
			count_fault(file);
		faults = 0;
		assert_int_equal(profile_examine(NULL, "p", count_fault, file, &again) < 0, r < 0);
		assert_int_equal(faults > 0, r < 0);
		taken += r == ICRED_OK;
		profile_free(profile);
		profile_free(again);
	}
	assert_in_range(taken, 30, 2970);
}

/* Put an empty file system over a directory, or over where it will be made. */
static bool cover(const char *directory)
{
	static dev_t covered;
	char at[256], whole[256];
	char *slash;
	struct stat st;

	(void)snprintf(whole, sizeof(whole), "%s", directory);
	(void)snprintf(at, sizeof(at), "%s", directory);
	while (stat(at, &st) < 0) {
		slash = strrchr(at, '/');
		if (!slash || slash == at)
			return false;
		*slash = '\0';
	}
	/* Not over what the last cover made: the two directories may have their prefix in common. */
	if (st.st_dev != covered && (mount("none", at, "tmpfs", 0, "") < 0 || stat(at, &st) < 0))
		return false;
	covered = st.st_dev;
	for (slash = strchr(whole + strlen(at), '/'); slash; slash = strchr(slash + 1, '/')) {
		*slash = '\0';
		(void)mkdir(whole, 0755);
		*slash = '/';
	}
	return mkdir(whole, 0755) == 0 || stat(whole, &st) == 0;
}

static void put_api(const char *directory, const char *host)
{
	char name[300], text[100];
	FILE *stream;

	(void)snprintf(name, sizeof(name), "%s/layer.conf", directory);
	(void)snprintf(text, sizeof(text), "api https://%s.example\n", host);
	stream = fopen(name, "w");
	CHECK(stream && fputs(text, stream) >= 0 && fclose(stream) == 0);
}

static bool layer_is(const char *host)
{
	struct profile *profile = NULL;
	bool is;

	CHECK(profile_load(NULL, "layer", &profile) == ICRED_OK && profile_complete(profile) == ICRED_OK);
	is = strncmp(profile->api.host, host, strlen(host)) == 0;
	profile_free(profile);
	return is;
}

static int see_the_order(void *data)
{
	(void)data;
	if (unshare(CLONE_NEWNS) < 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) < 0 ||
	    !cover(VENDOR_DIR) || !cover(SYSCONF_DIR "/icred"))
		return CHILD_SKIP;
	put_api(VENDOR_DIR, "vendor");
	CHECK(layer_is("vendor"));
	put_api(SYSCONF_DIR "/icred", "machine");
	CHECK(layer_is("machine"));
	put_api(base, "user");
	CHECK(layer_is("user"));
	CHECK(unsetenv("ICRED_CONFIG_DIR") == 0 && setenv("XDG_CONFIG_HOME", "/nowhere", 1) == 0);
	CHECK(layer_is("machine"));
	CHECK(setenv("ICRED_CONFIG_DIR", "relative", 1) == 0);
	CHECK(layer_is("machine"));
	return 0;
}

static void the_user_comes_before_the_machine_and_that_before_the_vendor(void **state)
{
	int r = child_run(see_the_order, NULL, 0);

	(void)state;
	if (r == CHILD_SKIP)
		skip(); /* not allowed to mount */
	assert_int_equal(r, 0);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, make_base, remove_base)
	const struct CMUnitTest tests[] = {
		TEST(every_element_is_understood),
		TEST(what_is_not_understood_is_refused_with_its_position),
		TEST(a_comment_never_hides_the_line_after_it),
		TEST(a_line_has_at_most_64_words),
		TEST(a_profile_has_at_most_64_stack_lines),
		TEST(a_file_has_at_most_64_kilobytes),
		TEST(only_regular_files_are_read),
		TEST(names_of_profiles_are_plain),
		TEST(without_any_file_the_default_is_built_in),
		TEST(a_facility_without_lines_gets_the_default_ones),
		TEST(an_include_stands_where_it_is_written),
		TEST(includes_end),
		TEST(includes_that_multiply_end_too),
		TEST(plain_http_is_for_loopback_and_who_says_so),
		TEST(tokens_go_to_the_origins_or_else_to_the_api),
		TEST(targets_replace_each_other_across_files),
		TEST(a_damaged_profile_is_refused_with_a_place_or_is_none),
		TEST(the_user_comes_before_the_machine_and_that_before_the_vendor),
	};

	return cmocka_run_group_tests_name("profile", tests, NULL, NULL);
}
