/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a profile file.  It fails closed: anything that is not understood
 * fails the whole profile, with file:line:column and the word.
 */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/descriptor.h"
#include "lib/base/error.h"
#include "lib/base/system-words.h"
#include "lib/profile/profile.h"
#include "lib/profile/search.h"

#define FILE_MAX    65536
#define WORDS_MAX   64
#define INCLUDE_MAX 16 /* deep */
#define FILES_MAX   64
#define FAULTS_MAX  100

#define MODULE_NAME_MAX 32

/* Of a profile and all that it includes. */
struct reading {
	const struct log *log;
	struct profile *profile;
	unsigned includes;         /* they may multiply */
	void (*found)(void *data); /* called for each fault; NULL: the first one ends it */
	void *data;
	unsigned faults;
	struct failure first;
	bool ended; /* more would only repeat the last fault */
};

struct parse {
	struct reading *reading;
	const struct parse *parent; /* whose include this is */
	const char *file;
	unsigned depth; /* of includes */
	/* A line is read up to here.  Where it was continued, a line feed is left in it, which is a blank. */
	char *at;
	const char *begin; /* of the line in the file */
	unsigned line;
	char *words[WORDS_MAX + 1];
	struct position
		positions[WORDS_MAX + 1]; /* of each word: a line that is continued is several in the file */
	size_t count;
};

static int parse_file(struct reading *reading, const struct parse *parent, const char *file, int fd,
		      const struct stat *st);

/* A fault of a word, with the word unless `why` quotes it; without words, of the file at the first position. */
static int bad(const struct parse *parse, size_t word, const char *why)
{
	const char *text = word < parse->count ? parse->words[word] : "";
	char quoted[72], where[POSITION_MAX];
	bool named;

	snprintf(quoted, sizeof(quoted), "\"%.60s\"", text);
	for (char *at = quoted; (at = strchr(at, '\n'));)
		*at = ' ';
	named = !*text || strstr(why, quoted);
	position_format(where, parse->positions[word]);
	note_error(ICRED_E_INVALID, "%s%s%s%s", where, named ? "" : quoted, named ? "" : ": ", why);
	set_error_where("", parse->file, parse->positions[word].line);
	return ICRED_E_INVALID;
}

/* Whether to go on after a fault: if all of them are wanted, and this one was reported. */
static bool report_fault(int r, void *data)
{
	struct reading *reading = data;

	if (!reading->found || r != ICRED_E_INVALID || reading->ended)
		return false;
	if (!reading->faults++)
		failure_save(&reading->first);
	reading->found(reading->data);
	reading->ended = reading->faults == FAULTS_MAX;
	return !reading->ended;
}

static void step(struct parse *parse)
{
	if (*parse->at++ == '\n') {
		parse->begin = parse->at;
		parse->line++;
	}
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/*
 * Take the next word, in place.  "[...]" is one word, blanks and all, with \]
 * for a bracket in it.  False if the word ends without its bracket, or goes on after it.
 */
static bool take_word(struct parse *parse, char **ret_word)
{
	char *end = parse->at;

	*ret_word = end;
	if (*end != '[') {
		while (*parse->at && !is_blank(*parse->at))
			parse->at++;
		end = parse->at;
	} else {
		*ret_word = end = ++parse->at;
		while (*parse->at && *parse->at != ']') {
			if (parse->at[0] == '\\' && parse->at[1] == ']')
				parse->at++;
			char c = *parse->at;
			step(parse);
			*end++ = c == '\n' ? ' ' : c;
		}
		if (*parse->at != ']') {
			*end = '\0'; /* for the message */
			return false;
		}
		parse->at++;
		if (*parse->at && !is_blank(*parse->at))
			return false;
	}
	if (*parse->at)
		step(parse);
	*end = '\0';
	return true;
}

/* The words of the line that begins at parse->at. */
static int split_words(struct parse *parse)
{
	char *begin;

	parse->begin = parse->at;
	for (parse->count = 0;; parse->count++) {
		while (is_blank(*parse->at))
			step(parse);
		if (!*parse->at || *parse->at == '#')
			return ICRED_OK;
		parse->positions[parse->count] =
			(struct position){parse->file, parse->line, (unsigned)(parse->at - parse->begin) + 1};
		if (parse->count == WORDS_MAX)
			return bad(parse, parse->count, "this line has more than 64 words");
		begin = parse->at;
		if (!take_word(parse, &parse->words[parse->count])) {
			parse->words[parse->count++] = begin;
			return bad(parse, parse->count - 1,
				   "a word that begins with [ must end with ], and nothing else");
		}
	}
}

static int parse_stack_line(struct parse *parse, int facility, bool optional_module)
{
	struct line line = {.facility = facility, .optional_module = optional_module};
	_cleanup_free_ char *file = strdup(parse->file);
	size_t len;
	char why[240];
	int r;

	if (!file)
		return set_no_memory();
	if (parse->count < 3)
		return bad(parse, parse->count - 1, "a stack line is: facility control module [arguments]");
	if (!control_parse(facility, parse->words[1], &line.control, why, sizeof(why)))
		return bad(parse, 1, why);
	len = strspn(parse->words[2], "abcdefghijklmnopqrstuvwxyz0123456789-");
	if (!len || len > MODULE_NAME_MAX || parse->words[2][len])
		return bad(parse, 2,
			   "a module's name has small letters, digits and dashes only, without path or .so");
	/* A module would see the first one only. */
	for (size_t i = 4; i < parse->count; i++) {
		len = strcspn(parse->words[i], "=");
		for (size_t j = 3; j < i; j++)
			if (strcspn(parse->words[j], "=") == len &&
			    memcmp(parse->words[i], parse->words[j], len) == 0)
				return bad(parse, i, "duplicate argument");
	}
	parse->words[parse->count] = NULL;
	line.arguments = &parse->words[3];
	line.module = parse->words[2];
	line.file = file;
	line.number = parse->positions[2].line;
	line.column = parse->positions[2].column;
	r = profile_add_line(parse->reading->profile, &line);
	return r == ICRED_E_INVALID ? bad(parse, 0, "the profile has more than 64 stack lines") : r;
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
	settings_set_position(settings, parse->positions[1]);
	return ICRED_OK;
}

static int parse_include(struct parse *parse)
{
	_cleanup_free_ char *file = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;
	char why[400];
	int r;

	if (parse->count != 2)
		return bad(parse, 0, "include takes the name of one profile");
	if (parse->depth >= INCLUDE_MAX || ++parse->reading->includes > FILES_MAX) {
		r = bad(parse, 1,
			parse->depth >= INCLUDE_MAX ? "includes are nested more than 16 deep"
						    : "the profile has more than 64 includes");
		report_fault(r, parse->reading);
		parse->reading->ended = true; /* each include would repeat it */
		return r;
	}
	r = profile_open(parse->reading->log, parse->words[1], &file, &fd, &st);
	if (r == ICRED_E_NO_MEMORY)
		return r;
	if (r < 0) {
		struct suggestion similar = profile_similar(parse->words[1]);
		snprintf(why, sizeof(why), "cannot include the profile \"%.60s\": %s%s", parse->words[1],
			 r == ICRED_E_NOT_FOUND ? "it does not exist" : icred_error()->message,
			 r == ICRED_E_NOT_FOUND ? suggest_text(&similar) : "");
		return bad(parse, 1, why);
	}
	for (const struct parse *open = parse; open; open = open->parent)
		if (strcmp(open->file, file) == 0)
			return bad(parse, 1, "this profile includes itself");
	return parse_file(parse->reading, parse, file, fd, &st);
}

static int parse_line(struct parse *parse)
{
	int r = split_words(parse), facility;
	bool has_dash;
	const char *word;
	char why[240];

	if (r < 0 || !parse->count)
		return r;
	word = parse->words[0];
	has_dash = word[0] == '-';
	if (strcmp(word, "include") == 0)
		return parse_include(parse);
	if (setting_known(word))
		return parse_setting(parse);
	facility = facility_number(word + has_dash);
	if (facility)
		return parse_stack_line(parse, facility, has_dash);
	struct suggestion similar = suggest_for(word + has_dash, strlen(word + has_dash));
	suggest_names(&similar, "key cache issuer include");
	settings_suggest(&similar);
	snprintf(why, sizeof(why), "\"%.60s\" is neither a setting nor key, cache, issuer or include%s", word,
		 suggest_text(&similar));
	return bad(parse, 0, why);
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

/* Refuse what an editor or a copy may have done to the file before a line of it is believed. */
static int check_bytes(struct parse *parse, const char *text, size_t len)
{
	struct position *at = &parse->positions[0];
	char why[80];

	if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return bad(parse, 0, "the file starts with a byte order mark; save it without one");
	for (size_t i = 0; i < len; i++, at->column++) {
		if (text[i] == '\n') {
			at->line++;
			at->column = 0;
		} else if (text[i] == '\r') {
			return bad(parse, 0, "the file has Windows line ends (CRLF); save it with LF");
		} else if (((unsigned char)text[i] < 0x20 && text[i] != '\t') || text[i] == 0x7f) {
			snprintf(why, sizeof(why), "a control byte, 0x%02x; profiles are plain text",
				 text[i]);
			return bad(parse, 0, why);
		}
	}
	return ICRED_OK;
}

/* The whole file, checked; NULL with the reason as this thread's failure. */
static char *read_text(struct parse *parse, int fd, const struct stat *st)
{
	_cleanup_free_ char *text = NULL;
	char why[64], *whole;
	ssize_t len;

	parse->positions[0] = (struct position){parse->file, 1, 1};
	if (!S_ISREG(st->st_mode)) {
		bad(parse, 0, "this is not a regular file");
		return NULL;
	}
	if (st->st_size > FILE_MAX) {
		snprintf(why, sizeof(why), "the file is larger than %d bytes", FILE_MAX);
		bad(parse, 0, why);
		return NULL;
	}
	text = malloc((size_t)st->st_size + 1);
	len = text ? read_up_to(fd, text, (size_t)st->st_size) : 0;
	if (!text) {
		note_error(ICRED_E_NO_MEMORY, "out of memory");
	} else if (len < 0) {
		note_error(errno_code(errno, ICRED_E_INVALID), "%s: %s", parse->file, errno_words(errno));
	} else if (check_bytes(parse, text, (size_t)len) == ICRED_OK) {
		text[len] = '\0';
		whole = text;
		text = NULL;
		return whole;
	}
	return NULL;
}

static int parse_file(struct reading *reading, const struct parse *parent, const char *file, int fd,
		      const struct stat *st)
{
	struct parse parse = {.reading = reading,
			      .parent = parent,
			      .file = profile_keep_name(reading->profile, file),
			      .depth = parent ? parent->depth + 1 : 0};
	_cleanup_free_ char *text = NULL;
	unsigned number = 1;
	char *end, *next;
	int r;

	if (!parse.file)
		return set_no_memory();
	text = read_text(&parse, fd, st);
	if (!text)
		return icred_error()->code;
	for (char *at = text; *at; at = next) {
		parse.at = at;
		parse.line = number++;
		for (end = at + strcspn(at, "\n");
		     *end && end > at && end[-1] == '\\' && !has_comment(at, end);
		     end += strcspn(end, "\n")) {
			end[-1] = ' ';
			end++;
			number++;
		}
		next = end + (*end == '\n');
		*end = '\0';
		r = parse_line(&parse);
		if (r < 0 && !report_fault(r, reading))
			return r;
	}
	return ICRED_OK;
}

int profile_examine(const struct log *log, const char *name, void (*found)(void *data), void *data,
		    struct profile **ret_profile)
{
	struct reading reading = {.log = log, .found = found, .data = data};
	bool is_default = !name || !*name;
	_cleanup_free_ char *file = NULL;
	_cleanup_close_ int fd = -1;
	struct stat st;
	int r;

	name = is_default ? "default" : name;
	r = profile_open(log, name, &file, &fd, &st);
	if (r < 0 && !(r == ICRED_E_NOT_FOUND && is_default)) {
		if (found)
			found(data);
		return r;
	}
	reading.profile = profile_new(name, file ? file : "");
	if (!reading.profile)
		return set_no_memory();
	r = file ? parse_file(&reading, NULL, file, fd, &st) : ICRED_OK;
	if (file && found && r < 0 && !reading.faults)
		found(data);
	else if (file && found && !reading.ended)
		profile_check_urls(reading.profile, report_fault, &reading);
	if (reading.faults)
		r = failure_restore(&reading.first);
	if (r < 0)
		profile_free(reading.profile);
	else
		*ret_profile = reading.profile;
	return r;
}

int profile_load(const struct log *log, const char *name, struct profile **ret_profile)
{
	return profile_examine(log, name, NULL, NULL, ret_profile);
}
