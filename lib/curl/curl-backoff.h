/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How often refused tokens are replaced.  A server that refuses every token,
 * or answers 403 for what is not permitted, must not make a mint of every
 * request: so each installation has some replacements free, and then longer
 * and longer pauses, until an answer shows that tokens are taken again.
 */
#ifndef ICRED_LIB_CURL_CURL_BACKOFF_H
#define ICRED_LIB_CURL_CURL_BACKOFF_H

#include <stdatomic.h>

#include "lib/base/language.h"
#include "lib/base/lock.h"

#define BACKOFFS_MAX 1024

struct backoff;

struct backoffs {
	struct lock lock;
	struct backoff *list; /* of installations with a replacement whose success is not known */
	_Atomic unsigned count;
};

/* How sure it is that the token is dead. */
enum { TOKEN_DEAD, TOKEN_DOUBTFUL };

/* Whether a token may be replaced now; 0, or the seconds until it may.  Counts it if so. */
unsigned backoff_try(struct backoffs *backoffs, const char *installation, int how);
/* A token was taken. */
void backoff_accepted(struct backoffs *backoffs, const char *installation);
/* What came of a replacement for a doubtful one: it helped, or it was for nothing. */
void backoff_learn(struct backoffs *backoffs, const char *installation, bool helped);
void backoffs_clear(struct backoffs *backoffs);

#endif
