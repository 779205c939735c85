/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "lib/base/text.h"
#include "plugin/shared/quote.h"

#define LONG_RUN 40 /* longer than a UUID, shorter than any token's random part */

static const char REDACTED[] = "[redacted]";
static const char CUT[] = "...";

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* The length of the token-like run that starts here; 0 if none does. */
static size_t secret_length(const char *text, size_t len)
{
	size_t words = 0, all = 0;

	while (words < len && is_word(text[words]))
		words++;
	if (words < LONG_RUN && !(len >= 3 && memcmp(text, "eyJ", 3) == 0) &&
	    !(len >= 5 && (memcmp(text, "cr", 2) == 0 || memcmp(text, "gh", 2) == 0) && text[2] >= 'a' &&
	      text[2] <= 'z' && text[3] == '_' && is_word(text[4])))
		return 0;
	while (all < len && (is_word(text[all]) || (text[all] && strchr("-.~+/=", text[all]))))
		all++;
	return all;
}

void quote(char *out, size_t cap, const char *text, size_t len)
{
	size_t at = 0, n, size;
	const char *piece;
	uint32_t c;

	for (; len > 0; text += n, len -= n) {
		piece = text;
		n = size = secret_length(text, len);
		if (n > 0) {
			piece = REDACTED;
			size = sizeof(REDACTED) - 1;
		} else {
			n = size = utf8_decode(text, len, &c);
			if (n == 0 || !utf8_is_printable(c)) {
				piece = "?";
				size = 1;
				n = n ? n : 1;
			}
		}
		/* A piece as a whole, and room for the mark that text was cut. */
		if (at + size + sizeof(CUT) > cap)
			break;
		memcpy(out + at, piece, size);
		at += size;
	}
	if (len > 0 && at + sizeof(CUT) <= cap) {
		memcpy(out + at, CUT, sizeof(CUT) - 1);
		at += sizeof(CUT) - 1;
	}
	out[at] = '\0';
}
