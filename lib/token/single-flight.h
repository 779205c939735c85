/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Single flight among the threads of a process: of all threads that want the same token
 * at once, the first mints and the others wait for its result.
 */
#ifndef ICRED_LIB_TOKEN_SINGLE_FLIGHT_H
#define ICRED_LIB_TOKEN_SINGLE_FLIGHT_H

#include "lib/base/error.h"
#include "lib/base/lock.h"
#include "lib/token/token.h"

struct mint;

/* The mints of one handle, for its threads. */
struct mints {
	struct lock lock;
	uint32_t generation; /* a child process does not wait for mints of its parent */
	struct mint *list;
};

/* Join the target's mint, or begin it: with *ret_first, this thread has to call mint_finish(). */
struct mint *mint_join(struct mints *mints, int target, const char *id, bool *ret_first);
/* For the first thread: the result for all, which is the token or (NULL) this thread's failure. */
void mint_finish(struct mints *mints, struct mint *mint, struct token_body *body);
/* For the others: wait for the result; a counted body, or the failure as this thread's. */
int mint_wait(struct mint *mint, int64_t deadline, struct token_body **ret_body);
struct mint *mint_leave(struct mint *mint);
void mints_clear(struct mints *mints);

#endif
