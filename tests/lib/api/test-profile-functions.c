/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The icred_profile_ functions: what they list, show and find wrong. */
#include "config.h"
#include <unistd.h>
#include "tests/lib/core.h"

static char directory[64];
static char seen[2000];

static int set_up(void **state)
{
	(void)state;
	(void)snprintf(directory, sizeof(directory), "/tmp/test-profile-functions-XXXXXX");
	if (!mkdtemp(directory) || setenv("ICRED_CONFIG_DIR", directory, 1) < 0 ||
	    setenv("ICRED_LIBEXEC_DIR", "/nonexistent", 1) < 0)
		return -1;
	unsetenv("ICRED_PROFILE");
	seen[0] = '\0';
	return 0;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", directory);
	return system(command);
}

/* Keep what a callback got, as one line of text. */
static void __attribute__((format(printf, 1, 2))) note(const char *format, ...)
{
	size_t len = strlen(seen);
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(seen + len, sizeof(seen) - len, format, arguments);
	va_end(arguments);
}

static int note_profile(const struct icred_profile *profile, void *data)
{
	if (strncmp(profile->file, directory, strlen(directory)) == 0)
		note("%s %s %u\n", profile->name, profile->file + strlen(directory), profile->hidden);
	return data ? *(int *)data : 0;
}

static int note_entry(const struct icred_profile_entry *entry, void *data)
{
	note("%s|%s|%s|%s", entry->facility, entry->name, entry->value, entry->control);
	for (size_t i = 0; entry->arguments[i]; i++)
		note("|%s", entry->arguments[i]);
	note("|%d:%u%s%s\n", entry->source, entry->line, entry->optional ? " optional" : "",
	     entry->skipped ? " skipped" : "");
	return data ? *(int *)data : 0;
}

static void note_fault(const struct icred_error *fault, void *data)
{
	note("%s:%u\n", icred_kind(fault->code), fault->line);
	++*(int *)data;
}

static void files_are_listed_by_name(void **state)
{
	int stop = 7;

	(void)state;
	assert_int_equal(icred_profile_list(NULL, note_profile, NULL), 0);
	assert_string_equal(seen, "");
	test_write_profile(directory, "b", "");
	test_write_profile(directory, "a", "");
	test_write_profile(directory, "not a name", "");
	assert_int_equal(icred_profile_list(NULL, note_profile, NULL), 0);
	assert_string_equal(seen, "a /a.conf 0\nb /b.conf 0\n");
	seen[0] = '\0';
	assert_int_equal(icred_profile_list(NULL, note_profile, &stop), 7);
	assert_string_equal(seen, "a /a.conf 0\n");
}

static void a_profile_is_shown_as_it_runs(void **state)
{
	struct icred_options options = {.size = sizeof(options), .installation = "abc"};
	icred_t *handle = NULL;
	int stop = 7;

	(void)state;
	test_write_profile(directory, "work",
			   "app 12345\n"
			   "-key sufficient nosuch\n"
			   "key [success=done default=die] file path=/k\n"
			   "cache required runtime\n");
	assert_int_equal(icred_open(&handle, "work", &options), ICRED_OK);
	assert_string_equal(icred_profile_name(handle), "work");
	assert_string_equal(icred_profile_file(handle) + strlen(directory), "/work.conf");
	assert_int_equal(icred_profile_show(handle, note_entry, NULL), 0);
	assert_string_equal(seen, "|app|12345||1:1\n"
				  "|installation|abc||2:0\n"
				  "key|nosuch||sufficient|1:2 optional skipped\n"
				  "key|file||[success=done default=die]|path=/k|1:3\n"
				  "cache|runtime||required|1:4\n"
				  "issuer|icr||required|3:0\n");
	seen[0] = '\0';
	assert_int_equal(icred_profile_show(handle, note_entry, &stop), 7);
	assert_string_equal(seen, "|app|12345||1:1\n");
	icred_close(handle);
	assert_int_equal(icred_open(&handle, NULL, NULL), ICRED_OK);
	assert_string_equal(icred_profile_file(handle), "");
	icred_close(handle);
}

static void each_fault_is_found(void **state)
{
	int faults = 0;

	(void)state;
	test_write_profile(directory, "bad",
			   "app 12345\nnosuch setting\nkey sometimes file\ntimeout never\n");
	assert_int_equal(icred_profile_check("bad", NULL, note_fault, &faults), ICRED_E_INVALID);
	assert_string_equal(seen, "invalid:2\ninvalid:3\ninvalid:4\n");
	assert_int_equal(faults, 3);
	/* The worker is not there, which is a fault of the installation; the caches are. */
	seen[0] = '\0';
	test_write_profile(directory, "good", "app 12345\n");
	assert_true(icred_profile_check("good", NULL, NULL, NULL) < 0);
	assert_int_equal(icred_profile_check("missing", NULL, note_fault, &faults), ICRED_E_NOT_FOUND);
	assert_string_equal(seen, "not-found:0\n");
	/* Without a name it is the one that icred_open() would open. */
	assert_int_equal(setenv("ICRED_PROFILE", "bad", 1), 0);
	assert_int_equal(icred_profile_check(NULL, NULL, NULL, NULL), ICRED_E_INVALID);
	unsetenv("ICRED_PROFILE");
}

static void count_line(int level, const char *text, void *data)
{
	(void)level;
	(void)text;
	++*(int *)data;
}

/* A program that was built with a shorter or a longer struct. */
static void options_have_a_size(void **state)
{
	struct {
		struct icred_options options;
		char more[64];
	} later = {.options = {.size = sizeof(later), .app = "1"}, .more = {1}};
	int lines = 0, faults = 0;
	struct icred_options earlier = {
		.size = offsetof(struct icred_options, log), .log = count_line, .log_data = &lines};
	struct icred_options none = {.size = 0};
	icred_t *handle = NULL;

	(void)state;
	test_write_profile(directory, "sized", "app 12345\n");
	assert_int_equal(icred_open(&handle, "sized", &later.options), ICRED_OK);
	assert_string_equal(icred_setting(handle, "app", 0), "1");
	icred_close(handle);
	assert_int_equal(icred_profile_check("sized", &earlier, NULL, NULL), ICRED_E_INTERNAL);
	assert_int_equal(icred_profile_list(&earlier, note_profile, NULL), 0);
	assert_int_equal(lines, 0);
	assert_int_equal(icred_profile_list(&none, note_profile, NULL), ICRED_E_INVALID);
	assert_int_equal(icred_profile_check("sized", &none, note_fault, &faults), ICRED_E_INVALID);
	assert_int_equal(faults, 1);
}

static void wrong_arguments_are_errors(void **state)
{
	icred_t *handle = NULL;

	(void)state;
	assert_int_equal(icred_profile_list(NULL, NULL, NULL), ICRED_E_INVALID);
	assert_int_equal(icred_profile_show(NULL, note_entry, NULL), ICRED_E_INVALID);
	assert_int_equal(icred_open(&handle, NULL, NULL), ICRED_OK);
	assert_int_equal(icred_profile_show(handle, NULL, NULL), ICRED_E_INVALID);
	icred_close(handle);
	assert_null(icred_profile_name(NULL));
	assert_null(icred_profile_file(NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(files_are_listed_by_name, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_profile_is_shown_as_it_runs, set_up, tear_down),
		cmocka_unit_test_setup_teardown(each_fault_is_found, set_up, tear_down),
		cmocka_unit_test_setup_teardown(options_have_a_size, set_up, tear_down),
		cmocka_unit_test_setup_teardown(wrong_arguments_are_errors, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
