/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <icred/icred.h>

#include "lib/base/errno-words.h"
#include "helper/common/fail.h"
#include "helper/common/json-write.h"
#include "helper/common/output.h"
#include "lib/base/text.h"
#include "lib/base/util.h"

#define FAIL_TEXT 1024

/* A line that is collected here reaches a shared terminal or log file in one piece. */
struct fail_line {
	char first[FAIL_TEXT];
	struct output out;
};

static void fail_line_start(struct fail_line *line)
{
	line->out = (struct output){line->first, 0, sizeof(line->first), 0, 0};
}

static void fail_line_free(struct fail_line *line)
{
	if (line->out.data != line->first)
		free(line->out.data);
}

static void fail_line_end(struct fail_line *line)
{
	size_t done = 0;
	ssize_t n = 1;

	output_bytes(&line->out, "\n", 1);
	while (done < line->out.len && (n > 0 || errno == EINTR)) {
		n = write(STDERR_FILENO, line->out.data + done, line->out.len - done);
		done += n > 0 ? (size_t)n : 0;
	}
	fail_line_free(line);
}

static void fail_print(const struct options *o, const char *text)
{
	struct fail_line line;

	fail_line_start(&line);
	output_text(&line.out, o->program);
	output_text(&line.out, ": ");
	output_clean(&line.out, text, 0);
	fail_line_end(&line);
}

/* As output_clean(), but bytes that are not text are left to JSON, which has a character for them. */
static void fail_clean(struct output *out, const char *text)
{
	uint32_t c;
	size_t len;

	for (; *text; text += MAX(len, 1)) {
		len = utf8_decode(text, UTF8_STRING, &c);
		if (len == 0 || utf8_printable(text))
			output_bytes(out, text, MAX(len, 1));
		else
			output_bytes(out, "?", 1);
	}
	output_bytes(out, "", 1);
}

static void fail_json(const char *kind, const char *message, const struct icred_error *e, unsigned verbose)
{
	struct fail_line line, clean;
	struct json j = {&line.out, false};

	fail_line_start(&clean);
	fail_clean(&clean.out, message);
	fail_line_start(&line);
	json_open(&j, NULL, '{');
	json_open(&j, "error", '{');
	json_string(&j, "kind", kind);
	json_string(&j, "message", clean.out.failed ? "" : clean.out.data);
	fail_line_free(&clean);
	if (e && e->retry_at)
		json_number(&j, "retryAt", e->retry_at);
	if (e && verbose) {
		json_string(&j, "module", e->module);
		json_string(&j, "file", e->file);
		json_number(&j, "line", e->line);
	}
	json_close(&j, '}');
	json_close(&j, '}');
	fail_line_end(&line);
}

int fail(const struct options *o, int status, const char *kind, const char *format, ...)
{
	char text[FAIL_TEXT];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	if (o->json)
		fail_json(kind, text, NULL, 0);
	else
		fail_print(o, text);
	return status;
}

int fail_system(const struct options *o, const char *what, int error)
{
	return fail(o, FAIL_OTHER, icred_kind(errno_code(error, ICRED_E_INTERNAL)), "%s: %s", what,
		    errno_words(error));
}

int fail_usage(const struct options *o)
{
	return fail(o, FAIL_USAGE, "usage", "%s (see %s --help)", o->complaint, o->program);
}

int fail_status(int code)
{
	switch (code) {
	case ICRED_E_NOT_FOUND:
		return FAIL_NOT_FOUND;
	case ICRED_E_LOCKED:
	case ICRED_E_NO_SERVICE:
		return FAIL_KEYRING;
	case ICRED_E_DENIED:
	case ICRED_E_SUSPENDED:
	case ICRED_E_REJECTED:
		return FAIL_REFUSED;
	case ICRED_E_ORIGIN:
		return FAIL_ORIGIN;
	case ICRED_E_TIMEOUT:
	case ICRED_E_NETWORK:
	case ICRED_E_RATE_LIMITED:
		return FAIL_NETWORK;
	case ICRED_E_INVALID:
		return FAIL_INVALID;
	default:
		return FAIL_OTHER;
	}
}

/* Which module, and which line of the profile, had the last word. */
static void fail_decider(const struct options *o, const struct icred_error *e)
{
	char text[FAIL_TEXT];

	if (*e->module && *e->file)
		snprintf(text, sizeof(text), "decided by %s, %s:%u", e->module, e->file, e->line);
	else if (*e->file)
		snprintf(text, sizeof(text), "decided by %s:%u", e->file, e->line);
	else if (*e->module)
		snprintf(text, sizeof(text), "decided by %s", e->module);
	else
		return;
	fail_print(o, text);
}

int fail_library(const struct options *o, int code)
{
	const struct icred_error *e = icred_error();
	const char *message = e->code == code && *e->message ? e->message : icred_strerror(code);

	if (o->json) {
		fail_json(icred_kind(code), message, e, o->verbose);
		return fail_status(code);
	}
	fail_print(o, message);
	if (o->verbose)
		fail_decider(o, e);
	return fail_status(code);
}

void fail_note(const struct options *o, const char *format, ...)
{
	char text[FAIL_TEXT];
	va_list args;

	if (o->quiet || o->json)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail_print(o, text);
}

void fail_explain(const struct options *o, const char *format, ...)
{
	char text[FAIL_TEXT];
	va_list args;

	if (!o->verbose)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	fail_print(o, text);
}

void fail_level(const struct options *o, int level, const char *text)
{
	int wanted = ICRED_LOG_WARNING + (int)o->verbose;

	/* With --json a program that reads standard error expects one document; a person at a terminal does not. */
	if (o->json && !o->verbose && !isatty(STDERR_FILENO))
		return;
	if (!o->quiet && level <= wanted)
		fail_print(o, text);
}

void fail_log(int level, const char *text, void *data)
{
	fail_level(data, level, text);
}
