/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hook knows of each easy handle: the request that is on it.  Kept
 * here, by the handle's address (curl-mark.c says whether it is still that
 * handle's), because CURLOPT_PRIVATE is the application's, and what is in another
 * option is copied to a duplicate.
 */
#ifndef ICRED_LIB_CURL_CURL_STATE_H
#define ICRED_LIB_CURL_CURL_STATE_H

#include "lib/base/lock.h"
#include "lib/curl/curl-types.h"
#include "lib/profile/origin.h"

#define CURL_MARK_MAX 48
#define CURL_TEXT     512 /* of an answer's body */

struct curl_state {
	CURL *easy;           /* first, as the tree compares it */
	icred_token_t *token; /* that is on the handle */
	uint64_t changes;     /* of the table, as the token was got */
	char *url;
	char *installation; /* NULL: the profile's */
	icred_curl_rewind_fn rewind;
	void *rewind_data;
	bool begun;    /* url was checked for the request that is on the handle */
	bool retried;  /* the answer to come is the second one */
	bool doubtful; /* retried after a 403 without an explanation */
	bool learned;  /* what came of that */
	size_t seen;
	/* From here on, what a request that goes well does not use. */
	struct origin origin; /* of url, which the profile allows */
	size_t url_cap;
	char mark[CURL_MARK_MAX]; /* that is on a handle with a rewind function, or "" */
	char text[CURL_TEXT];
};

struct curl_states {
	struct lock lock;
	void *tree; /* of tsearch(3) */
};

/* The handle's state, or NULL.  It is its thread's alone until forgotten. */
struct curl_state *curl_state_find(struct curl_states *states, CURL *easy);
/* The same, made if there is none; NULL without memory. */
struct curl_state *curl_state_get(struct curl_states *states, CURL *easy);
void curl_state_forget(struct curl_states *states, CURL *easy);
void curl_states_clear(struct curl_states *states);

/* Keep a URL with its origin, or an installation; false without memory. */
bool curl_state_set_url(struct curl_state *state, const char *url, const struct origin *origin);
bool curl_state_set_installation(struct curl_state *state, const char *installation);

#endif
