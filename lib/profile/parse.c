/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a profile file.  It fails closed: whatever is not understood fails
 * the whole profile, with file:line:column and the word.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/errno-words.h"
#include "lib/base/error.h"
#include "lib/profile/profile.h"
#include "lib/profile/search.h"

#define FILE_MAX    65536
#define WORDS_MAX   64
#define INCLUDE_MAX 16 /* deep */
#define FILES_MAX   64
#define FAULTS_MAX  100

/* Of a profile and all that it includes. */
struct reading {
	const struct log *log;
	struct profile *profile;
	unsigned includes; /* they may multiply */
	/* Whoever wants to hear of every fault, not of the first alone. */
	void (*found)(void *data);
	void *data;
	unsigned faults;
	struct failure first;
	bool hopeless; /* whatever follows would only repeat it */
};

struct parse {
	struct reading *reading;
	const struct parse *parent; /* whose include this is */
	const char *file;
	unsigned depth; /* of includes */
	char *words[WORDS_MAX + 1];
	struct spot spots[WORDS_MAX + 1]; /* of each word: a line that is continued has words in several */
	size_t count;
};

static int parse_file(struct reading *reading, const struct parse *parent, const char *file, int fd);

/* With the word itself, unless `why` quotes it. */
static int bad(const struct parse *parse, size_t word, const char *why)
{
	const char *text = word < parse->count ? parse->words[word] : "";
	char quoted[72], place[PLACE_MAX];
	bool named;

	snprintf(quoted, sizeof(quoted), "\"%.60s\"", text);
	for (char *at = quoted; (at = strchr(at, '\n'));)
		*at = ' ';
	named = !*text || strstr(why, quoted);
	place_format(place, parse->file, parse->spots[word].line, parse->spots[word].column);
	note_error(ICRED_E_INVALID, "%s%s%s%s", place, named ? "" : quoted, named ? "" : ": ", why);
	set_error_where("", parse->file, parse->spots[word].line);
	return ICRED_E_INVALID;
}

/* Tell a fault and go on behind it, if there is somebody to tell. */
static bool tell_fault(int r, void *data)
{
	struct reading *reading = data;

	if (!reading->found || r != ICRED_E_INVALID || reading->hopeless)
		return false;
	if (!reading->faults++)
		failure_save(&reading->first);
	reading->found(reading->data);
	reading->hopeless = reading->faults == FAULTS_MAX;
	return !reading->hopeless;
}

/* A line is read up to here.  Where it was continued, a line feed is left in it, which is a blank. */
struct cursor {
	char *at;
	const char *begin; /* of the line in the file */
	unsigned line;
};

static void step(struct cursor *cursor)
{
	if (*cursor->at++ == '\n') {
		cursor->begin = cursor->at;
		cursor->line++;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/*
 * Take the next word, in place.  "[...]" is one word, blanks and all, with \]
 * for a bracket in it.  Returns false at a bracket without its end.
 */
static bool take_word(struct cursor *cursor, char **ret_word)
{
	char *end = cursor->at;

	*ret_word = end;
	if (*end != '[') {
		while (*cursor->at && !is_blank(*cursor->at))
			cursor->at++;
		end = cursor->at;
	} else {
		*ret_word = end = ++cursor->at;
		while (*cursor->at && *cursor->at != ']') {
			if (cursor->at[0] == '\\' && cursor->at[1] == ']')
				cursor->at++;
			char c = *cursor->at;
			step(cursor);
			*end++ = c == '\n' ? ' ' : c;
		}
		if (*cursor->at != ']') {
			*end = '\0'; /* for the message */
			return false;
		}
		cursor->at++;
		if (*cursor->at && !is_blank(*cursor->at))
			return false;
	}
	if (*cursor->at)
		step(cursor);
	*end = '\0';
	return true;
}

static int split_words(struct parse *parse, char *text, unsigned line)
{
	struct cursor cursor = {text, text, line};

	for (parse->count = 0;; parse->count++) {
		while (is_blank(*cursor.at))
			step(&cursor);
		if (!*cursor.at || *cursor.at == '#')
			return ICRED_OK;
		parse->spots[parse->count] =
			(struct spot){cursor.line, (unsigned)(cursor.at - cursor.begin) + 1};
		if (parse->count == WORDS_MAX)
			return bad(parse, parse->count, "more words than any line needs");
		text = cursor.at;
		if (!take_word(&cursor, &parse->words[parse->count])) {
			parse->words[parse->count++] = text;
			return bad(parse, parse->count - 1, "this [ has no ] that ends its word");
		}
	}
}

static bool module_name_ok(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-");

	return len && len <= 32 && !name[len];
}

/* A module would see the first of them only.  Returns 0 if there is none. */
static size_t argument_twice(const struct parse *parse)
{
	for (size_t i = 4; i < parse->count; i++) {
		size_t len = strcspn(parse->words[i], "=");
		for (size_t j = 3; j < i; j++)
			if (strcspn(parse->words[j], "=") == len &&
			    memcmp(parse->words[i], parse->words[j], len) == 0)
				return i;
	}
	return 0;
}

static int parse_stack_line(struct parse *parse, int facility, bool optional_module)
{
	struct line line = {.facility = facility,
			    .optional_module = optional_module,
			    .number = parse->spots[2].line,
			    .column = parse->spots[2].column};
	_cleanup_free_ char *file = strdup(parse->file);
	char why[240];
	size_t twice;
	int r;

	if (!file)
		return set_no_memory();
	if (parse->count < 3)
		return bad(parse, parse->count - 1, "a stack line is: facility control module [arguments]");
	if (!control_parse(facility, parse->words[1], &line.control, why, sizeof(why)))
		return bad(parse, 1, why);
	if (!module_name_ok(parse->words[2]))
		return bad(parse, 2,
			   "a module's name is small letters, digits and dashes, without path or .so");
	twice = argument_twice(parse);
	if (twice)
		return bad(parse, twice, "an argument of this name is there before");
	line.module = parse->words[2];
	line.file = file;
	parse->words[parse->count] = NULL;
	line.arguments = &parse->words[3];
	line.spots = &parse->spots[3];
	r = profile_add_line(parse->reading->profile, &line);
	return r == ICRED_E_INVALID ? bad(parse, 0, "more stack lines than any profile needs") : r;
}

/* The words after the name, joined by one blank: only git-path wants more than one. */
static int parse_setting(struct parse *parse)
{
	struct settings *settings = &parse->reading->profile->settings;
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
	r = settings_add(settings, parse->words[0], value, why, sizeof(why));
	if (r < 0)
		return r == ICRED_E_INVALID ? bad(parse, 1, why) : set_no_memory();
	settings_came_from(settings,
			   (struct place){parse->file, parse->spots[1].line, parse->spots[1].column});
	return ICRED_OK;
}

/* What multiplies would tell the same faults again and again. */
static int hopeless(const struct parse *parse, const char *why)
{
	int r = bad(parse, 1, why);

	tell_fault(r, parse->reading);
	parse->reading->hopeless = true;
	return r;
}

static bool is_open(const struct parse *parse, const char *file)
{
	for (; parse; parse = parse->parent)
		if (strcmp(parse->file, file) == 0)
			return true;
	return false;
}

static int parse_include(struct parse *parse)
{
	_cleanup_free_ char *file = NULL;
	_cleanup_close_ int fd = -1;
	char why[400];
	int r;

	if (parse->count != 2)
		return bad(parse, 0, "include takes the name of one profile");
	if (parse->depth >= INCLUDE_MAX)
		return hopeless(parse, "includes are nested more than 16 deep");
	if (++parse->reading->includes > FILES_MAX)
		return hopeless(parse, "more includes than any profile needs");
	r = profile_open(parse->reading->log, parse->words[1], &file, &fd);
	if (r == ICRED_E_NO_MEMORY)
		return r;
	if (r < 0) {
		struct suggestion similar = profile_similar(parse->words[1]);
		snprintf(why, sizeof(why), "the profile \"%.60s\" to include can't be read: %s%s",
			 parse->words[1], r == ICRED_E_NOT_FOUND ? "there is none" : icred_error()->message,
			 r == ICRED_E_NOT_FOUND ? suggest_text(&similar) : "");
		return bad(parse, 1, why);
	}
	if (is_open(parse, file))
		return bad(parse, 1, "this includes itself, in a circle");
	return parse_file(parse->reading, parse, file, fd);
}

/* A line that begins with a word of no meaning. */
static int parse_unknown(const struct parse *parse, const char *word)
{
	struct suggestion similar = suggest_for(word + (*word == '-'), strlen(word) - (*word == '-'));
	char why[240];

	suggest_names(&similar, "key cache issuer include");
	settings_suggest(&similar);
	snprintf(why, sizeof(why), "\"%.60s\" is neither a setting nor key, cache, issuer or include%s", word,
		 suggest_text(&similar));
	return bad(parse, 0, why);
}

static int parse_line(struct parse *parse, char *text, unsigned number)
{
	const char *word;
	bool optional_module;
	int r = split_words(parse, text, number);

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
	return parse_unknown(parse, word);
}

/* Refuse what an editor or a copy may have done to the file before a line of it is believed. */
static int check_bytes(const struct parse *parse, const char *text, size_t len)
{
	struct parse at = *parse;
	char why[80];

	at.spots[0] = (struct spot){1, 1};
	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return bad(&at, 0, "the file starts with a byte order mark; save it without");
	for (size_t i = 0; i < len; i++, at.spots[0].column++) {
		if (text[i] == '\n') {
			at.spots[0].line++;
			at.spots[0].column = 0;
		} else if (text[i] == '\r') {
			return bad(&at, 0, "the file has Windows line ends (CRLF); save it with LF");
		} else if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f) {
			snprintf(why, sizeof(why), "a control byte, 0x%02x; profiles are plain text",
				 text[i]);
			return bad(&at, 0, why);
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
			in_word = !is_blank(*at);
		}
	}
	return false;
}

static int parse_text(struct parse *parse, char *text)
{
	unsigned number = 1, first;
	char *next;

	for (char *at = text; *at; at = next) {
		char *end;
		first = number;
		for (end = at + strcspn(at, "\n");
		     *end && end > at && end[-1] == '\\' && !has_comment(at, end);
		     end += strcspn(end, "\n")) {
			end[-1] = ' ';
			end++;
			number++;
		}
		next = end + (*end == '\n');
		number++;
		*end = '\0';
		int r = parse_line(parse, at, first);
		if (r < 0 && !tell_fault(r, parse->reading))
			return r;
	}
	return ICRED_OK;
}

static int bad_file(const char *file, const char *why)
{
	char place[PLACE_MAX];

	place_format(place, file, 1, 1);
	return set_error(ICRED_E_INVALID, "%s%s", place, why);
}

/* The whole file, NUL-terminated; *ret_len is its length. */
static int read_file(const char *file, int fd, char **ret_text, size_t *ret_len)
{
	size_t cap = 4096, len = 0;
	char *text, why[64];
	struct stat st;

	if (fstat(fd, &st) == 0) {
		if (!S_ISREG(st.st_mode))
			return bad_file(file, "this is not a regular file");
		if (st.st_size > FILE_MAX) {
			snprintf(why, sizeof(why), "the file is larger than %d bytes", FILE_MAX);
			return bad_file(file, why);
		}
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
			return set_error(errno_code(errno, ICRED_E_INVALID), "%s: %s", file,
					 errno_words(errno));
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

static int parse_file(struct reading *reading, const struct parse *parent, const char *file, int fd)
{
	struct parse parse = {.reading = reading,
			      .parent = parent,
			      .file = profile_keep_name(reading->profile, file),
			      .depth = parent ? parent->depth + 1 : 0};
	_cleanup_free_ char *text = NULL;
	size_t len = 0;
	int r = parse.file ? read_file(file, fd, &text, &len) : set_no_memory();

	if (r == ICRED_OK)
		r = check_bytes(&parse, text, len);
	return r < 0 ? r : parse_text(&parse, text);
}

static int read_profile(struct reading *reading, const char *file, int fd)
{
	int r = parse_file(reading, NULL, file, fd);

	if (r < 0 && !reading->faults && reading->found)
		reading->found(reading->data);
	else if (reading->found && !reading->hopeless)
		profile_check_urls(reading->profile, tell_fault, reading);
	return reading->faults ? failure_restore(&reading->first) : r;
}

int profile_examine(const struct log *log, const char *name, void (*found)(void *data), void *data,
		    struct profile **ret_profile)
{
	struct reading reading = {.log = log, .found = found, .data = data};
	_cleanup_free_ char *file = NULL;
	_cleanup_close_ int fd = -1;
	bool is_default = !name || !*name;
	int r;

	name = is_default ? "default" : name;
	r = profile_open(log, name, &file, &fd);
	if (r < 0 && !(r == ICRED_E_NOT_FOUND && is_default)) {
		if (found)
			found(data);
		return r;
	}
	reading.profile = profile_new(name, file ? file : "");
	if (!reading.profile)
		return set_no_memory();
	r = file ? read_profile(&reading, file, fd) : ICRED_OK;
	if (r < 0) {
		profile_free(reading.profile);
		return r;
	}
	*ret_profile = reading.profile;
	return ICRED_OK;
}

int profile_load(const struct log *log, const char *name, struct profile **ret_profile)
{
	return profile_examine(log, name, NULL, NULL, ret_profile);
}
