/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which handle is at an address: libcurl does not report to a hook that a handle is gone, and
 * malloc() gives its address to the next one.  A handle whose body the
 * application rewinds carries a mark of its own, so that the function is never
 * called for another one: in an option that libcurl keeps for RTSP alone and
 * gives back.  A copy of a handle takes the mark along, so the address is in it;
 * a second hook finds the mark there and uses it too.
 */
#include "config.h"

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "lib/curl/curl-hook.h"

static const char *mark_on(const struct icred_curl *auth, CURL *easy)
{
	const char *mark = NULL;

	return auth->functions.easy_getinfo(easy, CURL_GET_RTSP_SESSION_ID, &mark) || !mark ? "" : mark;
}

/* "icred-ADDRESS-NUMBER" */
void curl_mark(const struct icred_curl *auth, struct curl_state *state)
{
	static _Atomic unsigned number;
	const char *found = mark_on(auth, state->easy);
	int prefix = snprintf(state->mark, sizeof(state->mark), "icred-%p-", (void *)state->easy);

	if (strncmp(found, state->mark, (size_t)prefix) == 0 && strlen(found) < sizeof(state->mark)) {
		memcpy(state->mark, found, strlen(found) + 1);
		return;
	}
	(void)snprintf(state->mark + prefix, sizeof(state->mark) - (size_t)prefix, "%u",
		       atomic_fetch_add(&number, 1));
	/* Without RTSP there is nothing to tell handles apart by. */
	if (auth->functions.easy_setopt(state->easy, CURL_SET_RTSP_SESSION_ID, state->mark) ||
	    strcmp(mark_on(auth, state->easy), state->mark) != 0)
		state->mark[0] = '\0';
}

/* curl_easy_reset() takes the mark off, but leaves the connection, which a new handle has none of. */
static bool was_reset(const struct icred_curl *auth, const struct curl_state *state)
{
	int connection = -1;

	return !*mark_on(auth, state->easy) &&
	       !auth->functions.easy_getinfo(state->easy, CURL_GET_ACTIVE_SOCKET, &connection) &&
	       connection >= 0;
}

struct curl_state *curl_known(struct icred_curl *auth, CURL *easy)
{
	struct curl_state *state = curl_state_find(&auth->states, easy);

	if (!state || !state->mark[0] || strcmp(mark_on(auth, easy), state->mark) == 0)
		return state;
	if (was_reset(auth, state)) {
		curl_mark(auth, state);
		return state;
	}
	curl_state_forget(&auth->states, easy);
	return NULL;
}
