/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/common/output.h"
#include "lib/base/language.h"
#include "lib/base/system-words.h"
#include "lib/base/text.h"

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

static void fail_line_end(struct fail_line *line)
{
	size_t done = 0;
	ssize_t n = 1;

	output_bytes(&line->out, "\n", 1);
	while (done < line->out.len && (n > 0 || errno == EINTR)) {
		n = write(STDERR_FILENO, line->out.data + done, line->out.len - done);
		done += n > 0 ? (size_t)n : 0;
	}
	if (line->out.grown)
		free(line->out.data);
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

/* The one place where a kind of failure meets the options: the first row that fits is the hint. */
static const struct fail_row {
	int code;
	unsigned option;    /* which this command must have, and which must be of help */
	const char *module; /* only for a failure of this module; NULL: of any */
	const char *says;   /* only if the message has these words; NULL: whatever it says */
	const char *hint;
	/* A message that ends with this remedy, which is the same in other words, ends with both in one instead. */
	const char *remedy, *both;
} fail_rows[] = {
	{ICRED_E_TIMEOUT, OPTION_EVERYWHERE, NULL, NULL, "give more time with --timeout",
	 "raise the setting timeout", "give more time with --timeout or the setting timeout"},
	/* A blocked PIN, for example, is locked too, and nothing of this helps. */
	{ICRED_E_LOCKED, OPTION_PASSPHRASE, "key keyring", "not interactive",
	 "run icred in a terminal, without --no-interactive", NULL, NULL},
	{ICRED_E_LOCKED, OPTION_PASSPHRASE, NULL, "not interactive",
	 "run icred in a terminal, without --no-interactive, or hand the passphrase or PIN over with "
	 "--passphrase-fd",
	 NULL, NULL},
	{ICRED_E_INVALID, OPTION_APP, NULL, NULL, "give the app's ID with --app", NULL, NULL},
	{ICRED_E_INVALID, OPTION_INSTALLATION, NULL, NULL,
	 "give -i INSTALLATION, -o ORGANIZATION or --as-app", NULL, NULL},
};
static unsigned fail_helpful = OPTION_EVERYWHERE;
static volatile sig_atomic_t fail_timed_out;

bool fail_has_timed_out(void)
{
	return fail_timed_out;
}

void fail_would_help(unsigned options, bool would)
{
	fail_helpful = would ? fail_helpful | options : fail_helpful & ~options;
}

static const struct fail_row *fail_find(const struct options *o, int code)
{
	const struct icred_error *e = icred_error();
	const char *module = e->code == code ? e->module : "", *message = e->code == code ? e->message : "";

	for (size_t i = 0; i < ARRAY_SIZE(fail_rows); i++) {
		const struct fail_row *row = &fail_rows[i];
		if (row->code == code && row->option & o->takes & fail_helpful &&
		    (!row->module || strcmp(row->module, module) == 0) &&
		    (!row->says || strstr(message, row->says)))
			return row;
	}
	return NULL;
}

const char *fail_hint(const struct options *o, int code)
{
	const struct fail_row *row = fail_find(o, code);

	return row ? row->hint : NULL;
}

static void fail_json(const char *kind, const char *message, const char *hint, const struct icred_error *e,
		      unsigned verbose)
{
	struct fail_line line;
	struct json j = {&line.out, false};
	char clean[FAIL_TEXT];

	/* Bytes that are not text stay: JSON has a character for them. */
	text_clean(clean, sizeof(clean), message);
	fail_line_start(&line);
	json_open(&j, NULL, '{');
	json_open(&j, "error", '{');
	json_string(&j, "kind", kind);
	json_string(&j, "message", clean);
	if (hint)
		json_string(&j, "hint", hint);
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
		fail_json(kind, text, NULL, NULL, 0);
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

int fail_library(const struct options *o, int code)
{
	const struct icred_error *e = icred_error();
	const char *message = e->code == code && *e->message ? e->message : icred_strerror(code);
	const struct fail_row *row = fail_find(o, code);
	size_t len = strlen(message), remedy = row && row->remedy ? strlen(row->remedy) : 0;
	char text[FAIL_TEXT];

	fail_timed_out |= code == ICRED_E_TIMEOUT;
	if (o->json) {
		fail_json(icred_kind(code), message, row ? row->hint : NULL, e, o->verbose);
		return fail_status(code);
	}
	/* One sentence says what to do. */
	if (remedy && len > remedy && strcmp(message + len - remedy, row->remedy) == 0)
		snprintf(text, sizeof(text), "%.*s%s", (int)(len - remedy), message, row->both);
	else if (row)
		snprintf(text, sizeof(text), "%s%s%s", message, strstr(message, "; ") ? ", or " : "; ",
			 row->hint);
	fail_print(o, row ? text : message);
	if (*e->file)
		fail_explain(o, "decided by %s%s%s:%u", e->module, *e->module ? ", " : "", e->file, e->line);
	else if (*e->module)
		fail_explain(o, "decided by %s", e->module);
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
