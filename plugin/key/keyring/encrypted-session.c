/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session in which secrets cross the bus encrypted, which is libsecret's work. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

/*
 * libsecret's class takes GLib's shared connection, and on it the name that the
 * environment gives.  This one is on the connection that was checked and that can be
 * closed, and reads no property, as none is needed here.
 */
typedef SecretService KeyringService;
typedef SecretServiceClass KeyringServiceClass;
static GType keyring_service_get_type(void);
G_DEFINE_TYPE(KeyringService, keyring_service, SECRET_TYPE_SERVICE)

static GObject *keyring_service_constructor(GType type, guint count, GObjectConstructParam *properties)
{
	GObject *object = G_OBJECT_CLASS(keyring_service_parent_class)->constructor(type, count, properties);

	g_object_set(object, "g-bus-type", G_BUS_TYPE_NONE, "g-flags",
		     G_DBUS_PROXY_FLAGS_DO_NOT_LOAD_PROPERTIES | G_DBUS_PROXY_FLAGS_DO_NOT_CONNECT_SIGNALS,
		     NULL);
	/* GLib loses the name that was there. */
	if (g_strcmp0(g_dbus_proxy_get_name(G_DBUS_PROXY(object)), SERVICE_NAME) != 0)
		g_object_set(object, "g-name", SERVICE_NAME, NULL);
	return object;
}

static void keyring_service_class_init(KeyringServiceClass *class)
{
	G_OBJECT_CLASS(class)->constructor = keyring_service_constructor;
}

static void keyring_service_init(KeyringService *service)
{
	(void)service;
}

int keyring_session(const struct keyring_call *call)
{
	struct keyring *self = call->self;
	struct keyring_watchdog dog;
	GError *error = NULL;

	if (self->service)
		return 0;
	keyring_watchdog_start(&dog, call);
	self->service = g_initable_new(keyring_service_get_type(), dog.cancel, &error, "g-connection",
				       self->bus, "flags", SECRET_SERVICE_NONE, NULL);
	if (self->service) {
		g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(self->service), keyring_time_left(call));
		if (!secret_service_ensure_session_sync(self->service, dog.cancel, &error))
			g_clear_object(&self->service);
	}
	keyring_watchdog_stop(&dog);
	return self->service ? 0 : keyring_gerror(call, error, "OpenSession");
}

/*
 * One session in 128 with KWallet does not work, as libsecret leaves out leading
 * zeros that KWallet counts.  What may have failed for that reason is tried in
 * another session, *left times.
 */
bool keyring_again(const struct keyring_call *call, int r, unsigned *left)
{
	if ((r != ICRED_E_INTERNAL && r != ICRED_E_PROTOCOL) || *left == 0)
		return false;
	(*left)--;
	g_clear_object(&call->self->service);
	return true;
}

/* Into the host's secret memory, NUL-terminated; for the caller to free with host->secret_free(). */
int keyring_copy_secret(const struct keyring_call *call, SecretValue *value, char **ret_text, size_t *ret_len)
{
	const struct icred_host *host = call->host;
	const char *inside;
	gsize len = 0;
	char *text;

	inside = secret_value_get(value, &len);
	text = host->secret_alloc(host, len + 1);
	if (!text)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	memcpy(text, inside, len);
	text[len] = 0;
	*ret_text = text;
	*ret_len = len;
	return 0;
}

static int read_secret(const struct keyring_call *call, const char *path, char **ret_text, size_t *ret_len)
{
	GVariant *answer = NULL, *secrets, *secret;
	SecretValue *value;
	int r;

	r = keyring_session(call);
	if (!r)
		r = keyring_request(call, SERVICE_PATH, SERVICE_IFACE, "GetSecrets",
				    g_variant_new("(@aoo)", g_variant_new_objv(&path, 1),
						  secret_service_get_session_dbus_path(call->self->service)),
				    "(a{o(oayays)})", &answer);
	if (r)
		return r;
	secrets = g_variant_get_child_value(answer, 0);
	secret = g_variant_lookup_value(secrets, path, NULL);
	if (!secret && g_variant_n_children(secrets) == 1)
		g_variant_get_child(secrets, 0, "{o@(oayays)}", NULL, &secret);
	value = secret ? secret_service_decode_dbus_secret(call->self->service, secret) : NULL;
	if (value)
		r = keyring_copy_secret(call, value, ret_text, ret_len);
	else if (secret)
		r = call->host->fail(
			call->host, ICRED_E_PROTOCOL,
			"the keyring service returned a secret that cannot be decrypted; restart "
			"it, or use another keyring");
	else /* A service leaves out an item that has been locked meanwhile. */
		r = keyring_locked(call);
	g_clear_pointer(&value, secret_value_unref);
	g_clear_pointer(&secret, g_variant_unref);
	g_variant_unref(secrets);
	g_variant_unref(answer);
	return r;
}

/* As keyring_copy_secret(), of the item at path. */
int keyring_secret(const struct keyring_call *call, const char *path, char **ret_text, size_t *ret_len)
{
	unsigned left = KEYRING_AGAIN;
	int r;

	do
		r = read_secret(call, path, ret_text, ret_len);
	while (keyring_again(call, r, &left));
	return r;
}
