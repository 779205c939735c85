/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What failed, in words. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"
#include "plugin/shared/quote.h"

#define SECRET_ERRORS "org.freedesktop.Secret.Error."

/* What the service or libsecret says, fit for a message. */
void keyring_error_text(const GError *error, char text[KEYRING_TEXT_MAX])
{
	GError *bare = error ? g_error_copy(error) : NULL;
	const char *words = "no reason given";

	if (bare)
		g_dbus_error_strip_remote_error(bare);
	if (bare && bare->message)
		words = bare->message;
	quote(text, KEYRING_TEXT_MAX, words, strlen(words));
	g_clear_error(&bare);
}

/* The bus knows no such service and cannot start it. */
bool keyring_is_absent(const GError *error)
{
	return g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_SERVICE_UNKNOWN) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NAME_HAS_NO_OWNER) ||
	       (error->domain == G_DBUS_ERROR && error->code >= G_DBUS_ERROR_SPAWN_EXEC_FAILED &&
		error->code <= G_DBUS_ERROR_SPAWN_NO_MEMORY);
}

bool keyring_is_timeout(const GError *error)
{
	return g_error_matches(error, G_IO_ERROR, G_IO_ERROR_TIMED_OUT) ||
	       g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_TIMEOUT) ||
	       g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_TIMED_OUT);
}

/* Of a call to the service; frees the error. */
int keyring_gerror(const struct keyring_call *call, GError *error, const char *what)
{
	const struct icred_host *host = call->host;
	char *remote = g_dbus_error_get_remote_error(error);
	char text[KEYRING_TEXT_MAX];
	int r;

	keyring_error_text(error, text);
	if (keyring_is_timeout(error))
		r = keyring_timeout(call);
	else if (keyring_is_absent(error))
		r = host->fail(host, ICRED_E_NO_SERVICE,
			       "this session has no keyring service; start GNOME Keyring, KWallet or "
			       "KeePassXC and let it provide the Secret Service");
	else if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_NO_REPLY) ||
		 g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_DISCONNECTED) ||
		 g_error_matches(error, G_IO_ERROR, G_IO_ERROR_CLOSED))
		r = host->fail(host, ICRED_E_NO_SERVICE,
			       "the keyring service ended during a request; try again");
	else if (g_strcmp0(remote, SECRET_ERRORS "IsLocked") == 0)
		r = keyring_locked(call);
	else if (g_strcmp0(remote, SECRET_ERRORS "NoSuchObject") == 0)
		r = host->fail(host, ICRED_E_NOT_FOUND,
			       "the key has just been removed from the keyring; import it again");
	else if (g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED))
		r = host->fail(host, ICRED_E_DENIED,
			       "the keyring refuses %s: %s; allow this program to talk to " SERVICE_NAME,
			       what, text);
	else
		r = host->fail(host, ICRED_E_INTERNAL,
			       "the keyring service failed in %s: %s; restart it, or use another keyring",
			       what, text);
	g_free(remote);
	g_error_free(error);
	return r;
}

/* Of the connection to the bus; frees the error. */
int keyring_bus_error(const struct keyring_call *call, GError *error)
{
	const struct icred_host *host = call->host;
	char text[KEYRING_TEXT_MAX];
	int r;

	keyring_error_text(error, text);
	if (keyring_is_timeout(error))
		r = keyring_timeout(call);
	else if (g_error_matches(error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
		r = host->fail(host, ICRED_E_NO_SERVICE,
			       "the session bus may belong to another user, so no keyring: %s; unset "
			       "DBUS_SESSION_BUS_ADDRESS, or set it to your own bus",
			       text);
	else
		r = host->fail(host, ICRED_E_NO_SERVICE,
			       "no D-Bus session, so no keyring: %s; run inside a desktop session or under "
			       "dbus-run-session, or keep the key elsewhere",
			       text);
	g_error_free(error);
	return r;
}

int keyring_timeout(const struct keyring_call *call)
{
	return call->host->fail(
		call->host, ICRED_E_TIMEOUT,
		"the keyring did not answer in time; check whether it hangs, or raise the setting timeout");
}

int keyring_locked(const struct keyring_call *call)
{
	return call->host->fail(
		call->host, ICRED_E_LOCKED,
		"the keyring is locked%s; unlock it, for example by logging in to your desktop",
		call->host->interactive ? "" : " and cannot ask to be unlocked: not interactive");
}

int keyring_missing(const struct keyring_call *call, unsigned nth)
{
	return call->host->fail(call->host, ICRED_E_NOT_FOUND,
				"%s has no%s key of app %s for %s; import it with: icred key import app.pem",
				call->self->by_file ? "libsecret's file default.keyring" : "the keyring",
				nth ? " other" : "", call->query->app, call->query->origin);
}
