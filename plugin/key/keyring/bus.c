/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The module's connection to the session bus, and calls over it. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

/*
 * Not GLib's shared connection: the owner of this one is checked before anything
 * is sent, and it can be closed when a question must be left open.
 */
int keyring_connect(const struct keyring_call *call)
{
	const GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
					   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
	struct keyring *self = call->self;
	struct keyring_watchdog dog;
	GIOStream *stream = NULL;
	GError *error = NULL;
	char *address;
	int r;

	if (keyring_is_late(call))
		return keyring_timeout(call);
	if (self->bus && !g_dbus_connection_is_closed(self->bus))
		return 0;
	keyring_disconnect(self);
	r = keyring_check_address(call);
	if (r)
		return r;
	keyring_watchdog_start(&dog, call);
	address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SESSION, dog.cancel, &error);
	if (address)
		stream = g_dbus_address_get_stream_sync(address, NULL, dog.cancel, &error);
	if (stream)
		r = keyring_check_bus(call, stream);
	if (stream && !r)
		self->bus = g_dbus_connection_new_sync(stream, NULL, flags, NULL, dog.cancel, &error);
	keyring_watchdog_stop(&dog);
	g_clear_object(&stream);
	g_free(address);
	return error ? keyring_bus_error(call, error) : r;
}

void keyring_disconnect(struct keyring *self)
{
	g_clear_object(&self->service);
	g_clear_object(&self->bus);
	self->question_left = false;
}

/* *ret_answer is the caller's; arguments may be floating and are always taken. */
int keyring_request(const struct keyring_call *call, const char *path, const char *iface, const char *method,
		    GVariant *arguments, const char *type, GVariant **ret_answer)
{
	GError *error = NULL;
	GVariant *answer;

	if (keyring_is_late(call)) {
		g_variant_unref(g_variant_ref_sink(arguments));
		return keyring_timeout(call);
	}
	answer = g_dbus_connection_call_sync(call->self->bus, SERVICE_NAME, path, iface, method, arguments,
					     G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NONE,
					     keyring_time_left(call), NULL, &error);
	if (!answer)
		return keyring_gerror(call, error, method);
	*ret_answer = answer;
	return 0;
}

int keyring_property(const struct keyring_call *call, const char *path, const char *iface, const char *name,
		     const char *type, GVariant **ret_value)
{
	GVariant *answer = NULL, *value = NULL;
	int r;

	r = keyring_request(call, path, PROPERTIES_IFACE, "Get", g_variant_new("(ss)", iface, name), "(v)",
			    &answer);
	if (r)
		return r;
	g_variant_get(answer, "(v)", &value);
	g_variant_unref(answer);
	if (!g_variant_is_of_type(value, G_VARIANT_TYPE(type))) {
		g_variant_unref(value);
		return call->host->fail(call->host, ICRED_E_PROTOCOL,
					"the keyring service returned an invalid value of %s; restart it, or "
					"use another keyring",
					name);
	}
	*ret_value = value;
	return 0;
}
