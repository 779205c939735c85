/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "plugin/shared/quote.h"

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

static uint32_t utf8_decode(const unsigned char *p, size_t n)
{
	uint32_t c = n == 1 ? p[0] : n == 2 ? p[0] & 0x1fu : n == 3 ? p[0] & 0x0fu : p[0] & 0x07u;

	for (size_t i = 1; i < n; i++)
		c = c << 6 | (p[i] & 0x3fu);
	return c;
}

size_t utf8_length(const char *text, size_t len)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	size_t n;
	uint32_t c;

	if (len == 0)
		return 0;
	n = p[0] < 0x80             ? 1
	    : (p[0] & 0xe0) == 0xc0 ? 2
	    : (p[0] & 0xf0) == 0xe0 ? 3
	    : (p[0] & 0xf8) == 0xf0 ? 4
				    : 0;
	if (n == 0 || n > len)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	c = utf8_decode(p, n);
	return c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c <= 0xdfff) ? 0 : n;
}

/* Characters that move the cursor or turn the line round would let a server write on the user's terminal. */
static bool is_unfit(const char *text, size_t n)
{
	uint32_t c = utf8_decode((const unsigned char *)text, n);

	return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
	       (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff;
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

	if (n > 0)
		return append(out, cap, at, REDACTED, sizeof(REDACTED) - 1) ? n : 0;
	n = utf8_length(text, len);
	if (n == 0 || is_unfit(text, n))
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
