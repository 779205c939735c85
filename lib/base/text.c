/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <icred/module.h>

#include "lib/base/text.h"

size_t utf8_decode(const char *text, size_t len, uint32_t *ret_char)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	size_t n;
	uint32_t c;

	if (len == 0)
		return 0;
	n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;
	if (n == 0 || n > len)
		return 0;
	c = n == 1 ? p[0] : p[0] & (0x7fu >> n);
	for (size_t i = 1; i < n; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < smallest[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret_char = c;
	return n;
}

bool utf8_is_printable(uint32_t c)
{
	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return false;
	/* Marks, line separators, embeddings and isolates. */
	return c != 0x061c && (c < 0x200b || c >= 0x2010) && (c < 0x2028 || c >= 0x202f) &&
	       (c < 0x2060 || c >= 0x2070) && c != 0xfeff;
}

size_t utf8_printable(const char *text)
{
	uint32_t c = 0;
	size_t len = utf8_decode(text, UTF8_STRING, &c);

	return len && utf8_is_printable(c) ? len : 0;
}

void text_clean(char *to, size_t cap, const char *from)
{
	size_t at = 0, len, n;
	uint32_t c = 0;
	bool keep;

	for (; *from; from += len, at += n) {
		len = utf8_decode(from, UTF8_STRING, &c);
		keep = len == 0 || utf8_is_printable(c);
		len = len ? len : 1;
		n = keep ? len : 1;
		if (at + n + 1 > cap)
			break;
		if (keep)
			memmove(to + at, from, n);
		else
			to[at] = c >= '\t' && c <= '\r' ? ' ' : '?';
	}
	if (cap)
		to[at] = '\0';
}

char *dup_string(const char *text)
{
	return text ? strdup(text) : NULL;
}

bool same_string(const char *a, const char *b)
{
	return a && b && strcmp(a, b) == 0;
}

bool text_is_plain(const char *text, const char *excluded)
{
	for (; *text; text++)
		if ((unsigned char)*text <= 0x20 || (unsigned char)*text >= 0x7f || strchr(excluded, *text))
			return false;
	return true;
}

bool is_b64token(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");
	size_t padding = strspn(text + len, "=");

	return len > 0 && len + padding <= ICRED_TOKEN_MAX && !text[len + padding];
}

int hex_value(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

uint64_t hash_bytes(uint64_t seed, const void *data, size_t len)
{
	const unsigned char *p = data;

	while (len--)
		seed = (seed ^ *p++) * UINT64_C(0x100000001b3);
	return seed;
}
