/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is there a Secret Service, or is it libsecret's own file? */
#include "config.h"

#include "keyring.h"

#define PORTAL_NAME    "org.freedesktop.portal.Desktop"
#define PORTAL_PATH    "/org/freedesktop/portal/desktop"
#define PORTAL_IFACE   "org.freedesktop.portal.Secret"
#define PORTAL_VERSION 1
#define TEST_PASSWORD  "SECRET_FILE_TEST_PASSWORD" /* libsecret's */

static GVariant *ask_bus(const struct keyring_call *call, const char *name, const char *path,
			 const char *iface, const char *method, GVariant *arguments, GError **error)
{
	return g_dbus_connection_call_sync(call->self->bus, name, path, iface, method, arguments, NULL,
					   G_DBUS_CALL_FLAGS_NONE, keyring_patience(call), NULL, error);
}

/* The question libsecret asks as well, but here with an end. */
static int has_portal(const struct keyring_call *call)
{
	GVariant *answer, *value = NULL;
	int is;

	if (!call->self->bus)
		return 0;
	answer = ask_bus(call, PORTAL_NAME, PORTAL_PATH, "org.freedesktop.DBus.Properties", "Get",
			 g_variant_new("(ss)", PORTAL_IFACE, "version"), NULL);
	if (!answer)
		return 0;
	if (g_variant_is_of_type(answer, G_VARIANT_TYPE("(v)")))
		g_variant_get(answer, "(v)", &value);
	is = value && g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32) &&
	     g_variant_get_uint32(value) == PORTAL_VERSION;
	g_clear_pointer(&value, g_variant_unref);
	g_variant_unref(answer);
	return is;
}

static GVariant *ask_for_name(const struct keyring_call *call, const char *method, GVariant *arguments,
			      GError **error)
{
	return ask_bus(call, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus", method,
		       arguments, error);
}

static int is_running(const struct keyring_call *call)
{
	GVariant *answer = ask_for_name(call, "GetNameOwner", g_variant_new("(s)", SERVICE_NAME), NULL);
	int is = answer != NULL;

	g_clear_pointer(&answer, g_variant_unref);
	return is;
}

/* A sandbox's filter says "access denied" of a name that it hides. */
static int is_startable(const struct keyring_call *call)
{
	GError *error = NULL;
	GVariant *answer;
	int is;

	answer = ask_for_name(call, "StartServiceByName", g_variant_new("(su)", SERVICE_NAME, 0), &error);
	is = answer ||
	     !(keyring_absent(error) || g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED));
	g_clear_pointer(&answer, g_variant_unref);
	g_clear_error(&error);
	return is;
}

/* The bus starts only what it has a file of, so one that was started otherwise is asked for first. */
static int has_service(const struct keyring_call *call)
{
	return call->self->bus && (is_running(call) || is_startable(call));
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
	int by_file = (boxed || named) && !has_service(call) && (named || has_portal(call));

	/* A bus or a portal that hangs has used up the time. */
	if ((boxed || named) && keyring_patience(call) <= 1)
		return keyring_timeout(call);
	if (by_file)
		tell(call->host);
	*ret_by_file = by_file;
	return 0;
}
