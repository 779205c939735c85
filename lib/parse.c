/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a profile file.  It fails closed: whatever is not understood fails
 * the whole profile, with file:line:column and the word.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "profile.h"

#define FILE_MAX    65536
#define WORDS_MAX   64
#define INCLUDE_MAX 16 /* deep */
#define FILES_MAX   64

struct parse {
	struct profile *profile;
	const char *file;
	unsigned line;      /* of the word at hand; a continued line counts from its first */
	unsigned depth;     /* of includes */
	unsigned *includes; /* of the whole profile: they may multiply */
	char *words[WORDS_MAX + 1];
	unsigned columns[WORDS_MAX + 1];
	size_t count;
};

static int parse_file(struct profile *profile, const char *file, int fd, unsigned depth, unsigned *includes);
static int open_profile(const char *name, char **ret_file, int *ret_fd);

static int bad(const struct parse *parse, size_t word, const char *why)
{
	note_error(ICRED_E_INVALID, "%s:%u:%u: %s", parse->file, parse->line, parse->columns[word], why);
	set_error_where("", parse->file, parse->line);
	return ICRED_E_INVALID;
}

/*
 * Take the next word off *at, in place.  "[...]" is one word, blanks and all,
 * with \] for a bracket in it.  Returns false at a bracket without its end.
 */
static bool take_word(char **at, char **ret_word)
{
	char *from = *at, *to = from;

	if (*from != '[') {
		*ret_word = from;
		from += strcspn(from, " \t");
	} else {
		*ret_word = to = ++from;
		while (*from && *from != ']') {
			if (from[0] == '\\' && from[1] == ']')
				from++;
			*to++ = *from++;
		}
		if (*from != ']')
			return false;
		from++;
		if (*from && *from != ' ' && *from != '\t')
			return false;
		*to = '\0';
	}
	if (*from)
		*from++ = '\0';
	*at = from;
	return true;
}

static int split_words(struct parse *parse, char *text)
{
	const char *start = text;

	parse->count = 0;
	for (text += strspn(text, " \t"); *text && *text != '#'; text += strspn(text, " \t")) {
		parse->columns[parse->count] = (unsigned)(text - start) + 1;
		if (parse->count == WORDS_MAX)
			return bad(parse, parse->count, "more words than any line needs");
		if (!take_word(&text, &parse->words[parse->count]))
			return bad(parse, parse->count, "this [ has no ] that ends its word");
		parse->count++;
	}
	return ICRED_OK;
}

static bool module_name_ok(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len && len <= 32 && !name[len];
}

static int parse_stack_line(struct parse *parse, int facility, bool optional_module)
{
	struct line line = {.facility = facility, .optional_module = optional_module, .number = parse->line};
	_cleanup_free_ char *file = strdup(parse->file);
	char why[160];
	int r;

	if (!file)
		return set_no_memory();
	if (parse->count < 3)
		return bad(parse, parse->count - 1, "a stack line is: facility control module [arguments]");
	if (!control_parse(parse->words[1], &line.control, why, sizeof(why)))
		return bad(parse, 1, why);
	if (!module_name_ok(parse->words[2]))
		return bad(parse, 2,
			   "a module's name is small letters, digits and dashes, without path or .so");
	line.module = parse->words[2];
	line.file = file;
	parse->words[parse->count] = NULL;
	line.arguments = &parse->words[3];
	r = profile_add_line(parse->profile, &line);
	return r == ICRED_E_INVALID ? bad(parse, 0, "more stack lines than any profile needs") : r;
}

/* The words after the name, joined by one blank: only git-path wants more than one. */
static int parse_setting(struct parse *parse)
{
	char value[1024], why[160];
	size_t len = 0;
	int r;

	if (parse->count < 2)
		return bad(parse, 0, "this setting has no value");
	if (parse->count > 2 && strcmp(parse->words[0], "git-path") != 0)
		return bad(parse, 2, "this setting takes one value");
	for (size_t i = 1; i < parse->count; i++) {
		int n = snprintf(value + len, sizeof(value) - len, "%s%s", i > 1 ? " " : "", parse->words[i]);
		if (n < 0 || (size_t)n >= sizeof(value) - len)
			return bad(parse, i, "this value is too long");
		len += (size_t)n;
	}
	r = settings_add(&parse->profile->settings, parse->words[0], value, why, sizeof(why));
	return r == ICRED_E_INVALID ? bad(parse, 1, why) : r < 0 ? set_no_memory() : ICRED_OK;
}

static int parse_include(struct parse *parse)
{
	_cleanup_free_ char *file = NULL;
	_cleanup_close_ int fd = -1;
	char why[160];

	if (parse->count != 2)
		return bad(parse, 0, "include takes the name of one profile");
	if (parse->depth >= INCLUDE_MAX)
		return bad(parse, 1, "includes are nested too deeply, or in a circle");
	if (++*parse->includes > FILES_MAX)
		return bad(parse, 1, "more includes than any profile needs");
	if (open_profile(parse->words[1], &file, &fd) < 0) {
		snprintf(why, sizeof(why), "the profile \"%.60s\" to include can't be read", parse->words[1]);
		return bad(parse, 1, why);
	}
	return parse_file(parse->profile, file, fd, parse->depth + 1, parse->includes);
}

static int parse_line(struct parse *parse, char *text)
{
	char why[160];
	const char *word;
	bool optional_module;
	int r = split_words(parse, text);

	if (r < 0 || !parse->count)
		return r;
	word = parse->words[0];
	if (strcmp(word, "include") == 0)
		return parse_include(parse);
	if (setting_known(word))
		return parse_setting(parse);
	optional_module = word[0] == '-';
	r = facility_number(word + optional_module);
	if (r)
		return parse_stack_line(parse, r, optional_module);
	snprintf(why, sizeof(why), "\"%.60s\" is neither a setting nor key, cache, issuer or include", word);
	return bad(parse, 0, why);
}

/* Refuse what an editor or a copy may have done to the file before a line of it is believed. */
static int check_bytes(const struct parse *parse, const char *text, size_t len)
{
	struct parse at = *parse;

	at.line = 1;
	at.columns[0] = 1;
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return bad(&at, 0, "the file starts with a byte order mark; save it without");
	for (size_t i = 0; i < len; i++, at.columns[0]++) {
		if (text[i] == '\n') {
			at.line++;
			at.columns[0] = 0;
		} else if (text[i] == '\r') {
			return bad(&at, 0, "the file has Windows line ends (CRLF); save it with LF");
		} else if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f) {
			return bad(&at, 0, "a control byte; profiles are plain text");
		}
	}
	return ICRED_OK;
}

/* A comment ends with its line: a backslash there must not hide the next one. */
static bool has_comment(const char *at, const char *end)
{
	bool in_word = false, in_bracket = false;

	for (; at < end; at++) {
		if (in_bracket) {
			in_bracket = *at != ']';
			at += at[0] == '\\' && at[1] == ']';
		} else {
			if (!in_word && *at == '#')
				return true;
			in_bracket = !in_word && *at == '[';
			in_word = *at != ' ' && *at != '\t';
		}
	}
	return false;
}

static int parse_text(struct parse *parse, char *text)
{
	unsigned number = 1;
	char *next;

	for (char *at = text; *at; at = next) {
		char *end;
		parse->line = number;
		for (end = at + strcspn(at, "\n");
		     *end && end > at && end[-1] == '\\' && !has_comment(at, end);
		     end += strcspn(end, "\n")) {
			end[-1] = ' ';
			*end++ = ' ';
			number++;
		}
		next = end + (*end == '\n');
		number++;
		*end = '\0';
		int r = parse_line(parse, at);
		if (r < 0)
			return r;
	}
	return ICRED_OK;
}

/* The whole file, NUL-terminated; *ret_len is its length. */
static int read_file(const char *file, int fd, char **ret_text, size_t *ret_len)
{
	size_t cap = 4096, len = 0;
	struct stat st;
	char *text;

	if (fstat(fd, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return set_error(ICRED_E_INVALID, "%s is not a regular file", file);
		if (st.st_size > FILE_MAX)
			return set_error(ICRED_E_INVALID, "%s is larger than %d bytes", file, FILE_MAX);
		cap = (size_t)st.st_size + 1;
	}
	text = malloc(cap);
	if (!text)
		return set_no_memory();
	while (len < cap - 1) {
		ssize_t n = read(fd, text + len, cap - 1 - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			free(text);
			return set_error(ICRED_E_INVALID, "%s: %s", file, strerror(errno));
		}
		if (n == 0)
			break;
		len += (size_t)n;
	}
	text[len] = '\0';
	*ret_text = text;
	*ret_len = len;
	return ICRED_OK;
}

static int parse_file(struct profile *profile, const char *file, int fd, unsigned depth, unsigned *includes)
{
	struct parse parse = {.profile = profile, .file = file, .depth = depth, .includes = includes};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = read_file(file, fd, &text, &len);

	if (r == ICRED_OK)
		r = check_bytes(&parse, text, len);
	return r < 0 ? r : parse_text(&parse, text);
}

/* The user's directory, or "" where there is none or a privileged process must not believe it. */
static void user_directory(char *to, size_t cap)
{
	const char *own = secure_getenv("ICRED_CONFIG_DIR"), *config = secure_getenv("XDG_CONFIG_HOME"),
		   *home = secure_getenv("HOME");
	int n = -1;

	if (own && own[0] == '/')
		n = snprintf(to, cap, "%s", own);
	else if (config && config[0] == '/')
		n = snprintf(to, cap, "%s/icred", config);
	else if (home && home[0] == '/')
		n = snprintf(to, cap, "%s/.config/icred", home);
	if (n < 0 || (size_t)n >= cap)
		to[0] = '\0';
}

static bool profile_name_ok(const char *name)
{
	size_t len = strlen(name);

	if (!len || len > 64 || name[0] == '.' || name[0] == '-')
		return false;
	for (; *name; name++)
		if ((unsigned char)*name <= 0x20 || (unsigned char)*name >= 0x7f || *name == '/')
			return false;
	return true;
}

/* The first file of that name in the three directories. */
static int open_profile(const char *name, char **ret_file, int *ret_fd)
{
	char user[4096] = "", file[4200];
	const char *directories[] = {user, SYSCONF_DIR "/icred", VENDOR_DIR};

	if (!profile_name_ok(name))
		return set_error(ICRED_E_INVALID, "\"%.60s\" can't be the name of a profile", name);
	user_directory(user, sizeof(user));
	for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
		if (!directories[i][0])
			continue;
		snprintf(file, sizeof(file), "%s/%s.conf", directories[i], name);
		int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
		if (fd >= 0) {
			*ret_file = strdup(file);
			*ret_fd = fd;
			return *ret_file ? ICRED_OK : set_no_memory();
		}
		if (errno != ENOENT && errno != ENOTDIR)
			return set_error(ICRED_E_INVALID, "%s: %s", file, strerror(errno));
	}
	return set_error(
		ICRED_E_NOT_FOUND,
		"there is no profile \"%s\": write %s/%s.conf, as icred-profile(5) shows, or name another with -p",
		name, user[0] ? user : SYSCONF_DIR "/icred", name);
}

int profile_load(const char *name, struct profile **ret_profile)
{
	_cleanup_free_ char *file = NULL;
	_cleanup_close_ int fd = -1;
	bool is_default = !name || !*name;
	unsigned includes = 0;
	struct profile *profile;
	int r;

	name = is_default ? "default" : name;
	r = open_profile(name, &file, &fd);
	if (r < 0 && !(r == ICRED_E_NOT_FOUND && is_default))
		return r;
	profile = profile_new(name, file ? file : "");
	if (!profile)
		return set_no_memory();
	r = file ? parse_file(profile, file, fd, 0, &includes) : ICRED_OK;
	if (r < 0) {
		profile_free(profile);
		return r;
	}
	*ret_profile = profile;
	return ICRED_OK;
}
