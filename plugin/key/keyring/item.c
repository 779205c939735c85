/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

/* The one secret of the answer; NULL if the service left it out. */
static GVariant *the_secret(GVariant *answer, const char *path)
{
	GVariant *secrets = g_variant_get_child_value(answer, 0);
	GVariant *secret = g_variant_lookup_value(secrets, path, NULL);

	if (!secret && g_variant_n_children(secrets) == 1)
		g_variant_get_child(secrets, 0, "{o@(oayays)}", NULL, &secret);
	g_variant_unref(secrets);
	return secret;
}

static int secret_once(const struct keyring_call *call, const char *path, char **ret_text, size_t *ret_len)
{
	GVariant *answer = NULL, *secret;
	int rc;

	rc = keyring_session(call);
	if (rc)
		return rc;
	rc = keyring_request(
		call, SERVICE_PATH, SERVICE_IFACE, "GetSecrets",
		g_variant_new("(@aoo)", g_variant_new_objv(&path, 1), keyring_session_path(call->self)),
		"(a{o(oayays)})", &answer);
	if (rc)
		return rc;
	secret = the_secret(answer, path);
	/* A service that leaves an item out has found it locked meanwhile. */
	rc = secret ? keyring_decode(call, secret, ret_text, ret_len) : keyring_locked(call);
	g_clear_pointer(&secret, g_variant_unref);
	g_variant_unref(answer);
	return rc;
}

/* The item's text, for the caller to free with host->secret_free(). */
int keyring_secret(const struct keyring_call *call, const char *path, char **ret_text, size_t *ret_len)
{
	unsigned left = KEYRING_AGAIN;
	int rc;

	do
		rc = secret_once(call, path, ret_text, ret_len);
	while (keyring_again(call, rc, &left));
	return rc;
}

static char *label_of(const struct keyring_call *call, const char *path, const char *iface)
{
	GVariant *label = NULL;
	char *text = NULL;

	if (!keyring_property(call, path, iface, "Label", "s", &label))
		text = g_variant_dup_string(label, NULL);
	g_clear_pointer(&label, g_variant_unref);
	return text;
}

/* The user reads it, nothing depends on it: NULL if it is not to be had. */
char *keyring_item_label(const struct keyring_call *call, const char *path)
{
	return label_of(call, path, ITEM_IFACE);
}

/* "Login" for .../collection/login; the same holds for it. */
static char *collection_label(const struct keyring_call *call, const char *item)
{
	char *path = g_path_get_dirname(item);
	char *text = label_of(call, path, COLLECTION_IFACE);

	g_free(path);
	return text;
}

static const char *attribute(GVariant *attributes, const char *name)
{
	const char *value = "";

	if (attributes)
		g_variant_lookup(attributes, name, "&s", &value);
	return value;
}

static int show(const struct keyring_call *call, const char *where, GVariant *properties, int locked,
		int (*each)(const struct icred_key *key, void *data), void *data)
{
	GVariant *attributes = g_variant_lookup_value(properties, "Attributes", G_VARIANT_TYPE("a{ss}"));
	struct icred_key key = {.size = sizeof(key), .module = "keyring", .label = ""};
	guint64 created = 0;
	int rc;

	key.fingerprint = attribute(attributes, "fingerprint");
	key.bits = (unsigned)g_ascii_strtoull(attribute(attributes, "bits"), NULL, 10);
	key.app = call->query->app;
	key.where = where;
	key.locked = locked ? 1 : 0;
	g_variant_lookup(properties, "Label", "&s", &key.label);
	g_variant_lookup(properties, "Created", "t", &created);
	key.created_at = (int64_t)MIN(created, (guint64)G_MAXINT64);
	rc = each(&key, data);
	g_clear_pointer(&attributes, g_variant_unref);
	return rc;
}

int keyring_show(const struct keyring_call *call, const char *path, int locked,
		 int (*each)(const struct icred_key *key, void *data), void *data)
{
	GVariant *answer = NULL, *properties;
	char *where;
	int rc;

	rc = keyring_request(call, path, "org.freedesktop.DBus.Properties", "GetAll",
			     g_variant_new("(s)", ITEM_IFACE), "(a{sv})", &answer);
	if (rc)
		return rc;
	properties = g_variant_get_child_value(answer, 0);
	where = collection_label(call, path);
	rc = show(call, where && where[0] ? where : "keyring", properties, locked, each, data);
	g_free(where);
	g_variant_unref(properties);
	g_variant_unref(answer);
	return rc;
}

int keyring_delete(const struct keyring_call *call, const char *path)
{
	GVariant *answer = NULL;
	const char *prompt;
	int rc;

	rc = keyring_request(call, path, ITEM_IFACE, "Delete", g_variant_new("()"), "(o)", &answer);
	if (rc)
		return rc;
	g_variant_get(answer, "(&o)", &prompt);
	rc = keyring_prompt(call, prompt);
	g_variant_unref(answer);
	return rc;
}
