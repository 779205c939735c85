/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The handle's own table of tokens: what a warm icred_get_token() costs.  It
 * is striped by thread; every stripe has its own lock and its own counts, so
 * that two threads share nothing that is written.
 */
#ifndef ICRED_LIB_TOKEN_TABLE_H
#define ICRED_LIB_TOKEN_TABLE_H

#include "lib/base/lock.h"
#include "lib/token/token.h"

#define STRIPES 8

/* Open addressing by hash of target and ID. */
struct slots {
	icred_token_t **at;
	size_t count, cap; /* cap is a power of two */
};

struct stripe {
	struct lock lock;
	struct slots slots;
} __attribute__((aligned(64)));

struct table {
	struct stripe stripes[STRIPES];
	_Atomic uint64_t changes; /* raised after each */
};

/* Read before a token is got: while it stays as it is, so does what the table has.  Never 0. */
uint64_t table_changes(const struct table *table);
/* A counted token that is fresh, or NULL. */
icred_token_t *table_get(struct table *table, int target, const char *id, int64_t now, unsigned min_ttl);
/* The body of that target's token, fresh or not, counted; or NULL. */
struct token_body *table_find(struct table *table, int target, const char *id);
/* Put it into every stripe; out of memory only makes it slower. */
void table_put(struct table *table, struct token_body *body);
/* Of whichever body and stripe: no copy of that token is fresh or alive any more. */
void table_reject(struct table *table, const struct record *record);
void table_clear(struct table *table);

#endif
