/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tokens that are cached: listed, rejected, forgotten. */
#include "config.h"

#include "lib/api/handle.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/secret.h"
#include "lib/base/text.h"
#include "lib/token/cache.h"

static int reject(struct icred *handle, struct token_body *body)
{
	const struct record *record = &body->record;

	rejected_add(&handle->rejected, record->secret);
	atomic_store_explicit(&body->dead, true, memory_order_relaxed);
	table_reject(&handle->table, record);
	return cache_drop(&handle->context, &record->identity, record->secret);
}

_export_ int icred_reject_token(icred_t *handle, icred_token_t *token)
{
	int r;

	if (!handle || !token)
		return set_error(ICRED_E_INVALID, "icred_reject_token: handle and token must not be NULL");
	r = reject(handle, token->body);
	wipe_traces();
	return r;
}

struct each_token {
	icred_t *handle;
	int (*each)(icred_token_t *token, const char *cache, void *data);
	void *data;
};

/* Of this profile's issuer, API and app; what else is in the caches is another profile's. */
static bool is_ours(struct icred *handle, const struct record *record)
{
	const char *app = settings_get(&handle->context.profile->settings, "app", 0);

	return (!app || same_string(record->identity.app, app)) &&
	       same_string(record->identity.api,
			   settings_get(&handle->context.profile->settings, "api", 0)) &&
	       same_string(record->identity.issuer, profile_issuer(handle->context.profile));
}

static int report_token(struct token_body *body, const char *module, void *data)
{
	struct each_token *each = data;
	icred_token_t *token;
	int r;

	if (!is_ours(each->handle, &body->record) || !token_alive(body, clock_utc(), 0))
		return 0;
	token = token_new(body);
	if (!token)
		return set_no_memory();
	r = each->each(token, module, each->data);
	icred_token_unref(token);
	return r;
}

_export_ int icred_token_each(icred_t *handle,
			      int (*each)(icred_token_t *token, const char *cache, void *data), void *data)
{
	struct each_token all = {handle, each, data};
	int r;

	if (!handle || !each)
		return set_error(ICRED_E_INVALID, "icred_token_each: handle and each must not be NULL");
	r = cache_each(&handle->context, true, report_token, &all);
	wipe_traces();
	return r;
}

struct forgetting {
	struct icred *handle;
	const char *secret; /* only the token of this text; NULL: all */
	bool any;
	struct failure failure; /* the first one; the rest is forgotten all the same */
};

static int forget_token(struct token_body *body, const char *module, void *data)
{
	struct forgetting *forgetting = data;
	struct icred *handle = forgetting->handle;
	int r;

	(void)module;
	if (!is_ours(handle, &body->record) ||
	    (forgetting->secret && !secret_equal(body->record.secret, forgetting->secret)))
		return 0;
	r = forgetting->secret ? reject(handle, body)
			       : cache_drop(&handle->context, &body->record.identity, NULL);
	forgetting->any = true;
	if (r < 0 && !forgetting->failure.code)
		failure_save(&forgetting->failure);
	return 0;
}

_export_ int icred_forget(icred_t *handle)
{
	struct forgetting forgetting = {.handle = handle};
	int r;

	if (!handle)
		return set_error(ICRED_E_INVALID, "icred_forget: handle must not be NULL");
	table_clear(&handle->table);
	r = cache_each(&handle->context, false, forget_token, &forgetting);
	wipe_traces();
	return forgetting.failure.code ? failure_restore(&forgetting.failure) : r;
}

int handle_reject_secret(struct icred *handle, const char *secret)
{
	struct forgetting forgetting = {.handle = handle, .secret = secret};
	int r = cache_each(&handle->context, false, forget_token, &forgetting);

	wipe_traces();
	if (forgetting.failure.code && forgetting.failure.code != ICRED_E_NOT_FOUND)
		return failure_restore(&forgetting.failure);
	return r == ICRED_OK && !forgetting.any ? ICRED_E_NOT_FOUND : r;
}
