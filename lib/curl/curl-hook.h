/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of the hook: its table of functions, what it sets, and how it judges an answer. */
#ifndef ICRED_LIB_CURL_CURL_HOOK_H
#define ICRED_LIB_CURL_CURL_HOOK_H

#include "lib/curl/curl-backoff.h"
#include "lib/curl/curl-state.h"

struct icred_curl {
	icred_t *handle;
	struct icred_curl_functions functions;
	unsigned version; /* of the application's libcurl */
	_Atomic unsigned flags;
	struct lock judging;
	struct backoffs backoffs;
	struct curl_states states;
};

/* A copy of the application's table, if it is whole and of one libcurl that will do. */
int curl_table_read(const struct icred_curl_functions *given, struct icred_curl_functions *ret_functions);
/* The state of this very handle, not of an earlier one at its address; or NULL. */
struct curl_state *curl_known(struct icred_curl *auth, CURL *easy);
/* Make sure that a later handle at its address is not taken for it. */
void curl_mark(const struct icred_curl *auth, struct curl_state *state);
/* Whether this libcurl keeps a token to itself, with the flags as they are. */
int curl_usable(struct icred_curl *auth);
/* Everything that the hook sets on a handle; the token last. */
int curl_set_options(struct icred_curl *auth, const struct curl_state *state);

/* Whether the answer on the handle is nothing to judge or to learn from: what most are. */
bool curl_went_well(struct icred_curl *auth, CURL *easy);
/*
 * Whether the answer on the handle says that its token is dead, and it may be
 * replaced now.  If so the token is noted as rejected.
 */
bool curl_judge(struct icred_curl *auth, struct curl_state *state);
/* Whether the body of the handle's request is at its beginning again, so that it may be sent once more. */
bool curl_rewind(struct icred_curl *auth, const struct curl_state *state);
/* See what became of a repetition. */
void curl_learn(struct icred_curl *auth, struct curl_state *state);

#endif
