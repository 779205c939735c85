/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an answer says of the token that was sent. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "lib/api/handle.h"
#include "lib/base/error.h"
#include "lib/curl/curl-hook.h"

enum { STATUS_UNAUTHORIZED = 401, STATUS_FORBIDDEN = 403 };

static long status_on(const struct icred_curl *auth, CURL *easy)
{
	long status = 0;

	return auth->functions.easy_getinfo(easy, CURL_GET_RESPONSE_CODE, &status) ? 0 : status;
}

bool curl_went_well(struct icred_curl *auth, CURL *easy)
{
	long status = status_on(auth, easy);

	return status != STATUS_UNAUTHORIZED && status != STATUS_FORBIDDEN &&
	       !atomic_load_explicit(&auth->backoffs.count, memory_order_relaxed);
}

/* ICR answers 403 for a dead token as for what is not permitted; only the words differ. */
static bool says_dead(const struct curl_state *state)
{
	static const char *const words[] = {"access token invalid", "token expired", "token has expired",
					    "invalid_token"};

	for (size_t i = 0; i < ARRAY_SIZE(words); i++) {
		size_t len = strlen(words[i]);
		for (size_t at = 0; at + len <= state->seen; at++)
			if (strncasecmp(state->text + at, words[i], len) == 0)
				return true;
	}
	return false;
}

/* TOKEN_DEAD, TOKEN_DOUBTFUL, or -1 for a token that nothing is wrong with. */
static int judge_token(struct icred_curl *auth, const struct curl_state *state, long status)
{
	if (status == STATUS_UNAUTHORIZED)
		return TOKEN_DEAD;
	if (status != STATUS_FORBIDDEN || (auth->flags & ICRED_CURL_ONLY_401))
		return -1;
	if (state->seen)
		return says_dead(state) ? TOKEN_DEAD : -1;
	return TOKEN_DOUBTFUL;
}

/* Libcurl does not say where a body comes from, and half of one is worse than none. */
bool curl_rewind(struct icred_curl *auth, const struct curl_state *state)
{
	int64_t size = 0;

	if (state->rewind) {
		if (state->rewind(state->easy, state->rewind_data) == 0)
			return true;
		note_error(ICRED_E_UNSUPPORTED,
			   "the token was refused, and the application could not rewind the request's body");
		return false;
	}
	if (auth->flags & ICRED_CURL_RESEND ||
	    (!auth->functions.easy_getinfo(state->easy, CURL_GET_SIZE_UPLOAD, &size) && !size))
		return true;
	note_error(ICRED_E_UNSUPPORTED,
		   "the token was refused, and the request's body cannot be sent again; use "
		   "icred_curl_set_rewind() or ICRED_CURL_RESEND if it can");
	return false;
}

/* All requests that were refused with one token go on with the new one; only the first of them is counted. */
static unsigned reject_once(struct icred_curl *auth, struct curl_state *state, int how)
{
	struct rejected *rejected = &auth->handle->rejected;
	const char *secret = icred_token_secret(state->token);
	unsigned wait = 0;

	lock_take(&auth->judging);
	if (!atomic_load(&state->token->body->dead) && !rejected_has(rejected, secret)) {
		wait = backoff_try(&auth->backoffs, state->installation, how);
		if (!wait)
			rejected_add(rejected, secret);
	}
	lock_give(&auth->judging);
	return wait;
}

void curl_learn(struct icred_curl *auth, struct curl_state *state)
{
	long status = state && !state->learned ? status_on(auth, state->easy) : 0;

	if (!status)
		return;
	state->learned = true;
	if (state->doubtful)
		backoff_learn(&auth->backoffs, state->installation, status != STATUS_FORBIDDEN);
	if (status != STATUS_UNAUTHORIZED && status != STATUS_FORBIDDEN)
		backoff_accepted(&auth->backoffs, state->installation);
}

bool curl_judge(struct icred_curl *auth, struct curl_state *state)
{
	long status = status_on(auth, state->easy);
	int how = judge_token(auth, state, status);
	const char *url = NULL;
	struct origin origin;
	unsigned wait;

	if (state->retried) {
		curl_learn(auth, state);
		if (how == TOKEN_DEAD)
			note_error(ICRED_E_REJECTED, "the server refused a new token as well");
		return false;
	}
	if (status && status != STATUS_UNAUTHORIZED && status != STATUS_FORBIDDEN)
		backoff_accepted(&auth->backoffs, state->installation);
	/* After a redirect to elsewhere it was not our token that was refused: libcurl does not send it there. */
	if (how < 0 || auth->functions.easy_getinfo(state->easy, CURL_GET_EFFECTIVE_URL, &url) || !url ||
	    !origin_parse(url, &origin) || !origin_equal(&origin, &state->origin))
		return false;
	wait = reject_once(auth, state, how);
	if (wait) {
		note_error(ICRED_E_REJECTED,
			   "the server keeps refusing tokens; not minting another one for %u seconds", wait);
		return false;
	}
	state->doubtful = how == TOKEN_DOUBTFUL;
	return true;
}
