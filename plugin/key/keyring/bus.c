/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <limits.h>

#include "lib/base/deadline.h"
#include "plugin/key/keyring/keyring.h"

#define ERROR_TEXT_MAX 200
#define SECRET_ERRORS  "org.freedesktop.Secret.Error."
#define DESKTOP        "GNOME Keyring, KWallet or KeePassXC"

/* How many milliseconds a call may take. */
int keyring_patience(const struct keyring_call *call)
{
	int64_t left = deadline_inner(call->host->time_left(call->host));

	return (int)CLAMP(left, 1, INT_MAX);
}

/* What the service wrote is quoted on one line, at a bearable length. */
static void error_text(const GError *error, char text[ERROR_TEXT_MAX])
{
	GError *bare = g_error_copy(error);

	g_dbus_error_strip_remote_error(bare);
	g_strlcpy(text, bare->message ? bare->message : "", ERROR_TEXT_MAX);
	g_error_free(bare);
	for (char *p = text; *p; p++)
		if (g_ascii_iscntrl(*p))
			*p = ' ';
}

int keyring_late(const struct keyring_call *call)
{
	return call->host->time_left(call->host) <= 0;
}

int keyring_timeout(const struct keyring_call *call)
{
	return call->host->fail(
		call->host, ICRED_E_TIMEOUT,
		"the keyring did not answer in time; see whether it is stuck, or raise the setting timeout");
}

int keyring_absent(const GError *error)
{
	return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
	       (error->domain == G_DBUS_ERROR && error->code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED &&
		error->code <= G_DBUS_ERROR_SPAWN_NO_MEMORY);
}

static int is_gone(const GError *error)
{
	return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_DISCONNECTED) ||
	       g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED);
}

int keyring_is_late(const GError *error)
{
	return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
	       g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_TIMED_OUT);
}

/* The service's own errors. */
static int is_named(const GError *error, const char *name)
{
	char *remote = g_dbus_error_get_remote_error(error);
	int is = remote && g_str_has_prefix(remote, SECRET_ERRORS) &&
		 strcmp(remote + strlen(SECRET_ERRORS), name) == 0;

	g_free(remote);
	return is;
}

/* Frees the error; the code says what kind of failure it was. */
int keyring_gerror(const struct keyring_call *call, GError *error, const char *what)
{
	const struct icred_host *host = call->host;
	char text[ERROR_TEXT_MAX];
	int rc;

	error_text(error, text);
	if (keyring_is_late(error))
		rc = keyring_timeout(call);
	else if (keyring_absent(error))
		rc = host->fail(host, ICRED_E_NO_SERVICE,
				"this session has no keyring service; start " DESKTOP
				" and let it provide the "
				"Secret Service");
	else if (is_gone(error))
		rc = host->fail(host, ICRED_E_NO_SERVICE,
				"the keyring service ended while it was asked; try again");
	else if (is_named(error, "IsLocked"))
		rc = keyring_locked(call);
	else if (is_named(error, "NoSuchObject"))
		rc = host->fail(host, ICRED_E_NOT_FOUND,
				"the key has just been removed from the keyring; import it again");
	else if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED))
		rc = host->fail(host, ICRED_E_DENIED,
				"the keyring refuses %s: %s; allow this program to talk to " SERVICE_NAME,
				what, text);
	else
		rc = host->fail(host, ICRED_E_INTERNAL,
				"the keyring service failed in %s: %s; restart it, or use another keyring",
				what, text);
	g_error_free(error);
	return rc;
}

static int bus_fail(const struct keyring_call *call, GError *error)
{
	const struct icred_host *host = call->host;
	char text[ERROR_TEXT_MAX];
	int rc;

	if (keyring_is_late(error))
		return keyring_gerror(call, error, "the connection");
	error_text(error, text);
	if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
		rc = host->fail(host, ICRED_E_NO_SERVICE,
				"the session bus may belong to another user, so no keyring (%s); unset "
				"DBUS_SESSION_BUS_ADDRESS, or set it to your own bus",
				text);
	else
		rc = host->fail(
			host, ICRED_E_NO_SERVICE,
			"no D-Bus session, so no keyring (%s); run inside a desktop session or under dbus-run-session, "
			"or keep the key elsewhere",
			text);
	g_error_free(error);
	return rc;
}

static GIOStream *bus_stream(GCancellable *cancel, GError **error)
{
	char *address = g_dbus_address_get_for_bus_sync(G_BUS_TYPE_SESSION, cancel, error);
	GIOStream *stream = address ? g_dbus_address_get_stream_sync(address, NULL, cancel, error) : NULL;

	g_free(address);
	return stream;
}

/* A connection of our own: its owner is checked before anything is said, and it can be let go of. */
static int bus_open(const struct keyring_call *call, GCancellable *cancel, GDBusConnection **ret_bus)
{
	const GDBusConnectionFlags flags = G_DBUS_CONNECTION_FLAGS_AUTHENTICATION_CLIENT |
					   G_DBUS_CONNECTION_FLAGS_MESSAGE_BUS_CONNECTION;
	GError *error = NULL;
	GIOStream *stream;
	GDBusConnection *bus;
	int rc;

	rc = keyring_check_address(call);
	if (rc)
		return rc;
	stream = bus_stream(cancel, &error);
	if (!stream)
		return bus_fail(call, error);
	rc = keyring_check_bus(call, stream);
	bus = rc ? NULL : g_dbus_connection_new_sync(stream, NULL, flags, NULL, cancel, &error);
	g_object_unref(stream);
	if (rc)
		return rc;
	if (!bus)
		return bus_fail(call, error);
	*ret_bus = bus;
	return 0;
}

int keyring_connect(const struct keyring_call *call)
{
	struct keyring *self = call->self;
	struct keyring_watchdog dog;
	int rc;

	if (keyring_late(call))
		return keyring_timeout(call);
	if (self->bus && !g_dbus_connection_is_closed(self->bus))
		return 0;
	keyring_disconnect(self);
	keyring_watchdog_start(&dog, call);
	rc = bus_open(call, dog.cancel, &self->bus);
	keyring_watchdog_stop(&dog);
	return rc;
}

void keyring_disconnect(struct keyring *self)
{
	keyring_session_end(self);
	g_clear_object(&self->bus);
	self->let_go = 0;
}

/* *ret_answer is the caller's; arguments may be floating and are always taken. */
int keyring_request(const struct keyring_call *call, const char *path, const char *iface, const char *method,
		    GVariant *arguments, const char *type, GVariant **ret_answer)
{
	GError *error = NULL;
	GVariant *answer;

	if (keyring_late(call)) {
		g_variant_unref(g_variant_ref_sink(arguments));
		return keyring_timeout(call);
	}
	answer = g_dbus_connection_call_sync(call->self->bus, SERVICE_NAME, path, iface, method, arguments,
					     G_VARIANT_TYPE(type), G_DBUS_CALL_FLAGS_NONE,
					     keyring_patience(call), NULL, &error);
	if (!answer)
		return keyring_gerror(call, error, method);
	*ret_answer = answer;
	return 0;
}

int keyring_property(const struct keyring_call *call, const char *path, const char *iface, const char *name,
		     const char *type, GVariant **ret_value)
{
	GVariant *answer = NULL, *value = NULL;
	int rc;

	rc = keyring_request(call, path, "org.freedesktop.DBus.Properties", "Get",
			     g_variant_new("(ss)", iface, name), "(v)", &answer);
	if (rc)
		return rc;
	g_variant_get(answer, "(v)", &value);
	g_variant_unref(answer);
	if (!g_variant_is_of_type(value, G_VARIANT_TYPE(type))) {
		g_variant_unref(value);
		return call->host->fail(
			call->host, ICRED_E_PROTOCOL,
			"the keyring service gives no valid value of %s; restart it, or use another "
			"keyring",
			name);
	}
	*ret_value = value;
	return 0;
}
