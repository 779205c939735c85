/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key keyring: an app's RSA keys in the desktop's keyring, over the Secret Service. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

/*
 * How long a key may sign after it has been removed from the keyring, or locked
 * there.  A worker lives for some seconds anyway, and a JWT for minutes.
 */
#define RECENT_LIFE (5 * G_TIME_SPAN_SECOND)

static void recent_clear(struct keyring_recent *recent)
{
	recent->key = rsa_free(recent->key);
	g_clear_pointer(&recent->app, g_free);
	g_clear_pointer(&recent->origin, g_free);
}

/* Every call begins here, and ends in leave(). */
static int enter(const struct keyring_call *call)
{
	const struct icred_key_query *query = call->query;
	int r, chosen;

	keyring_log_to(call->host);
	if (!query->app || !query->origin || !g_utf8_validate(query->app, -1, NULL) ||
	    !g_utf8_validate(query->origin, -1, NULL))
		return call->host->fail(
			call->host, ICRED_E_INVALID,
			"the keyring accepts only UTF-8; write the settings app and api in UTF-8");
	r = keyring_connect(call);
	if (r && (r != ICRED_E_NO_SERVICE || call->self->foreign))
		return r;
	chosen = keyring_choose(call, &call->self->by_file);
	if (chosen)
		return chosen;
	if (call->self->by_file)
		return 0;
	return r ? r : keyring_check_service(call);
}

static int leave(const struct keyring_call *call, int r)
{
	if (call->self->question_left)
		keyring_disconnect(call->self);
	keyring_log_to(NULL);
	return r;
}

/* On 0 the key is in self->recent. */
static int have_key(const struct keyring_call *call, unsigned nth)
{
	struct keyring *self = call->self;
	struct keyring_recent found = {.key = NULL, .nth = nth};
	bool had_session;
	int r;

	if (keyring_recent_fits(&self->recent, call->query, nth))
		return 0;
	r = enter(call);
	if (r)
		return r;
	had_session = self->service != NULL;
	r = keyring_load(call, nth, &found);
	/* A service that was restarted since the last call does not know the session. */
	if (had_session && !self->by_file &&
	    (r == ICRED_E_INTERNAL || r == ICRED_E_NO_SERVICE || r == ICRED_E_PROTOCOL)) {
		keyring_disconnect(self);
		r = keyring_connect(call);
		if (!r)
			r = keyring_check_service(call);
		if (!r)
			r = keyring_load(call, nth, &found);
	}
	if (r)
		return r;
	recent_clear(&self->recent);
	found.app = g_strdup(call->query->app);
	found.origin = g_strdup(call->query->origin);
	found.until = g_get_monotonic_time() + RECENT_LIFE;
	self->recent = found;
	return 0;
}

static int keyring_prepare(void *self, const struct icred_host *host, const struct icred_key_query *query)
{
	const struct keyring_call call = {self, host, query};

	return leave(&call, have_key(&call, 0));
}

static int keyring_sign(void *self, const struct icred_host *host, const struct icred_key_query *query,
			unsigned nth, const void *data, size_t len, void *signature, size_t cap,
			size_t *ret_len)
{
	const struct keyring_call call = {self, host, query};
	int r = have_key(&call, nth);

	if (!r)
		r = rsa_sign_for(call.self->recent.key, host, data, len, signature, cap, ret_len);
	return leave(&call, r);
}

static int show_all(const struct keyring_call *call, GVariant *paths, bool locked, keyring_each_key *each,
		    void *data)
{
	char **sorted = NULL;
	int r;

	r = keyring_by_date(call, paths, &sorted);
	for (unsigned i = 0; !r && sorted[i]; i++)
		r = keyring_show(call, sorted[i], locked, each, data);
	g_strfreev(sorted);
	return r;
}

static int keyring_each(void *self, const struct icred_host *host, const struct icred_key_query *query,
			keyring_each_key *each, void *data)
{
	const struct keyring_call call = {self, host, query};
	struct keyring_found found = {NULL, NULL};
	int r;

	r = enter(&call);
	if (!r && call.self->by_file)
		return leave(&call, keyring_file_each(&call, each, data));
	if (!r)
		r = keyring_find(&call, NULL, &found);
	/* A locked item may hide its fingerprint, so the user is asked to unlock it. */
	if (!r && host->interactive && g_variant_n_children(found.locked)) {
		r = keyring_unlock(&call, found.locked);
		if (!r)
			r = keyring_search(&call, NULL, &found);
		else if (r == ICRED_E_CANCELLED || r == ICRED_E_LOCKED)
			r = 0; /* dismissed, or no desktop to show the question on: list it as locked */
	}
	if (!r)
		r = show_all(&call, found.unlocked, false, each, data);
	if (!r)
		r = show_all(&call, found.locked, true, each, data);
	keyring_found_clear(&found);
	return leave(&call, r);
}

static int keyring_store_key(void *self, const struct icred_host *host, const struct icred_key_query *query,
			     const char *pem, const char *label, const char *fingerprint)
{
	const struct keyring_call call = {self, host, query};
	int r;

	recent_clear(&call.self->recent);
	r = enter(&call);
	if (!r)
		r = keyring_store(&call, pem, label, fingerprint);
	return leave(&call, r);
}

static int keyring_remove(void *self, const struct icred_host *host, const struct icred_key_query *query,
			  const char *fingerprint)
{
	const struct keyring_call call = {self, host, query};
	struct keyring_found found = {NULL, NULL};
	int r;

	recent_clear(&call.self->recent);
	r = enter(&call);
	if (!r && call.self->by_file)
		return leave(&call, keyring_file_remove(&call, fingerprint));
	if (!r)
		r = keyring_find(&call, fingerprint, &found);
	/* A copy that stays locked would still be there: all of them, or an error. */
	if (!r && g_variant_n_children(found.locked)) {
		r = keyring_unlock(&call, found.locked);
		if (!r)
			r = keyring_search(&call, fingerprint, &found);
	}
	if (!r && !g_variant_n_children(found.unlocked))
		r = host->fail(host, ICRED_E_NOT_FOUND,
			       "the keyring has no key %s of app %s; list its keys with: icred key list",
			       fingerprint, query->app);
	for (gsize i = 0; !r && i < MIN(g_variant_n_children(found.unlocked), KEYRING_ITEMS_MAX); i++) {
		const char *path;

		g_variant_get_child(found.unlocked, i, "&o", &path);
		r = keyring_change(&call, path, ITEM_IFACE, "Delete", g_variant_new("()"), "(o)");
	}
	keyring_found_clear(&found);
	return leave(&call, r);
}

static int keyring_open(const struct icred_host *host, void **ret_self)
{
	(void)host;
	*ret_self = g_new0(struct keyring, 1);
	return 0;
}

static void keyring_close(void *self, const struct icred_host *host)
{
	struct keyring *keyring = self;

	(void)host;
	if (!keyring)
		return;
	recent_clear(&keyring->recent);
	keyring_disconnect(keyring);
	g_free(keyring);
}

static const struct icred_key_ops keyring_ops = {
	.size = sizeof(keyring_ops),
	.sign = keyring_sign,
	.prepare = keyring_prepare,
	.each = keyring_each,
	.store = keyring_store_key,
	.remove = keyring_remove,
};

static const struct icred_module keyring_module = {
	.size = sizeof(keyring_module),
	.minor = ICRED_MODULE_MINOR,
	.facility = ICRED_KEY,
	.name = "keyring",
	.threads = ICRED_THREADS_SERIAL,
	.can = ICRED_CAN_SIGN | ICRED_CAN_LIST | ICRED_CAN_STORE | ICRED_CAN_REMOVE,
	.open = keyring_open,
	.close = keyring_close,
	.ops = &keyring_ops,
	.arguments = "",
};

const struct icred_module *icred_module_1(void)
{
	return &keyring_module;
}
