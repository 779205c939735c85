/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is there a Secret Service, or is it libsecret's own file? */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

#define PORTAL_NAME    "org.freedesktop.portal.Desktop"
#define PORTAL_PATH    "/org/freedesktop/portal/desktop"
#define PORTAL_IFACE   "org.freedesktop.portal.Secret"
#define PORTAL_VERSION 1
#define TEST_PASSWORD  "SECRET_FILE_TEST_PASSWORD" /* libsecret's */

/* The question libsecret asks as well, but here with an end.  1, 0 or an error: a portal that hangs is there. */
static int has_portal(const struct keyring_call *call)
{
	GVariant *answer, *value = NULL;
	GError *error = NULL;
	int is;

	if (!call->self->bus)
		return 0;
	answer = g_dbus_connection_call_sync(call->self->bus, PORTAL_NAME, PORTAL_PATH,
					     "org.freedesktop.DBus.Properties", "Get",
					     g_variant_new("(ss)", PORTAL_IFACE, "version"), NULL,
					     G_DBUS_CALL_FLAGS_NONE, keyring_patience(call), NULL, &error);
	if (!answer) {
		is = keyring_is_late(error) ? keyring_timeout(call) : 0;
		g_error_free(error);
		return is;
	}
	if (g_variant_is_of_type(answer, G_VARIANT_TYPE("(v)")))
		g_variant_get(answer, "(v)", &value);
	is = value && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32) &&
	     g_variant_get_uint32(value) == PORTAL_VERSION && keyring_is_trusted(call, PORTAL_NAME);
	g_clear_pointer(&value, g_variant_unref);
	g_variant_unref(answer);
	return is;
}

/* A sandbox's filter says "access denied" of a name that it hides. */
static int is_startable(const struct keyring_call *call)
{
	GError *error = NULL;
	int is;

	is = keyring_start(call, &error) ||
	     !(keyring_absent(error) || g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED));
	g_clear_error(&error);
	return is;
}

/* The bus starts only what it has a file of, so one that was started otherwise is asked for first. */
static int has_service(const struct keyring_call *call)
{
	return call->self->bus && (keyring_is_owned(call, SERVICE_NAME) || is_startable(call));
}

/* Never silently, and not without a word where its password protects nothing. */
static void tell(const struct icred_host *host)
{
	const char *password = g_getenv(TEST_PASSWORD);

	host->log(host, ICRED_LOG_INFO, "there is no Secret Service, so libsecret's file is used");
	if (password && password[0])
		host->log(host, ICRED_LOG_WARNING,
			  "the keys in libsecret's file are encrypted with the password in " TEST_PASSWORD
			  ", which is for tests: who can read that can read the keys");
}

/*
 * The file is chosen where libsecret would, but a service that is there goes
 * first, as it can tell locked from missing.  Everywhere else nothing is asked.
 */
int keyring_choose(const struct keyring_call *call, int *ret_by_file)
{
	int boxed = g_file_test("/.flatpak-info", G_FILE_TEST_EXISTS) || g_getenv("SNAP_NAME");
	int named = g_strcmp0(g_getenv("SECRET_BACKEND"), "file") == 0;
	int by_file = (boxed || named) && !has_service(call);

	if (by_file && !named)
		by_file = has_portal(call);
	if (by_file < 0)
		return by_file;
	/* A bus that hangs has used up the time. */
	if ((boxed || named) && keyring_late(call))
		return keyring_timeout(call);
	if (by_file)
		tell(call->host);
	*ret_by_file = by_file;
	return 0;
}
