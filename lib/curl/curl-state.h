/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hook knows of each easy handle: the request that is on it.  Kept
 * here, by the handle's address (curl-mark.c tells whether it is still that
 * handle's), because CURLOPT_PRIVATE is the application's
 * and whatever is inside an option goes along to a duplicate.
 */
#ifndef ICRED_LIB_CURL_CURL_STATE_H
#define ICRED_LIB_CURL_CURL_STATE_H

#include "lib/curl/curl-types.h"
#include "lib/base/lock.h"
#include "lib/profile/origin.h"

#define CURL_SHARDS   16
#define CURL_MARK_MAX 48
#define CURL_TEXT     512 /* of an answer's body */

struct curl_state {
	struct curl_state *next;
	CURL *easy;
	icred_token_t *token; /* that is on the handle */
	uint64_t changes;     /* of the table, as the token was got */
	char *url;
	char *installation; /* NULL: the profile's */
	icred_curl_rewind_fn rewind;
	void *rewind_data;
	bool begun;    /* url was checked for the request that is on the handle */
	bool retried;  /* the answer to come is the second one */
	bool doubtful; /* retried after a 403 that nobody explained */
	bool learned;  /* what came of it */
	size_t seen;
	/* What a request that goes well does not look at is behind what it does. */
	struct origin origin; /* of url, which the profile allows */
	size_t url_cap;
	char mark[CURL_MARK_MAX]; /* that is on a handle with a rewind function, or "" */
	char text[CURL_TEXT];
};

struct curl_shard {
	struct lock lock;
	struct curl_state **buckets;
	size_t count, cap;
} __attribute__((aligned(64)));

struct curl_states {
	struct curl_shard shards[CURL_SHARDS];
};

/* The handle's state, or NULL.  It is its thread's alone until forgotten. */
struct curl_state *curl_state_find(struct curl_states *states, const CURL *easy);
/* The same, made if there is none; NULL without memory. */
struct curl_state *curl_state_get(struct curl_states *states, CURL *easy);
void curl_state_forget(struct curl_states *states, const CURL *easy);
void curl_states_clear(struct curl_states *states);

/* Keep a URL with its origin, or an installation; false without memory. */
bool curl_state_set_url(struct curl_state *state, const char *url, const struct origin *origin);
bool curl_state_set_installation(struct curl_state *state, const char *installation);

#endif
