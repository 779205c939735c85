/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/error.h"
#include "lib/base/text.h"

static __thread struct failure last;
static __thread struct icred_error shown;

static const struct {
	const char *kind, *sentence;
} kinds[] = {
	[0] = {"ok", "no error"},
	[-ICRED_E_NOT_FOUND] = {"not-found", "there is no such key, installation or profile"},
	[-ICRED_E_LOCKED] = {"locked", "the keyring is locked, and cannot ask to be unlocked"},
	[-ICRED_E_NO_SERVICE] = {"no-service", "no keyring service can be reached"},
	[-ICRED_E_DENIED] = {"denied", "access was denied"},
	[-ICRED_E_SUSPENDED] = {"suspended", "the installation is suspended"},
	[-ICRED_E_REJECTED] = {"rejected", "the server refused the app's key"},
	[-ICRED_E_ORIGIN] = {"origin", "the token may not go to that origin"},
	[-ICRED_E_TIMEOUT] = {"timeout", "timed out"},
	[-ICRED_E_NETWORK] = {"network", "the server could not be reached"},
	[-ICRED_E_RATE_LIMITED] = {"rate-limited", "the server asks to wait before the next request"},
	[-ICRED_E_PROTOCOL] = {"protocol", "the answer is not valid"},
	[-ICRED_E_INVALID] = {"invalid", "the input is not valid"},
	[-ICRED_E_UNSUPPORTED] = {"unsupported", "nothing in the profile can do that"},
	[-ICRED_E_CANCELLED] = {"cancelled", "the question was dismissed"},
	[-ICRED_E_NO_MEMORY] = {"no-memory", "out of memory, or of another resource of the system"},
	[-ICRED_E_INTERNAL] = {"internal", "an internal error"},
};

_export_ const char *icred_strerror(int code)
{
	return code > 0 || code < ERROR_LAST ? "an unknown error" : kinds[-code].sentence;
}

_export_ const char *icred_kind(int code)
{
	return code > 0 || code < ERROR_LAST ? "unknown" : kinds[-code].kind;
}

_export_ const struct icred_error *icred_error(void)
{
	shown = (struct icred_error){
		.size = sizeof(shown),
		.code = last.code,
		.message = last.message,
		.module = last.module,
		.file = last.file,
		.line = last.line,
		.retry_at = last.retry_at,
	};
	return &shown;
}

void put_error(int code, const char *text)
{
	memset(&last, 0, sizeof(last));
	last.code = code;
	text_clean(last.message, sizeof(last.message), text);
}

void vset_error(int code, const char *format, va_list arguments)
{
	char text[sizeof(last.message)];

	vsnprintf(text, sizeof(text), format, arguments);
	put_error(code, text);
}

void position_format(char text[POSITION_MAX], struct position position)
{
	const size_t most = POSITION_MAX - 40; /* two numbers are with it */
	size_t len = position.file ? strlen(position.file) : 0;

	text[0] = '\0';
	if (position.file)
		(void)snprintf(text, POSITION_MAX, "%s%s:%u:%u: ", len > most ? "..." : "",
			       position.file + (len > most ? len - most : 0), position.line, position.column);
}

void clear_error(void)
{
	if (last.code == ICRED_OK)
		return;
	last.code = ICRED_OK;
	last.message[0] = last.module[0] = last.file[0] = '\0';
	last.line = 0;
	last.retry_at = 0;
}

void note_error(int code, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vset_error(code, format, arguments);
	va_end(arguments);
}

void set_error_where(const char *module, const char *file, unsigned line)
{
	text_clean(last.module, sizeof(last.module), module ? module : "");
	/* A cut name would be another file's. */
	text_clean(last.file, sizeof(last.file), file && strlen(file) < sizeof(last.file) ? file : "");
	last.line = line;
}

void set_error_retry_at(int64_t utc)
{
	last.retry_at = utc;
}

void failure_save(struct failure *ret_failure)
{
	*ret_failure = last;
}

int failure_restore(const struct failure *failure)
{
	last = *failure;
	return last.code;
}
