/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/text.h"
#include "lib/token/table.h"

#define CAP_MIN 8

/* Threads are numbered as they come and go round the stripes. */
static struct stripe *my_stripe(struct table *table)
{
	static _Atomic unsigned threads;
	static __thread unsigned mine;

	if (!mine)
		mine = atomic_fetch_add_explicit(&threads, 1, memory_order_relaxed) % STRIPES + 1;
	return &table->stripes[mine - 1];
}

static void stripe_lock(struct stripe *stripe)
{
	if (!lock_take(&stripe->lock))
		return;
	stripe->slots = (struct slots){NULL, 0, 0}; /* torn by a fork: what it held is left as it is */
}

uint64_t table_changes(const struct table *table)
{
	return atomic_load_explicit(&table->changes, memory_order_acquire) + 1;
}

static void note_change(struct table *table)
{
	atomic_fetch_add_explicit(&table->changes, 1, memory_order_release);
}

/* The slot that has it, or the empty one where it would go; cap must not be 0. */
static icred_token_t **find_slot(const struct slots *slots, int target, const char *id)
{
	size_t at = (size_t)hash_bytes(HASH_SEED + (unsigned)target, id, strlen(id)) & (slots->cap - 1);

	for (; slots->at[at]; at = (at + 1) & (slots->cap - 1)) {
		const struct identity *identity = &slots->at[at]->body->record.identity;
		if (identity->target == target && strcmp(identity->id, id) == 0)
			break;
	}
	return &slots->at[at];
}

icred_token_t *table_get(struct table *table, int target, const char *id, int64_t now, unsigned min_ttl)
{
	struct stripe *stripe = my_stripe(table);
	icred_token_t *token = NULL;

	stripe_lock(stripe);
	if (stripe->slots.cap)
		token = *find_slot(&stripe->slots, target, id);
	if (token && token_fresh(token->body, now, min_ttl))
		token_ref(token);
	else
		token = NULL;
	lock_give(&stripe->lock);
	return token;
}

struct token_body *table_find(struct table *table, int target, const char *id)
{
	struct stripe *stripe = my_stripe(table);
	icred_token_t *token = NULL;
	struct token_body *body = NULL;

	stripe_lock(stripe);
	if (stripe->slots.cap)
		token = *find_slot(&stripe->slots, target, id);
	if (token)
		body = token_body_ref(token->body);
	lock_give(&stripe->lock);
	return body;
}

/* Room for one more: as many slots again as are in use at need, without what has expired meanwhile. */
static bool make_room(struct slots *slots)
{
	struct slots grown = {.cap = CAP_MIN};
	int64_t now = clock_utc();
	size_t alive = 0;

	if (slots->cap && (slots->count + 1) * 4 <= slots->cap * 3)
		return true;
	for (size_t i = 0; i < slots->cap; i++)
		alive += slots->at[i] && token_alive(slots->at[i]->body, now, 0);
	while (grown.cap < (alive + 1) * 2)
		grown.cap *= 2;
	grown.at = calloc(grown.cap, sizeof(*grown.at));
	if (!grown.at)
		return false;
	for (size_t i = 0; i < slots->cap; i++) {
		icred_token_t *token = slots->at[i];
		if (!token)
			continue;
		if (!token_alive(token->body, now, 0)) {
			token_unref(token);
			continue;
		}
		*find_slot(&grown, token->body->record.identity.target, token->body->record.identity.id) =
			token;
		grown.count++;
	}
	free(slots->at);
	*slots = grown;
	return true;
}

static void stripe_put(struct stripe *stripe, struct token_body *body)
{
	const struct identity *identity = &body->record.identity;
	icred_token_t *token = token_new(body), *old = NULL, **slot;

	if (!token)
		return;
	stripe_lock(stripe);
	if (make_room(&stripe->slots)) {
		slot = find_slot(&stripe->slots, identity->target, identity->id);
		old = *slot;
		stripe->slots.count += !old;
		*slot = token;
		token = NULL;
	}
	lock_give(&stripe->lock);
	token_unref(old);
	token_unref(token);
}

void table_put(struct table *table, struct token_body *body)
{
	for (size_t i = 0; i < STRIPES; i++)
		stripe_put(&table->stripes[i], body);
	note_change(table);
}

void table_reject(struct table *table, const struct record *record)
{
	for (size_t i = 0; i < STRIPES; i++) {
		struct stripe *stripe = &table->stripes[i];
		icred_token_t *token = NULL;
		stripe_lock(stripe);
		if (stripe->slots.cap)
			token = *find_slot(&stripe->slots, record->identity.target, record->identity.id);
		if (token && secret_equal(token->body->record.secret, record->secret))
			atomic_store_explicit(&token->body->dead, true, memory_order_relaxed);
		lock_give(&stripe->lock);
	}
	note_change(table);
}

void table_clear(struct table *table)
{
	for (size_t i = 0; i < STRIPES; i++) {
		struct stripe *stripe = &table->stripes[i];
		stripe_lock(stripe);
		struct slots slots = stripe->slots;
		stripe->slots = (struct slots){NULL, 0, 0};
		lock_give(&stripe->lock);
		for (size_t s = 0; s < slots.cap; s++)
			token_unref(slots.at[s]);
		free(slots.at);
	}
	note_change(table);
}
