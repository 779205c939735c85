/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* "Did you mean": the name of a list that a mistyped word is closest to. */
#ifndef ICRED_LIB_BASE_SUGGEST_H
#define ICRED_LIB_BASE_SUGGEST_H

#include <stddef.h>

#define SUGGEST_WORD_MAX 32 /* bytes of a name that can be suggested, and of a word that is compared */
#define SUGGEST_TEXT_MAX (SUGGEST_WORD_MAX + 24)

struct suggestion {
	char typed[SUGGEST_WORD_MAX + 1]; /* in small letters; "" for a word that nothing resembles */
	size_t typed_len;
	unsigned distance;  /* of the closest name so far, or one more than is still similar */
	const char *prefix; /* what stands before the name in the text; "" unless set, such as "--" */
	char text[SUGGEST_TEXT_MAX];
};

/* Begin with a word that is not known. */
struct suggestion suggest_for(const char *typed, size_t len);
/* Compare a name with it; of names that are equally close, the first one is taken. */
void suggest_name(struct suggestion *suggestion, const char *name, size_t len);
/* The same with each name of a list that blanks separate. */
void suggest_names(struct suggestion *suggestion, const char *names);
/* "; did you mean NAME?" to append to a message, or "" if no name is similar. */
const char *suggest_text(const struct suggestion *suggestion);

#endif
