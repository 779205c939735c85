/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The hook: the token on the application's handle, and the way from one request to its repetition. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/api/handle.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/curl/curl-hook.h"

#define NOT_KNOWN 0 /* which changes of the table a token is from */

static int missing(const char *what)
{
	return set_error(ICRED_E_INVALID, "icred_curl: %s must not be NULL", what);
}

/* "Nothing went wrong" is an answer too, after a call whose result has no room for more than yes and no. */
static int no_error(void)
{
	clear_error();
	return ICRED_OK;
}

_export_ struct icred_curl *icred_curl_new(icred_t *handle, const struct icred_curl_functions *functions)
{
	struct icred_curl_functions own;
	const curl_version_info_data *version;
	struct icred_curl *auth;

	if (!handle || !functions)
		return missing("handle and functions"), NULL;
	if (curl_table_read(functions, &own) < 0)
		return NULL;
	auth = calloc(1, sizeof(*auth));
	if (!auth) {
		note_error(ICRED_E_NO_MEMORY, "out of memory");
		return NULL;
	}
	auth->handle = handle;
	auth->functions = own;
	version = own.version_info(CURL_VERSION_FIRST);
	auth->version = version->version_num;
	log_line(&handle->context.log, ICRED_LOG_DEBUG, "curl hook for libcurl %s, %s", version->version,
		 version->ssl_version ? version->ssl_version : "no TLS");
	return auth;
}

_export_ void icred_curl_free(struct icred_curl *auth)
{
	if (!auth)
		return;
	curl_states_clear(&auth->states);
	backoffs_clear(&auth->backoffs);
	free(auth);
}

_export_ void icred_curl_set_flags(struct icred_curl *auth, unsigned flags)
{
	if (!auth)
		return;
	atomic_store_explicit(&auth->flags, flags, memory_order_relaxed);
	log_line(&auth->handle->context.log, ICRED_LOG_DEBUG, "curl hook: %s%s%s%sflags 0x%x",
		 flags & ICRED_CURL_ANY_PROTOCOL ? "protocols are not limited, " : "",
		 flags & ICRED_CURL_KEEP_NETRC ? "netrc is not ignored, " : "",
		 flags & ICRED_CURL_KEEP_UNRESTRICTED ? "unrestricted auth is not cleared, " : "",
		 flags & ICRED_CURL_KEEP_URL ? "the URL is not set, " : "", flags);
}

/* -- before the request ------------------------------------------------------ */

/* Nothing of an earlier request stays on a handle whose next one cannot be made. */
static int refuse(const struct icred_curl *auth, CURL *easy, struct curl_state *state, int code)
{
	/* Even on a handle we do not know: it may be a copy of one that we do. */
	auth->functions.easy_setopt(easy, CURL_SET_XOAUTH2_BEARER, NULL);
	if (state) {
		icred_token_unref(state->token);
		state->token = NULL;
		state->begun = state->retried = false;
	}
	return code;
}

static int check_url(struct icred_curl *auth, const char *url, struct origin *ret_origin)
{
	int r = icred_origin_allowed(auth->handle, url);

	if (r == 0) {
		char origin[ORIGIN_MAX];
		origin_parse(url, ret_origin);
		origin_format(ret_origin, origin);
		return set_error(
			ICRED_E_ORIGIN,
			"the profile's tokens may not go to %s; add \"origin %s\" to the profile if they may",
			origin, origin);
	}
	return r < 0 || !origin_parse(url, ret_origin) ? r : ICRED_OK;
}

/* A handle that begins a new request; nothing is on it yet. */
static int begin(struct icred_curl *auth, CURL *easy, const char *url, const char *installation,
		 struct curl_state **ret_state)
{
	struct curl_state *state;
	struct origin origin;
	bool checked;
	int r;

	if (!auth || !easy || !url)
		return missing("auth, easy and url");
	state = curl_known(auth, easy);
	r = curl_usable(auth);
	if (r < 0)
		return refuse(auth, easy, state, r);
	if (state && state->retried)
		curl_learn(auth, state);
	/* The same URL as last time has been checked: a profile does not change. */
	checked = state && state->url && strcmp(state->url, url) == 0;
	r = checked ? ICRED_OK : check_url(auth, url, &origin);
	if (r < 0)
		return refuse(auth, easy, state, r);
	if (!state)
		state = curl_state_get(&auth->states, easy);
	if (!state || (!checked && !curl_state_set_url(state, url, &origin)) ||
	    !curl_state_set_installation(state, installation))
		return refuse(auth, easy, state, set_no_memory());
	state->retried = state->doubtful = state->learned = false;
	state->seen = 0;
	state->begun = true;
	*ret_state = state;
	return ICRED_OK;
}

static int set_all(struct icred_curl *auth, struct curl_state *state)
{
	int r = curl_set_options(auth, state);

	return r < 0 ? refuse(auth, state->easy, state, r) : ICRED_OK;
}

/* Takes over the reference. */
static int arm(struct icred_curl *auth, struct curl_state *state, icred_token_t *token, uint64_t changes)
{
	icred_token_unref(state->token);
	state->token = token;
	state->changes = changes;
	return set_all(auth, state);
}

/* It may turn up again, from a cache or a process that does not know of the refusal. */
static bool is_refused_one(const struct curl_state *state, const icred_token_t *token)
{
	return state->token && atomic_load(&state->token->body->dead) &&
	       secret_equal(icred_token_secret(token), icred_token_secret(state->token));
}

static int refused_again(icred_token_t *token)
{
	icred_token_unref(token);
	return set_error(ICRED_E_REJECTED,
			 "the server refused this token, and the issuer has not minted another one");
}

_export_ int icred_curl_apply(struct icred_curl *auth, CURL *easy, const char *url, const char *installation)
{
	struct curl_state *state = NULL;
	icred_token_t *token;
	uint64_t changes;
	int r = begin(auth, easy, url, installation, &state);

	if (r < 0)
		return r;
	if (state->token && get_is_current(auth->handle, state->token, state->changes))
		return set_all(auth, state);
	changes = table_changes(&auth->handle->table);
	r = icred_get_token(auth->handle, installation, 0, &token);
	return r < 0 ? refuse(auth, easy, state, r) : arm(auth, state, token, changes);
}

_export_ int icred_curl_start(struct icred_curl *auth, CURL *easy, const char *url, const char *installation,
			      icred_request_t **ret_request)
{
	struct curl_state *state = NULL;
	icred_token_t *token;
	int r;

	if (!ret_request)
		return missing("ret_request");
	r = begin(auth, easy, url, installation, &state);
	if (r < 0)
		return r;
	r = get_at_hand(auth->handle, installation, 0, &token);
	if (r == ICRED_OK) {
		*ret_request = NULL;
		return arm(auth, state, token, NOT_KNOWN);
	}
	refuse(auth, easy, state, r);
	if (r == ICRED_E_NOT_FOUND)
		r = icred_request_start(auth->handle, installation, 0, ret_request);
	state->begun = r == ICRED_OK;
	return r;
}

_export_ int icred_curl_finish(struct icred_curl *auth, CURL *easy, icred_request_t *request)
{
	struct curl_state *state = auth && easy ? curl_known(auth, easy) : NULL;
	icred_token_t *token;
	int r = ICRED_OK;

	/* The URL that was checked is the hook's, and so are the tokens that may go there. */
	if (!state || !request)
		r = set_error(ICRED_E_INVALID, "icred_curl_finish: nothing was started on this handle");
	else if (request_handle(request) != auth->handle)
		r = set_error(ICRED_E_INVALID,
			      "icred_curl_finish: the request is of another profile than the hook");
	else if (!state->begun)
		r = set_error(ICRED_E_INVALID, "icred_curl_finish: no URL was checked for this handle; call "
					       "icred_curl_start() first");
	if (r < 0) {
		icred_request_cancel(request);
		return state ? refuse(auth, easy, state, r) : r;
	}
	r = icred_request_finish(request, &token);
	if (r == ICRED_OK && is_refused_one(state, token))
		r = refused_again(token);
	return r < 0 ? refuse(auth, easy, state, r) : arm(auth, state, token, NOT_KNOWN);
}

/* -- after it ---------------------------------------------------------------- */

/* The state of a handle whose token is rejected by now, and which may be sent again; or NULL. */
static struct curl_state *refused(struct icred_curl *auth, CURL *easy)
{
	struct curl_state *state;

	no_error();
	if (!auth || !easy)
		return missing("auth and easy"), NULL;
	state = curl_known(auth, easy);
	if (!state || !state->token) {
		note_error(ICRED_E_INVALID, "this handle carries no token of the hook; call "
					    "icred_curl_apply() for each request");
		return NULL;
	}
	if (!curl_judge(auth, state))
		return NULL;
	if (icred_reject_token(auth->handle, state->token) < 0)
		log_line(&auth->handle->context.log, ICRED_LOG_WARNING,
			 "a refused token is still in a cache: %s", icred_error()->message);
	no_error();
	/* Not before: the next request is to have another token, whether this one can be repeated or not. */
	return curl_rewind(auth, state) ? state : NULL;
}

/* The answer to come is the repetition's. */
static int repeat(struct curl_state *state)
{
	state->retried = true;
	state->learned = false;
	state->seen = 0;
	return 1;
}

/* A token for the repetition: not the refused one, wherever that may still turn up. */
static icred_token_t *another(struct icred_curl *auth, struct curl_state *state)
{
	icred_token_t *token;

	if (icred_get_token(auth->handle, state->installation, 0, &token) < 0)
		return NULL;
	if (!is_refused_one(state, token))
		return token;
	refused_again(token);
	return NULL;
}

_export_ int icred_curl_should_retry(struct icred_curl *auth, CURL *easy)
{
	struct curl_state *state = refused(auth, easy);
	icred_token_t *token = state ? another(auth, state) : NULL;

	return token && arm(auth, state, token, NOT_KNOWN) == ICRED_OK ? repeat(state) : 0;
}

_export_ int icred_curl_restart(struct icred_curl *auth, CURL *easy, icred_request_t **ret_request)
{
	struct curl_state *state = ret_request ? refused(auth, easy) : NULL;

	if (!ret_request)
		missing("ret_request");
	if (!state || icred_request_start(auth->handle, state->installation, 0, ret_request) < 0)
		return 0;
	return repeat(state);
}

_export_ int icred_curl_perform(struct icred_curl *auth, CURL *easy, const char *url,
				const char *installation)
{
	int r = icred_curl_apply(auth, easy, url, installation);

	if (r < 0)
		return r;
	r = (int)auth->functions.easy_perform(easy);
	if (curl_went_well(auth, easy)) {
		no_error();
		return r;
	}
	if (!icred_curl_should_retry(auth, easy))
		return r;
	r = (int)auth->functions.easy_perform(easy);
	curl_learn(auth, curl_known(auth, easy));
	return r;
}

_export_ int icred_curl_multi_done(struct icred_curl *auth, CURLM *multi, CURLMsg *message)
{
	struct curl_state *state;
	icred_token_t *token;
	CURL *easy;

	if (!auth || !multi || !message)
		return missing("auth, multi and message"), 0;
	if (message->msg != CURL_MESSAGE_DONE)
		return no_error();
	easy = message->easy_handle; /* the message ends with the handle's place in the multi */
	state = refused(auth, easy);
	token = state ? another(auth, state) : NULL;
	if (!token)
		return 0;
	if (auth->functions.multi_remove_handle(multi, easy)) {
		icred_token_unref(token);
		note_error(ICRED_E_INVALID, "the easy handle cannot be taken out of this multi handle");
		return 0;
	}
	if (arm(auth, state, token, NOT_KNOWN) < 0)
		return 0;
	if (!auth->functions.multi_add_handle(multi, easy))
		return repeat(state);
	note_error(ICRED_E_INTERNAL, "libcurl does not take the easy handle into the multi handle again");
	return 0;
}

/* -- about a handle ------------------------------------------------------------ */

_export_ int icred_curl_set_rewind(struct icred_curl *auth, CURL *easy, icred_curl_rewind_fn rewind,
				   void *data)
{
	struct curl_state *state;

	if (!auth || !easy)
		return missing("auth and easy");
	state = curl_known(auth, easy);
	if (!state)
		state = curl_state_get(&auth->states, easy);
	if (!state)
		return set_no_memory();
	if (rewind)
		curl_mark(auth, state);
	else
		state->mark[0] = '\0';
	state->rewind = rewind;
	state->rewind_data = data;
	return ICRED_OK;
}

_export_ void icred_curl_saw(struct icred_curl *auth, CURL *easy, const void *data, size_t len)
{
	struct curl_state *state = auth && data ? curl_known(auth, easy) : NULL;

	if (!state)
		return;
	len = MIN(len, sizeof(state->text) - state->seen);
	memcpy(state->text + state->seen, data, len);
	state->seen += len;
}

_export_ void icred_curl_forget(struct icred_curl *auth, CURL *easy)
{
	struct curl_state *state = auth && easy ? curl_known(auth, easy) : NULL;

	if (!auth || !easy)
		return;
	if (state && state->retried)
		curl_learn(auth, state);
	refuse(auth, easy, state, ICRED_OK);
	curl_state_forget(&auth->states, easy);
}
