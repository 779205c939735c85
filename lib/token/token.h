/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Tokens in memory.  The facts of a token, its body, are shared; what callers
 * hold is a thin icred_token_t with a count of its own.  The table makes one
 * for each of its stripes, so that threads that take and give back the same
 * token do not fight over one counter's cache line.
 */
#ifndef ICRED_LIB_TOKEN_TOKEN_H
#define ICRED_LIB_TOKEN_TOKEN_H

#include <stdatomic.h>

#include "lib/base/secret.h"
#include "lib/protocol/record.h"

#define REFRESH_AGAIN 60 /* seconds after a failed refresh, before the next one */

struct token_body {
	_Atomic unsigned refs;
	_Atomic bool dead; /* a server refused it */
	int64_t refresh_at;
	_Atomic int64_t failed_at; /* when its refresh failed, or 0 */
	struct record record;      /* points into blob */
	unsigned char *blob;       /* secret memory */
	size_t blob_len;
};

struct icred_token {
	_Atomic unsigned refs;
	struct token_body *body;
} __attribute__((aligned(64)));

/* Takes over blob (secret memory), and frees it if it is no valid record. */
struct token_body *token_body_new(void *blob, size_t len);
struct token_body *token_body_ref(struct token_body *body);
struct token_body *token_body_unref(struct token_body *body);
/* A counted handle on the body, with one reference; NULL without memory. */
icred_token_t *token_new(struct token_body *body);
icred_token_t *token_ref(icred_token_t *token);
void token_unref(icred_token_t *token);

/* Neither refused nor near its end, and good for min_ttl more seconds. */
bool token_fresh(const struct token_body *body, int64_t now, unsigned min_ttl);
/* Not fresh any more perhaps, but servers still take it. */
bool token_alive(const struct token_body *body, int64_t now, unsigned min_ttl);

#endif
