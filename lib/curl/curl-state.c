/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <search.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/curl/curl-state.h"

/* By the address of the easy handle, which is the first member of a state and all of a key. */
static int compare(const void *a, const void *b)
{
	uintptr_t one = (uintptr_t) * (CURL *const *)a, other = (uintptr_t) * (CURL *const *)b;

	return one < other ? -1 : one > other;
}

static void states_lock(struct curl_states *states)
{
	if (lock_take(&states->lock))
		states->tree = NULL; /* torn by a fork: what it held is left as it is */
}

struct curl_state *curl_state_find(struct curl_states *states, CURL *easy)
{
	struct curl_state *const *node, *found;

	states_lock(states);
	node = tfind(&easy, &states->tree, compare);
	found = node ? *node : NULL; /* not after lock_give(): tdelete(3) moves states from node to node */
	lock_give(&states->lock);
	return found;
}

struct curl_state *curl_state_get(struct curl_states *states, CURL *easy)
{
	struct curl_state *state =
		curl_state_find(states, easy); /* no other thread makes one for this handle */

	if (state)
		return state;
	state = calloc(1, sizeof(*state));
	if (!state)
		return NULL;
	state->easy = easy;
	states_lock(states);
	if (!tsearch(state, &states->tree, compare)) {
		free(state);
		state = NULL;
	}
	lock_give(&states->lock);
	return state;
}

static void state_free(void *data)
{
	struct curl_state *state = data;

	icred_token_unref(state->token);
	free(state->url);
	free(state->installation);
	free(state);
}

void curl_state_forget(struct curl_states *states, CURL *easy)
{
	struct curl_state *state = curl_state_find(states, easy);

	if (!state)
		return;
	states_lock(states);
	tdelete(state, &states->tree, compare);
	lock_give(&states->lock);
	state_free(state);
}

void curl_states_clear(struct curl_states *states)
{
	states_lock(states);
	tdestroy(states->tree, state_free);
	states->tree = NULL;
	lock_give(&states->lock);
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
	icred_token_unref(state->token); /* another one's */
	state->token = NULL;
	copy = dup_string(installation);
	if (installation && !copy)
		return false;
	free(state->installation);
	state->installation = copy;
	return true;
}
