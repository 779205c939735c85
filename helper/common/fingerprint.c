/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Fingerprints of keys as users write them, to base64 and to hex. */
#include "config.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "helper/common/keylist.h"
#include "lib/base/text.h"

static const char fingerprint_alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char fingerprint_digits[] = "0123456789abcdef";

/* 32 bytes are 43 digits, the last two bits of which are 0. */
static int fingerprint_from_base64(const char *text, uint8_t raw[FINGERPRINT_BYTES])
{
	uint32_t bits = 0;
	size_t i, have = 0, n = 0;
	const char *digit;

	for (i = 0; i < 43; i++) {
		digit = text[i] ? strchr(fingerprint_alphabet, text[i]) : NULL;
		if (!digit)
			return -1;
		bits = bits << 6 | (uint32_t)(digit - fingerprint_alphabet);
		have += 6;
		if (have >= 8) {
			have -= 8;
			raw[n++] = (uint8_t)(bits >> have);
		}
	}
	if ((bits & 3) != 0 || (text[43] == '=' ? text[44] : text[43]) != '\0')
		return -1;
	return 0;
}

static int fingerprint_parse(const char *text, uint8_t raw[FINGERPRINT_BYTES])
{
	size_t i, digit;
	int value;

	if (strncasecmp(text, "SHA256:", 7) == 0)
		text += 7;
	if (fingerprint_from_base64(text, raw) == 0)
		return 0;
	for (i = 0; i < FINGERPRINT_BYTES; i++) {
		text += i > 0 && *text == ':';
		for (digit = 0, raw[i] = 0; digit < 2; digit++, text++) {
			value = hex_value(*text);
			if (value < 0)
				return -1;
			raw[i] = (uint8_t)(raw[i] << 4 | value);
		}
	}
	return *text ? -1 : 0;
}

int fingerprint_base64(const char *text, char ret_base64[FINGERPRINT_BASE64])
{
	uint8_t raw[FINGERPRINT_BYTES + 1] = {0};
	size_t i, bit;

	if (fingerprint_parse(text, raw) < 0)
		return -1;
	for (i = 0; i < 43; i++) {
		bit = i * 6;
		ret_base64[i] = fingerprint_alphabet[((unsigned)raw[bit / 8] << 8 | raw[bit / 8 + 1]) >>
							     (10 - bit % 8) &
						     63];
	}
	memcpy(ret_base64 + 43, "=", 2);
	return 0;
}

int fingerprint_hex(const char *text, char ret_hex[FINGERPRINT_HEX])
{
	uint8_t raw[FINGERPRINT_BYTES];
	size_t i;

	if (fingerprint_parse(text, raw) < 0)
		return -1;
	for (i = 0; i < FINGERPRINT_BYTES; i++) {
		ret_hex[2 * i] = fingerprint_digits[raw[i] >> 4];
		ret_hex[2 * i + 1] = fingerprint_digits[raw[i] & 15];
	}
	ret_hex[FINGERPRINT_HEX - 1] = '\0';
	return 0;
}
