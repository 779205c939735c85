/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The session in which secrets cross the bus encrypted: all that libsecret does for us is in this file. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

/*
 * libsecret's class takes GLib's shared connection, and any name on it that the
 * environment says.  Ours is on the connection that was checked, can be let go
 * of, and reads no property that nothing here needs.
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
		g_dbus_proxy_set_default_timeout(G_DBUS_PROXY(self->service), keyring_patience(call));
		if (!secret_service_ensure_session_sync(self->service, dog.cancel, &error))
			g_clear_object(&self->service);
	}
	keyring_watchdog_stop(&dog);
	return self->service ? 0 : keyring_gerror(call, error, "OpenSession");
}

void keyring_session_end(struct keyring *self)
{
	g_clear_object(&self->service);
}

/*
 * One session in 128 with KWallet is of no use, as libsecret leaves out leading
 * zeros that KWallet counts.  What may have failed by that is tried in another;
 * *left is how often.
 */
int keyring_again(const struct keyring_call *call, int rc, unsigned *left)
{
	if ((rc != ICRED_E_INTERNAL && rc != ICRED_E_PROTOCOL) || *left == 0)
		return 0;
	(*left)--;
	keyring_session_end(call->self);
	return 1;
}

const char *keyring_session_path(const struct keyring *self)
{
	return secret_service_get_session_dbus_path(self->service);
}

/* As the service wants it, (oayays), encrypted. */
GVariant *keyring_encode(const struct keyring *self, const char *text, size_t len)
{
	SecretValue *value = secret_value_new(text, (gssize)len, "text/plain");
	GVariant *secret = secret_service_encode_dbus_secret(self->service, value);

	secret_value_unref(value);
	return secret;
}

/* The other way: NUL-terminated, in the host's secret memory. */
int keyring_decode(const struct keyring_call *call, GVariant *secret, char **ret_text, size_t *ret_len)
{
	const struct icred_host *host = call->host;
	SecretValue *value = secret_service_decode_dbus_secret(call->self->service, secret);
	const char *inside;
	gsize len = 0;
	char *text;

	if (!value)
		return host->fail(
			host, ICRED_E_PROTOCOL,
			"the keyring service gave a secret that can't be decrypted; restart it, or use another keyring");
	inside = secret_value_get(value, &len);
	text = host->secret_alloc(host, len + 1);
	if (text) {
		memcpy(text, inside, len);
		text[len] = 0;
	}
	secret_value_unref(value);
	if (!text)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	*ret_text = text;
	*ret_len = len;
	return 0;
}
