/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/base/utf8.h"

static size_t utf8_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xc2 && lead < 0xe0)
		return 2;
	if (lead >= 0xe0 && lead < 0xf0)
		return 3;
	return lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
}

size_t utf8_decode(const char *text, uint32_t *ret_char)
{
	static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
	const unsigned char *p = (const unsigned char *)text;
	size_t i, len = utf8_length(p[0]);
	uint32_t c;

	if (len < 2) {
		*ret_char = p[0];
		return len;
	}
	c = p[0] & (0x7fu >> len);
	for (i = 1; i < len; i++) {
		if ((p[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (p[i] & 0x3fu);
	}
	if (c < smallest[len] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*ret_char = c;
	return len;
}

size_t utf8_printable(const char *text)
{
	uint32_t c = 0;
	size_t len = utf8_decode(text, &c);

	if (c < 0x20 || (c >= 0x7f && c < 0xa0))
		return 0;
	/* Marks, line separators, embeddings and isolates that make one text look like another. */
	if (c == 0x061c || (c >= 0x200b && c < 0x2010) || (c >= 0x2028 && c < 0x202f) ||
	    (c >= 0x2060 && c < 0x2070) || c == 0xfeff)
		return 0;
	return len;
}
