/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/curl/curl-state.h"

#define CAP_MIN 16

/* Fibonacci hashing: the low bits of an address from malloc() say nothing. */
static uint64_t address_hash(const CURL *easy)
{
	return (uint64_t)(uintptr_t)easy * UINT64_C(0x9e3779b97f4a7c15);
}

static struct curl_shard *shard_take(struct curl_states *states, uint64_t hash)
{
	struct curl_shard *shard = &states->shards[hash >> 60];

	if (lock_take(&shard->lock)) { /* torn by a fork: what it held is left as it is */
		shard->buckets = NULL;
		shard->count = shard->cap = 0;
	}
	return shard;
}

static struct curl_state **bucket(const struct curl_shard *shard, uint64_t hash)
{
	return &shard->buckets[(hash >> 28) & (shard->cap - 1)];
}

static struct curl_state *find_locked(const struct curl_shard *shard, const CURL *easy, uint64_t hash)
{
	struct curl_state *state = shard->cap ? *bucket(shard, hash) : NULL;

	while (state && state->easy != easy)
		state = state->next;
	return state;
}

static bool make_room(struct curl_shard *shard)
{
	struct curl_shard grown = {.cap = shard->cap ? shard->cap * 2 : CAP_MIN};
	struct curl_state *state, *next, **at;

	if (shard->count < shard->cap)
		return true;
	grown.buckets = calloc(grown.cap, sizeof(struct curl_state *));
	if (!grown.buckets)
		return shard->cap != 0;
	for (size_t i = 0; i < shard->cap; i++) {
		for (state = shard->buckets[i]; state; state = next) {
			next = state->next;
			at = bucket(&grown, address_hash(state->easy));
			state->next = *at;
			*at = state;
		}
	}
	free(shard->buckets);
	shard->buckets = grown.buckets;
	shard->cap = grown.cap;
	return true;
}

static struct curl_state *add_locked(struct curl_shard *shard, CURL *easy, uint64_t hash)
{
	struct curl_state *state = make_room(shard) ? calloc(1, sizeof(*state)) : NULL, **at;

	if (!state)
		return NULL;
	at = bucket(shard, hash);
	state->easy = easy;
	state->next = *at;
	*at = state;
	shard->count++;
	return state;
}

struct curl_state *curl_state_find(struct curl_states *states, const CURL *easy)
{
	uint64_t hash = address_hash(easy);
	struct curl_shard *shard = shard_take(states, hash);
	struct curl_state *state = find_locked(shard, easy, hash);

	lock_give(&shard->lock);
	return state;
}

struct curl_state *curl_state_get(struct curl_states *states, CURL *easy)
{
	uint64_t hash = address_hash(easy);
	struct curl_shard *shard = shard_take(states, hash);
	struct curl_state *state = find_locked(shard, easy, hash);

	if (!state)
		state = add_locked(shard, easy, hash);
	lock_give(&shard->lock);
	return state;
}

static void state_free(struct curl_state *state)
{
	icred_token_unref(state->token);
	free(state->url);
	free(state->installation);
	free(state);
}

void curl_state_forget(struct curl_states *states, const CURL *easy)
{
	uint64_t hash = address_hash(easy);
	struct curl_shard *shard = shard_take(states, hash);
	struct curl_state *state = find_locked(shard, easy, hash), **at;

	if (state) {
		for (at = bucket(shard, hash); *at != state; at = &(*at)->next)
			;
		*at = state->next;
		shard->count--;
	}
	lock_give(&shard->lock);
	if (state)
		state_free(state);
}

void curl_states_clear(struct curl_states *states)
{
	struct curl_state *state, *next;

	for (size_t s = 0; s < CURL_SHARDS; s++) {
		struct curl_shard *shard = shard_take(states, (uint64_t)s << 60);
		for (size_t i = 0; i < shard->cap; i++) {
			for (state = shard->buckets[i]; state; state = next) {
				next = state->next;
				state_free(state);
			}
		}
		free(shard->buckets);
		shard->buckets = NULL;
		shard->count = shard->cap = 0;
		lock_give(&shard->lock);
	}
}

bool curl_state_set_url(struct curl_state *state, const char *url, const struct origin *origin)
{
	size_t size = strlen(url) + 1;

	if (size > state->url_cap) {
		char *room = malloc(size + size / 2);
		if (!room)
			return false;
		free(state->url);
		state->url = room;
		state->url_cap = size + size / 2;
	}
	memcpy(state->url, url, size);
	state->origin = *origin;
	return true;
}

bool curl_state_set_installation(struct curl_state *state, const char *installation)
{
	char *copy;

	if (state->installation == installation || same_string(state->installation, installation))
		return true;
	state->token = (icred_token_unref(state->token), NULL); /* another one's */
	copy = dup_string(installation);
	if (installation && !copy)
		return false;
	free(state->installation);
	state->installation = copy;
	return true;
}
