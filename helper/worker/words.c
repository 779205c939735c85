/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text put together without stdio and malloc(3), which a crashing process cannot use. */
#include "config.h"

#include "helper/worker/icred-worker.h"

void words_add(struct words *words, const char *text)
{
	while (*text && words->len + 1 < words->cap)
		words->text[words->len++] = *text++;
	words->text[words->len] = '\0';
}

void words_add_number(struct words *words, uint64_t number)
{
	char digits[24];
	size_t at = sizeof(digits) - 1;

	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	words_add(words, digits + at);
}
