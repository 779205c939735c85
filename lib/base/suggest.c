/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/language.h"
#include "lib/base/suggest.h"

#define PREFIX_LEAST 3 /* bytes of an abbreviation: fewer fit too many names */

/* In small letters; not by tolower(3), which follows the locale of the process. */
static void copy_small(char *to, const char *from, size_t len)
{
	for (size_t i = 0; i < len; i++)
		to[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] - 'A' + 'a') : from[i];
	to[len] = '\0';
}

struct suggestion suggest_for(const char *typed, size_t len)
{
	struct suggestion suggestion = {.typed = "", .prefix = ""};

	if (len > SUGGEST_WORD_MAX)
		return suggestion;
	copy_small(suggestion.typed, typed, len);
	suggestion.typed_len = len;
	/* One byte in three may be wrong; a word of one letter resembles every other one. */
	suggestion.distance = 1 + (len < 2 ? 0 : MIN((unsigned)(len + 1) / 3, 3));
	return suggestion;
}

/* How many letters to insert, remove, replace, or swap with their neighbour make one word of the other. */
static unsigned edit_distance(const char *a, size_t a_len, const char *b, size_t b_len)
{
	unsigned rows[3][SUGGEST_WORD_MAX + 1];
	unsigned *before_last = rows[0], *last = rows[1], *row = rows[2];

	for (size_t j = 0; j <= b_len; j++)
		last[j] = (unsigned)j;
	for (size_t i = 1; i <= a_len; i++) {
		row[0] = (unsigned)i;
		for (size_t j = 1; j <= b_len; j++) {
			unsigned best = MIN(last[j], row[j - 1]) + 1;
			best = MIN(best, last[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				best = MIN(best, before_last[j - 2] + 1);
			row[j] = best;
		}
		unsigned *unused = before_last;
		before_last = last;
		last = row;
		row = unused;
	}
	return last[b_len];
}

void suggest_name(struct suggestion *suggestion, const char *name, size_t len)
{
	char small[SUGGEST_WORD_MAX + 1];
	unsigned distance;

	if (!suggestion->typed_len || !len || len > SUGGEST_WORD_MAX)
		return;
	copy_small(small, name, len);
	distance = edit_distance(suggestion->typed, suggestion->typed_len, small, len);
	if (suggestion->typed_len >= PREFIX_LEAST && suggestion->typed_len < len &&
	    memcmp(suggestion->typed, small, suggestion->typed_len) == 0)
		distance = 1; /* an abbreviation is as good as one wrong letter */
	if (distance >= suggestion->distance)
		return;
	suggestion->distance = distance;
	snprintf(suggestion->text, sizeof(suggestion->text), "; did you mean %s%.*s?", suggestion->prefix,
		 (int)len, name);
}

void suggest_names(struct suggestion *suggestion, const char *names)
{
	size_t len;

	for (names += strspn(names, " "); *names; names += strspn(names, " ")) {
		len = strcspn(names, " ");
		suggest_name(suggestion, names, len);
		names += len;
	}
}

const char *suggest_text(const struct suggestion *suggestion)
{
	return suggestion->text;
}
