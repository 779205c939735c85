/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How often refused tokens are replaced.  A server that refuses every token,
 * or answers 403 for what is not permitted, must not make a mint of every
 * request: so each installation has some replacements free, and then longer
 * and longer pauses, until an answer shows that tokens are taken again.
 */
#ifndef ICRED_LIB_CURL_CURL_BRAKE_H
#define ICRED_LIB_CURL_CURL_BRAKE_H

#include <stdatomic.h>

#include "lib/base/lock.h"
#include "lib/base/util.h"

#define BRAKES_MAX 1024

struct brake;

struct brakes {
	struct lock lock;
	struct brake *list; /* of installations with a replacement whose success is not known */
	_Atomic unsigned count;
};

/* How sure it is that the token is dead. */
enum { TOKEN_DEAD, TOKEN_DOUBTFUL };

/* Whether a token may be replaced now; 0, or the seconds until it may.  Counts it if so. */
unsigned brake_try(struct brakes *brakes, const char *installation, int how);
/* A token was taken. */
void brake_good(struct brakes *brakes, const char *installation);
/* What came of a replacement for a doubtful one: it helped, or it was for nothing. */
void brake_cured(struct brakes *brakes, const char *installation, bool cured);
void brakes_clear(struct brakes *brakes);

#endif
