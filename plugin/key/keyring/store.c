/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

#define REPLACE           TRUE /* an item with the same attributes */
#define LABEL_FINGERPRINT 8    /* characters of it that a label shows */

struct item {
	const char *pem;
	size_t len;
	const char *label;
	const char *fingerprint;
	unsigned bits;
};

/* As it shall read in Seahorse or KWalletManager. */
char *keyring_label(const struct icred_key_query *query, const char *label, const char *fingerprint)
{
	const char *host = strstr(query->origin, "://");

	if (label && label[0])
		return g_utf8_make_valid(label, -1);
	return g_strdup_printf("ICR app %s key (%s) SHA256:%.*s…", query->app,
			       host ? host + 3 : query->origin, LABEL_FINGERPRINT, fingerprint);
}

static int create_default(const struct keyring_call *call)
{
	GVariant *answer = NULL;
	GVariantBuilder list;
	const char *prompt;
	int rc;

	if (!call->host->interactive)
		return call->host->fail(
			call->host, ICRED_E_LOCKED,
			"there is no default keyring yet, and making one asks for its password; log in "
			"to your desktop once, or run without --no-interactive in a terminal");
	g_variant_builder_init(&list, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&list, "{sv}", COLLECTION_IFACE ".Label",
			      g_variant_new_string("Default keyring"));
	rc = keyring_request(call, SERVICE_PATH, SERVICE_IFACE, "CreateCollection",
			     g_variant_new("(a{sv}s)", &list, "default"), "(oo)", &answer);
	if (rc)
		return rc;
	g_variant_get(answer, "(o&o)", NULL, &prompt);
	rc = keyring_prompt(call, prompt);
	g_variant_unref(answer);
	return rc;
}

/* The default collection, there and unlocked. */
static int open_default(const struct keyring_call *call, char **ret_path)
{
	GVariant *locked = NULL;
	char *path = NULL;
	int rc;

	rc = keyring_default(call, &path);
	if (!rc && !path) {
		rc = create_default(call);
		if (!rc)
			rc = keyring_default(call, &path);
		if (!rc && !path)
			rc = keyring_locked(call);
	}
	if (!rc)
		rc = keyring_property(call, path, COLLECTION_IFACE, "Locked", "b", &locked);
	if (!rc && g_variant_get_boolean(locked))
		rc = keyring_unlock(call, g_variant_new_objv((const char *const *)&path, 1));
	g_clear_pointer(&locked, g_variant_unref);
	if (rc)
		g_free(path);
	else
		*ret_path = path;
	return rc;
}

static GVariant *item_properties(const struct keyring_call *call, const struct item *item)
{
	char *label = keyring_label(call->query, item->label, item->fingerprint);
	GVariantBuilder list;

	g_variant_builder_init(&list, G_VARIANT_TYPE("a{sv}"));
	g_variant_builder_add(&list, "{sv}", ITEM_IFACE ".Label", g_variant_new_string(label));
	g_variant_builder_add(&list, "{sv}", ITEM_IFACE ".Attributes",
			      keyring_attributes(call->query, item->fingerprint, item->bits));
	g_free(label);
	return g_variant_builder_end(&list);
}

static int create_item(const struct keyring_call *call, const char *collection, const struct item *item)
{
	GVariant *secret = keyring_encode(call->self, item->pem, item->len);
	GVariant *answer = NULL;
	const char *prompt;
	int rc;

	if (!secret)
		return call->host->fail(call->host, ICRED_E_INTERNAL,
					"the key can't be encrypted for the keyring; try again");
	rc = keyring_request(
		call, collection, COLLECTION_IFACE, "CreateItem",
		g_variant_new("(@a{sv}@(oayays)b)", item_properties(call, item), secret, REPLACE), "(oo)",
		&answer);
	if (rc)
		return rc;
	g_variant_get(answer, "(o&o)", NULL, &prompt);
	rc = keyring_prompt(call, prompt);
	g_variant_unref(answer);
	return rc;
}

/* Some services keep an older twin beside the item; only the newest stays. */
static void drop_twins(const struct keyring_call *call, GVariant *paths, const char *keep)
{
	const char *path;

	for (gsize i = 0; i < MIN(g_variant_n_children(paths), KEYRING_ITEMS_MAX); i++) {
		g_variant_get_child(paths, i, "&o", &path);
		if (strcmp(path, keep) != 0)
			keyring_delete(call, path);
	}
}

static int changed(const struct item *item, const char *text, size_t len)
{
	return len != item->len || memcmp(text, item->pem, len) != 0;
}

/* What was stored must be found again, the same. */
static int read_back(const struct keyring_call *call, const struct item *item)
{
	const struct icred_host *host = call->host;
	struct keyring_found found = {NULL, NULL};
	char *path = NULL, *text = NULL;
	size_t len = 0;
	int rc;

	rc = keyring_search(call, item->fingerprint, &found);
	if (!rc)
		rc = keyring_nth(call, found.unlocked, 0, &path);
	if (!rc)
		rc = keyring_secret(call, path, &text, &len);
	if (!rc && changed(item, text, len))
		rc = host->fail(host, ICRED_E_PROTOCOL,
				"the keyring gives the key back changed; use another keyring");
	else if (rc == ICRED_E_NOT_FOUND)
		rc = host->fail(host, ICRED_E_PROTOCOL,
				"the keyring took the key but does not find it again; use another keyring");
	if (!rc)
		drop_twins(call, found.unlocked, path);
	if (text)
		host->secret_free(host, text);
	g_free(path);
	keyring_found_clear(&found);
	return rc;
}

/* The item that this key has already; NULL if it is new. */
static char *present_item(const struct keyring_call *call, const char *fingerprint)
{
	struct keyring_found found = {NULL, NULL};
	char *path = NULL;

	if (!keyring_search(call, fingerprint, &found))
		keyring_nth(call, found.unlocked, 0, &path);
	keyring_found_clear(&found);
	return path;
}

static int is_same(const struct keyring_call *call, const struct item *item, const char *path)
{
	size_t len = 0;
	char *text;
	int same;

	if (keyring_secret(call, path, &text, &len))
		return 0;
	same = !changed(item, text, len);
	call->host->secret_free(call->host, text);
	return same;
}

/* It may be the user's own words. */
static char *present_label(const struct keyring_call *call, const char *path)
{
	GVariant *value = NULL;
	char *label;

	if (keyring_property(call, path, ITEM_IFACE, "Label", "s", &value))
		return NULL;
	label = g_variant_dup_string(value, NULL);
	g_variant_unref(value);
	return label;
}

static int rename_item(const struct keyring_call *call, const char *path, const struct item *item)
{
	char *label = keyring_label(call->query, item->label, item->fingerprint);
	GVariant *answer = NULL;
	int rc;

	rc = keyring_request(call, path, "org.freedesktop.DBus.Properties", "Set",
			     g_variant_new("(ssv)", ITEM_IFACE, "Label", g_variant_new_string(label)), "()",
			     &answer);
	g_clear_pointer(&answer, g_variant_unref);
	g_free(label);
	return rc;
}

/* KeePassXC asks before an item is replaced, so one that holds this very text stays. */
static int put_item(const struct keyring_call *call, const char *collection, const struct item *item)
{
	char *path = present_item(call, item->fingerprint), *label = NULL;
	struct item labelled = *item;
	int rc;

	if (path && is_same(call, item, path)) {
		rc = item->label ? rename_item(call, path, item) : 0;
	} else {
		if (path && !item->label)
			labelled.label = label = present_label(call, path);
		rc = create_item(call, collection, &labelled);
	}
	g_free(label);
	g_free(path);
	return rc;
}

static int store_once(const struct keyring_call *call, const char *collection, const struct item *item)
{
	int rc;

	rc = keyring_session(call);
	if (!rc)
		rc = put_item(call, collection, item);
	return rc ? rc : read_back(call, item);
}

static int store_item(const struct keyring_call *call, const struct item *item)
{
	unsigned left = KEYRING_AGAIN;
	char *collection = NULL;
	int rc;

	rc = open_default(call, &collection);
	if (!rc) {
		do
			rc = store_once(call, collection, item);
		while (keyring_again(call, rc, &left));
	}
	g_free(collection);
	return rc;
}

int keyring_store(const struct keyring_call *call, const char *pem, const char *label,
		  const char *fingerprint)
{
	struct item item = {pem, strnlen(pem, RSA_PEM_MAX + 1), label, fingerprint, 0};
	char why[RSA_WHY_SIZE] = "";
	struct rsa_key *key = NULL;
	int rc;

	rc = rsa_open(pem, item.len, &key, why, sizeof(why));
	if (rc)
		return call->host->fail(call->host, rc, "%s", why);
	item.bits = rsa_bits(key);
	rsa_free(key);
	if (call->self->by_file)
		return keyring_file_store(call, pem, label, fingerprint, item.bits);
	return store_item(call, &item);
}
