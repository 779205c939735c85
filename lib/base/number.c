/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdatomic.h>
#include <string.h>
#include <sys/auxv.h>

#include "lib/base/language.h"
#include "lib/base/number.h"
#include "lib/base/text.h"

bool parse_uint(const char *text, uint64_t max, uint64_t *ret_value)
{
	uint64_t value = 0;

	if (!*text)
		return false;
	for (; *text; text++) {
		unsigned digit = (unsigned)(*text - '0');
		if (digit > 9 || digit > max || value > (max - digit) / 10)
			return false;
		value = value * 10 + digit;
	}
	*ret_value = value;
	return true;
}

bool parse_duration(const char *text, unsigned max, unsigned *ret_seconds)
{
	static const struct {
		char unit;
		unsigned seconds;
	} units[] = {{'s', 1}, {'m', 60}, {'h', 3600}};
	size_t len = strlen(text);
	unsigned factor = 1;
	char digits[16];
	uint64_t value;

	if (!len || len >= sizeof(digits))
		return false;
	memcpy(digits, text, len + 1);
	for (size_t i = 0; i < ARRAY_SIZE(units); i++) {
		if (digits[len - 1] == units[i].unit) {
			factor = units[i].seconds;
			digits[len - 1] = '\0';
			break;
		}
	}
	if (!parse_uint(digits, max, &value) || value * factor > max)
		return false;
	*ret_seconds = (unsigned)(value * factor);
	return true;
}

uint32_t random_below(uint32_t below)
{
	static _Atomic uint32_t count;
	/* What the kernel gave this process at its start: no system call on the warm path. */
	const unsigned char *start = (const void *)getauxval(AT_RANDOM);
	uint32_t nth = atomic_fetch_add(&count, 1);
	uint64_t mix = hash_bytes(HASH_SEED, &nth, sizeof(nth));

	if (start)
		mix = hash_bytes(mix, start + 8, 8);
	return below ? (uint32_t)(mix >> 32) % below : 0;
}
