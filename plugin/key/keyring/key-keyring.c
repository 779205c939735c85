/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key keyring: an app's RSA keys in the desktop's keyring, by way of the Secret Service. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"
#include "plugin/shared/signed.h"

/*
 * So long may a key sign that has meanwhile been removed, or locked away, in
 * the keyring.  A worker lives for some seconds anyway, and a JWT for minutes.
 */
#define RECENT_LIFE (5 * G_TIME_SPAN_SECOND)

static void recent_clear(struct keyring_recent *recent)
{
	recent->key = rsa_free(recent->key);
	g_clear_pointer(&recent->app, g_free);
	g_clear_pointer(&recent->origin, g_free);
}

int keyring_recent_fits(const struct keyring_recent *recent, const struct icred_key_query *query,
			unsigned nth)
{
	return recent->key && recent->nth == nth && g_get_monotonic_time() < recent->until &&
	       strcmp(recent->app, query->app) == 0 && strcmp(recent->origin, query->origin) == 0;
}

static void recent_set(struct keyring_recent *recent, const struct icred_key_query *query, unsigned nth,
		       const struct keyring_recent *found)
{
	recent_clear(recent);
	recent->key = found->key;
	recent->at = found->at;
	recent->app = g_strdup(query->app);
	recent->origin = g_strdup(query->origin);
	recent->nth = nth;
	recent->until = g_get_monotonic_time() + RECENT_LIFE;
}

static int query_valid(const struct icred_host *host, const struct icred_key_query *query)
{
	if (query->app && query->origin && g_utf8_validate(query->app, -1, NULL) &&
	    g_utf8_validate(query->origin, -1, NULL))
		return 0;
	return host->fail(host, ICRED_E_INVALID,
			  "the keyring takes UTF-8 text only; write the settings app and api as such");
}

/* Every call begins here, and ends in leave(). */
static int enter(const struct keyring_call *call)
{
	int rc, late;

	keyring_log_to(call->host);
	rc = query_valid(call->host, call->query);
	if (rc)
		return rc;
	rc = keyring_connect(call);
	if (rc && (rc != ICRED_E_NO_SERVICE || call->self->foreign))
		return rc;
	late = keyring_choose(call, &call->self->by_file);
	if (late)
		return late;
	if (call->self->by_file)
		return 0;
	return rc ? rc : keyring_check_service(call);
}

static int leave(const struct keyring_call *call, int rc)
{
	if (call->self->let_go)
		keyring_disconnect(call->self);
	keyring_log_to(NULL);
	return rc;
}

/* A service that was restarted since the last call knows our session no more: then once afresh. */
static int load_afresh(const struct keyring_call *call, unsigned nth, struct keyring_recent *found)
{
	int used = call->self->service != NULL;
	int rc;

	rc = keyring_load(call, nth, found);
	if (!used || call->self->by_file ||
	    (rc != ICRED_E_INTERNAL && rc != ICRED_E_NO_SERVICE && rc != ICRED_E_PROTOCOL))
		return rc;
	keyring_disconnect(call->self);
	rc = keyring_connect(call);
	if (!rc)
		rc = keyring_check_service(call);
	return rc ? rc : keyring_load(call, nth, found);
}

/* The key is there, in self->recent. */
static int have_key(const struct keyring_call *call, unsigned nth)
{
	struct keyring_recent *recent = &call->self->recent;
	struct keyring_recent found = {.key = NULL};
	int rc;

	if (keyring_recent_fits(recent, call->query, nth))
		return 0;
	rc = enter(call);
	if (!rc)
		rc = load_afresh(call, nth, &found);
	if (!rc)
		recent_set(recent, call->query, nth, &found);
	return rc;
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
	char why[RSA_WHY_SIZE] = "";
	int rc = have_key(&call, nth);

	if (rc)
		return leave(&call, rc);
	rc = rsa_sign(call.self->recent.key, data, len, signature, cap, ret_len, why, sizeof(why));
	if (rc)
		return leave(&call, host->fail(host, rc, "%s", why));
	signed_by(host, call.self->recent.key);
	return leave(&call, 0);
}

static int show_all(const struct keyring_call *call, GVariant *paths, int locked,
		    int (*each)(const struct icred_key *key, void *data), void *data)
{
	char **sorted = NULL;
	int rc;

	rc = keyring_by_date(call, paths, &sorted);
	for (unsigned i = 0; !rc && sorted[i]; i++)
		rc = keyring_show(call, sorted[i], locked, each, data);
	g_strfreev(sorted);
	return rc;
}

/*
 * A locked item may hide its fingerprint, so a person who is there is asked to
 * unlock; a no is no error, nor is it that the question has no desktop to appear on.
 */
static int find_to_show(const struct keyring_call *call, struct keyring_found *found)
{
	int rc;

	rc = keyring_find(call, NULL, found);
	if (rc || !call->host->interactive || !g_variant_n_children(found->locked))
		return rc;
	rc = keyring_unlock(call, found->locked);
	if (rc)
		return rc == ICRED_E_CANCELLED || rc == ICRED_E_LOCKED ? 0 : rc;
	keyring_found_clear(found);
	return keyring_search(call, NULL, found);
}

static int keyring_each(void *self, const struct icred_host *host, const struct icred_key_query *query,
			int (*each)(const struct icred_key *key, void *data), void *data)
{
	const struct keyring_call call = {self, host, query};
	struct keyring_found found = {NULL, NULL};
	int rc;

	rc = enter(&call);
	if (!rc && call.self->by_file)
		return leave(&call, keyring_file_each(&call, each, data));
	if (!rc)
		rc = find_to_show(&call, &found);
	if (!rc)
		rc = show_all(&call, found.unlocked, 0, each, data);
	if (!rc)
		rc = show_all(&call, found.locked, 1, each, data);
	keyring_found_clear(&found);
	return leave(&call, rc);
}

static int keyring_store_key(void *self, const struct icred_host *host, const struct icred_key_query *query,
			     const char *pem, const char *label, const char *fingerprint)
{
	const struct keyring_call call = {self, host, query};
	int rc;

	recent_clear(&call.self->recent);
	rc = enter(&call);
	if (!rc)
		rc = keyring_store(&call, pem, label, fingerprint);
	return leave(&call, rc);
}

static int remove_all(const struct keyring_call *call, GVariant *paths)
{
	gsize n = MIN(g_variant_n_children(paths), KEYRING_ITEMS_MAX);
	const char *path;
	int rc = 0;

	for (gsize i = 0; !rc && i < n; i++) {
		g_variant_get_child(paths, i, "&o", &path);
		rc = keyring_delete(call, path);
	}
	return rc;
}

static int remove_found(const struct keyring_call *call, const char *fingerprint)
{
	struct keyring_found found = {NULL, NULL};
	int rc;

	rc = keyring_find(call, fingerprint, &found);
	if (!rc && g_variant_n_children(found.locked)) {
		/* A copy that stays locked would still be there: all of them, or an error. */
		rc = keyring_unlock(call, found.locked);
		if (!rc) {
			keyring_found_clear(&found);
			rc = keyring_search(call, fingerprint, &found);
		}
	}
	if (!rc && !g_variant_n_children(found.unlocked))
		rc = call->host->fail(
			call->host, ICRED_E_NOT_FOUND,
			"the keyring has no key %s of app %s; icred key list shows those it has", fingerprint,
			call->query->app);
	if (!rc)
		rc = remove_all(call, found.unlocked);
	keyring_found_clear(&found);
	return rc;
}

static int keyring_remove(void *self, const struct icred_host *host, const struct icred_key_query *query,
			  const char *fingerprint)
{
	const struct keyring_call call = {self, host, query};
	int rc;

	recent_clear(&call.self->recent);
	rc = enter(&call);
	if (!rc)
		rc = call.self->by_file ? keyring_file_remove(&call, fingerprint)
					: remove_found(&call, fingerprint);
	return leave(&call, rc);
}

static int keyring_open(const struct icred_host *host, void **ret_self)
{
	(void)host;
	keyring_log_install();
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
