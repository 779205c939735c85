/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens that a server refused, for a while.  A thread may be on its way from a
 * cache to the table with a token that another thread rejects at that moment;
 * here it learns so, and the token does not come back to life.
 */
#ifndef ICRED_LIB_TOKEN_REJECTED_H
#define ICRED_LIB_TOKEN_REJECTED_H

#include "lib/base/lock.h"

#define REJECTED_MAX 32 /* what is on its way at once is far less */

struct rejected {
	struct lock lock;
	_Atomic unsigned count; /* of all that ever were: 0 is the fast answer */
	uint64_t hashes[REJECTED_MAX];
};

void rejected_add(struct rejected *rejected, const char *secret);
bool rejected_has(struct rejected *rejected, const char *secret);

#endif
