/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>

#include "lib/token/life.h"
#include "lib/token/token.h"

struct token_body *token_body_new(void *blob, size_t len)
{
	struct token_body *body = calloc(1, sizeof(*body));

	if (!body || !record_read(blob, len, &body->record)) {
		free(body);
		secret_free(blob);
		return NULL;
	}
	atomic_init(&body->refs, 1);
	body->blob = blob;
	body->blob_len = len;
	body->refresh_at = life_refresh_at(body->record.minted_at, body->record.expires_at);
	return body;
}

struct token_body *token_body_ref(struct token_body *body)
{
	atomic_fetch_add_explicit(&body->refs, 1, memory_order_relaxed);
	return body;
}

struct token_body *token_body_unref(struct token_body *body)
{
	if (!body || atomic_fetch_sub_explicit(&body->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	secret_free(body->blob);
	free(body);
	return NULL;
}

icred_token_t *token_new(struct token_body *body)
{
	icred_token_t *token = aligned_alloc(_Alignof(icred_token_t), sizeof(*token));

	if (!token)
		return NULL;
	atomic_init(&token->refs, 1);
	token->body = token_body_ref(body);
	return token;
}

bool token_fresh(const struct token_body *body, int64_t now, unsigned min_ttl)
{
	int64_t failed_at = atomic_load_explicit(&body->failed_at, memory_order_relaxed);

	/* A refresh that has just failed is not tried again at once. */
	return (now < body->refresh_at || (failed_at && life_within(failed_at, now, REFRESH_AGAIN))) &&
	       token_alive(body, now, min_ttl);
}

bool token_alive(const struct token_body *body, int64_t now, unsigned min_ttl)
{
	return life_usable(body->record.minted_at, body->record.expires_at, now, min_ttl) &&
	       !atomic_load_explicit(&body->dead, memory_order_relaxed);
}

icred_token_t *token_ref(icred_token_t *token)
{
	if (token)
		atomic_fetch_add_explicit(&token->refs, 1, memory_order_relaxed);
	return token;
}

void token_unref(icred_token_t *token)
{
	if (!token || atomic_fetch_sub_explicit(&token->refs, 1, memory_order_acq_rel) != 1)
		return;
	token_body_unref(token->body);
	free(token);
}
