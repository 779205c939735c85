/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is there a Secret Service, or is it libsecret's own file? */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

#define PORTAL_NAME    "org.freedesktop.portal.Desktop"
#define PORTAL_VERSION 1
#define TEST_PASSWORD  "SECRET_FILE_TEST_PASSWORD" /* libsecret's */

/* The bus starts only services that it has a file of, so one that was started otherwise is looked for first. */
static bool has_service(const struct keyring_call *call)
{
	GError *error = NULL;
	bool is_startable;

	if (!call->self->bus)
		return false;
	if (keyring_is_owned(call, SERVICE_NAME) || keyring_start(call, &error))
		return true;
	/* A sandbox's filter says "access denied" of a name that it hides. */
	is_startable = !keyring_is_absent(error) &&
		       !g_error_matches(error, G_DBUS_ERROR, G_DBUS_ERROR_ACCESS_DENIED);
	g_error_free(error);
	return is_startable;
}

/* libsecret asks the same, but without a timeout.  1, 0 or an error: a portal that hangs is there. */
static int has_portal(const struct keyring_call *call)
{
	GVariant *answer, *value = NULL;
	GError *error = NULL;
	int has;

	if (!call->self->bus)
		return 0;
	answer = g_dbus_connection_call_sync(
		call->self->bus, PORTAL_NAME, "/org/freedesktop/portal/desktop", PROPERTIES_IFACE, "Get",
		g_variant_new("(ss)", "org.freedesktop.portal.Secret", "version"), G_VARIANT_TYPE("(v)"),
		G_DBUS_CALL_FLAGS_NONE, keyring_time_left(call), NULL, &error);
	if (!answer) {
		has = keyring_is_timeout(error) ? keyring_timeout(call) : 0;
		g_error_free(error);
		return has;
	}
	g_variant_get(answer, "(v)", &value);
	has = g_variant_is_of_type(value, G_VARIANT_TYPE_UINT32) &&
	      g_variant_get_uint32(value) == PORTAL_VERSION && keyring_is_trusted(call, PORTAL_NAME);
	g_variant_unref(value);
	g_variant_unref(answer);
	return has;
}

/*
 * The file is chosen where libsecret would, but a service that is there goes
 * first, as it can distinguish a locked key from a missing one.  Outside of a
 * sandbox, and without SECRET_BACKEND, this costs no request.
 */
int keyring_choose(const struct keyring_call *call, bool *ret_by_file)
{
	const struct icred_host *host = call->host;
	bool boxed = g_file_test("/.flatpak-info", G_FILE_TEST_EXISTS) || g_getenv("SNAP_NAME");
	bool named = g_strcmp0(g_getenv("SECRET_BACKEND"), "file") == 0;
	const char *password = g_getenv(TEST_PASSWORD);
	int by_file = (boxed || named) && !has_service(call);

	if (by_file && !named)
		by_file = has_portal(call);
	if (by_file < 0)
		return by_file;
	/* A bus that hangs has used up the time. */
	if ((boxed || named) && keyring_is_late(call))
		return keyring_timeout(call);
	if (by_file)
		host->log(host, ICRED_LOG_INFO, "there is no Secret Service, so libsecret's file is used");
	if (by_file && password && password[0])
		host->log(host, ICRED_LOG_WARNING,
			  "libsecret's file is encrypted with the password in " TEST_PASSWORD
			  ", which is for tests: a program that can read it can read the keys");
	*ret_by_file = by_file;
	return 0;
}
