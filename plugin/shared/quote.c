/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "plugin/shared/quote.h"
#include "lib/base/text.h"

#define LONG_RUN 40 /* longer than a UUID, shorter than any token's random part */

static const char REDACTED[] = "[redacted]";
static const char CUT[] = "...";

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

static bool is_token(char c)
{
	return is_word(c) || (c != '\0' && strchr("-.~+/=", c));
}

static bool has_secret_prefix(const char *text, size_t len)
{
	if (len >= 3 && memcmp(text, "eyJ", 3) == 0)
		return true;
	return len >= 5 && (memcmp(text, "cr", 2) == 0 || memcmp(text, "gh", 2) == 0) && text[2] >= 'a' &&
	       text[2] <= 'z' && text[3] == '_' && is_word(text[4]);
}

/* The length of the token-like run that starts here; 0 if none does. */
static size_t secret_length(const char *text, size_t len)
{
	size_t words = 0;
	size_t all = 0;

	while (words < len && is_word(text[words]))
		words++;
	if (words < LONG_RUN && !has_secret_prefix(text, len))
		return 0;
	while (all < len && is_token(text[all]))
		all++;
	return all;
}

/* Append a piece as a whole; false if there is no room left for it and for the mark that text was cut. */
static bool append(char *out, size_t cap, size_t *at, const char *piece, size_t n)
{
	if (*at + n + sizeof(CUT) > cap)
		return false;
	memcpy(out + *at, piece, n);
	*at += n;
	return true;
}

static size_t quote_piece(char *out, size_t cap, size_t *at, const char *text, size_t len)
{
	size_t n = secret_length(text, len);
	uint32_t c;

	if (n > 0)
		return append(out, cap, at, REDACTED, sizeof(REDACTED) - 1) ? n : 0;
	n = utf8_decode(text, len, &c);
	if (n == 0 || !utf8_is_printable(c))
		return append(out, cap, at, "?", 1) ? (n ? n : 1) : 0;
	return append(out, cap, at, text, n) ? n : 0;
}

void quote(char *out, size_t cap, const char *text, size_t len)
{
	size_t at = 0;
	size_t done = 0;

	while (done < len) {
		size_t n = quote_piece(out, cap, &at, text + done, len - done);

		if (n == 0)
			break;
		done += n;
	}
	if (done < len && at + sizeof(CUT) <= cap) {
		memcpy(out + at, CUT, sizeof(CUT) - 1);
		at += sizeof(CUT) - 1;
	}
	out[at] = '\0';
}
