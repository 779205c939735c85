/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Storing a key as an item, or in place of the one that has the same key. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

#define REPLACE TRUE /* an item with the same attributes */

struct item {
	const char *pem;
	size_t len;
	const char *label;
	const char *fingerprint;
	unsigned bits;
};

static int create_default(const struct keyring_call *call)
{
	GVariantBuilder list;

	if (!call->host->interactive)
		return call->host->fail(
			call->host, ICRED_E_LOCKED,
			"there is no default keyring yet, and a new one cannot ask for its password: not "
			"interactive; log in to your desktop once");
	g_variant_builder_init(&list, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&list, "{sv}", COLLECTION_IFACE ".Label",
			      g_variant_new_string("Default keyring"));
	return keyring_change(call, SERVICE_PATH, SERVICE_IFACE, "CreateCollection",
			      g_variant_new("(a{sv}s)", &list, "default"), "(oo)");
}

/* The default collection, unlocked, created if there is none. */
static int open_default(const struct keyring_call *call, char **ret_path)
{
	GVariant *locked = NULL;
	char *path = NULL;
	int r;

	r = keyring_default(call, &path);
	if (!r && !path) {
		r = create_default(call);
		if (!r)
			r = keyring_default(call, &path);
		if (!r && !path)
			r = keyring_locked(call);
	}
	if (!r)
		r = keyring_property(call, path, COLLECTION_IFACE, "Locked", "b", &locked);
	if (!r && g_variant_get_boolean(locked))
		r = keyring_unlock_path(call, path);
	g_clear_pointer(&locked, g_variant_unref);
	if (r)
		g_free(path);
	else
		*ret_path = path;
	return r;
}

static int create_item(const struct keyring_call *call, const char *collection, const struct item *item,
		       const char *label)
{
	SecretValue *value = secret_value_new(item->pem, (gssize)item->len, "text/plain");
	GVariant *secret = secret_service_encode_dbus_secret(call->self->service, value);
	GVariantBuilder list;
	char *shown;

	secret_value_unref(value);
	if (!secret)
		return call->host->fail(call->host, ICRED_E_INTERNAL,
					"the key cannot be encrypted for the keyring; try again");
	shown = keyring_make_label(call->query, label, item->fingerprint);
	g_variant_builder_init(&list, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&list, "{sv}", ITEM_IFACE ".Label", g_variant_new_string(shown));
	g_variant_builder_add(&list, "{sv}", ITEM_IFACE ".Attributes",
			      keyring_attributes(call->query, item->fingerprint, item->bits));
	g_free(shown);
	return keyring_change(call, collection, COLLECTION_IFACE, "CreateItem",
			      g_variant_new("(a{sv}@(oayays)b)", &list, secret, REPLACE), "(oo)");
}

/* The newest unlocked item of this key, if there is one, and whether it holds the same text. */
static int find_stored(const struct keyring_call *call, const struct item *item, struct keyring_found *found,
		       char **ret_path, bool *ret_same)
{
	char *text = NULL;
	size_t len = 0;
	int r;

	*ret_same = false;
	r = keyring_search(call, item->fingerprint, found);
	if (!r)
		r = keyring_nth(call, found->unlocked, 0, ret_path);
	if (!r)
		r = keyring_secret(call, *ret_path, &text, &len);
	if (r)
		return r;
	*ret_same = len == item->len && memcmp(text, item->pem, len) == 0;
	call->host->secret_free(call->host, text);
	return 0;
}

/* KeePassXC asks before an item is replaced, so one that holds the same text stays. */
static int put_item(const struct keyring_call *call, const char *collection, const struct item *item)
{
	struct keyring_found found = {NULL, NULL};
	char *path = NULL, *label = NULL;
	GVariant *answer = NULL;
	bool same;
	int r = 0;

	/* If it cannot be read, it is replaced. */
	find_stored(call, item, &found, &path, &same);
	if (!same) {
		/* The label that it has may be the user's own. */
		if (path && !item->label)
			label = keyring_label_of(call, path, ITEM_IFACE);
		/* Reading in vain may have ended the session. */
		r = keyring_session(call);
		if (!r)
			r = create_item(call, collection, item, label ? label : item->label);
	} else if (item->label) {
		label = keyring_make_label(call->query, item->label, item->fingerprint);
		r = keyring_request(call, path, PROPERTIES_IFACE, "Set",
				    g_variant_new("(ssv)", ITEM_IFACE, "Label", g_variant_new_string(label)),
				    "()", &answer);
	}
	g_clear_pointer(&answer, g_variant_unref);
	keyring_found_clear(&found);
	g_free(label);
	g_free(path);
	return r;
}

/* What was stored must be found again, the same. */
static int read_back(const struct keyring_call *call, const struct item *item)
{
	const struct icred_host *host = call->host;
	struct keyring_found found = {NULL, NULL};
	char *path = NULL;
	bool same;
	int r;

	r = find_stored(call, item, &found, &path, &same);
	if (!r && !same)
		r = host->fail(host, ICRED_E_PROTOCOL,
			       "the keyring returned the key changed; use another keyring");
	else if (r == ICRED_E_NOT_FOUND)
		r = host->fail(host, ICRED_E_PROTOCOL,
			       "the keyring stored the key but does not find it; use another keyring");
	/* Some services keep an older twin beside the item; only the newest stays. */
	for (gsize i = 0; !r && i < MIN(g_variant_n_children(found.unlocked), KEYRING_ITEMS_MAX); i++) {
		const char *twin;

		g_variant_get_child(found.unlocked, i, "&o", &twin);
		if (strcmp(twin, path) != 0)
			keyring_change(call, twin, ITEM_IFACE, "Delete", g_variant_new("()"), "(o)");
	}
	keyring_found_clear(&found);
	g_free(path);
	return r;
}

int keyring_store(const struct keyring_call *call, const char *pem, const char *label,
		  const char *fingerprint)
{
	struct item item = {pem, strnlen(pem, RSA_PEM_MAX + 1), label, fingerprint, 0};
	char why[RSA_WHY_SIZE] = "";
	struct rsa_key *key = NULL;
	unsigned left = KEYRING_AGAIN;
	char *collection = NULL;
	int r;

	r = rsa_open(pem, item.len, &key, why, sizeof(why));
	if (r)
		return call->host->fail(call->host, r, "%s", why);
	item.bits = rsa_bits(key);
	rsa_free(key);
	if (call->self->by_file)
		return keyring_file_store(call, pem, label, fingerprint, item.bits);
	r = open_default(call, &collection);
	if (r)
		return r;
	do {
		r = keyring_session(call);
		if (!r)
			r = put_item(call, collection, &item);
		if (!r)
			r = read_back(call, &item);
	} while (keyring_again(call, r, &left));
	g_free(collection);
	return r;
}
