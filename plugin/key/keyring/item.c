/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an item shows beside its secret: its label, its date, its fingerprint. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

#define LABEL_FINGERPRINT 8 /* characters of it that a label shows */

/* For Seahorse or KWalletManager to show. */
char *keyring_make_label(const struct icred_key_query *query, const char *label, const char *fingerprint)
{
	const char *host = strstr(query->origin, "://");

	if (label && label[0])
		return g_utf8_make_valid(label, -1);
	return g_strdup_printf("ICR app %s key (%s) SHA256:%.*s…", query->app,
			       host ? host + 3 : query->origin, LABEL_FINGERPRINT, fingerprint);
}

/* Of an item or a collection.  It is for people only, nothing depends on it: NULL if it cannot be read. */
char *keyring_label_of(const struct keyring_call *call, const char *path, const char *iface)
{
	GVariant *label = NULL;
	char *text;

	if (keyring_property(call, path, iface, "Label", "s", &label))
		return NULL;
	text = g_variant_dup_string(label, NULL);
	g_variant_unref(label);
	return text;
}

int keyring_show(const struct keyring_call *call, const char *path, bool locked, keyring_each_key *each,
		 void *data)
{
	struct icred_key key = {.size = sizeof(key), .module = "keyring", .label = "", .fingerprint = ""};
	GVariant *answer = NULL, *properties, *attributes;
	char *collection, *where;
	const char *bits = "";
	guint64 created = 0;
	int r;

	r = keyring_request(call, path, PROPERTIES_IFACE, "GetAll", g_variant_new("(s)", ITEM_IFACE),
			    "(a{sv})", &answer);
	if (r)
		return r;
	/* "Login" for .../collection/login */
	collection = g_path_get_dirname(path);
	where = keyring_label_of(call, collection, COLLECTION_IFACE);
	properties = g_variant_get_child_value(answer, 0);
	attributes = g_variant_lookup_value(properties, "Attributes", G_VARIANT_TYPE("a{ss}"));
	if (attributes) {
		g_variant_lookup(attributes, "fingerprint", "&s", &key.fingerprint);
		g_variant_lookup(attributes, "bits", "&s", &bits);
	}
	key.bits = (unsigned)g_ascii_strtoull(bits, NULL, 10);
	key.app = call->query->app;
	key.where = where && where[0] ? where : "keyring";
	key.locked = locked;
	g_variant_lookup(properties, "Label", "&s", &key.label);
	g_variant_lookup(properties, "Created", "t", &created);
	key.created_at = (int64_t)MIN(created, (guint64)G_MAXINT64);
	r = each(&key, data);
	g_clear_pointer(&attributes, g_variant_unref);
	g_variant_unref(properties);
	g_variant_unref(answer);
	g_free(collection);
	g_free(where);
	return r;
}
