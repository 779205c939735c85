/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who owns the session bus, and the keyring?  Another user's gets no key, and none of its keys is used. */
#include "config.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/key/keyring/keyring.h"

/* root can read all that this user can, so it is trusted as this user is. */
static bool is_trusted_user(uid_t uid)
{
	return uid == geteuid() || uid == 0;
}

/* A call to the bus itself; its only result goes to ret_value, by a format string of g_variant_get(). */
static bool ask_bus(const struct keyring_call *call, const char *method, GVariant *arguments,
		    const char *type, void *ret_value, GError **error)
{
	GVariant *answer =
		g_dbus_connection_call_sync(call->self->bus, "org.freedesktop.DBus", "/org/freedesktop/DBus",
					    "org.freedesktop.DBus", method, arguments, G_VARIANT_TYPE(type),
					    G_DBUS_CALL_FLAGS_NONE, keyring_time_left(call), NULL, error);

	if (!answer)
		return false;
	g_variant_get(answer, type, ret_value);
	g_variant_unref(answer);
	return true;
}

/* The variable is the one that led there. */
static int foreign_bus(const struct keyring_call *call, uid_t uid, const char *variable)
{
	const struct icred_host *host = call->host;
	uid_t self = geteuid();

	call->self->foreign = true;
	if (self == 0)
		return host->fail(
			host, ICRED_E_NO_SERVICE,
			"the session bus belongs to user %u, not to root, so its keyring is not used; "
			"run this as user %u (without sudo), or unset %s (sudo without -E)",
			(unsigned)uid, (unsigned)uid, variable);
	return host->fail(host, ICRED_E_NO_SERVICE,
			  "the session bus belongs to user %u, not to user %u, so its keyring is not used; "
			  "unset %s, or set it to your own",
			  (unsigned)uid, (unsigned)self, variable);
}

/* GLib ignores another user's socket in $XDG_RUNTIME_DIR, and would only say that there is no bus. */
int keyring_check_address(const struct keyring_call *call)
{
	const char *address = g_getenv("DBUS_SESSION_BUS_ADDRESS"), *folder = g_getenv("XDG_RUNTIME_DIR");
	char *path = folder && !(address && address[0]) ? g_build_filename(folder, "bus", NULL) : NULL;
	struct stat st = {.st_uid = 0};
	bool is_there = path && stat(path, &st) == 0;

	g_free(path);
	call->self->foreign = false;
	return is_there && !is_trusted_user(st.st_uid) ? foreign_bus(call, st.st_uid, "XDG_RUNTIME_DIR") : 0;
}

/* Before anything is sent on a new connection: which user runs the process at the other end? */
int keyring_check_bus(const struct keyring_call *call, GIOStream *stream)
{
	GSocket *socket = G_IS_SOCKET_CONNECTION(stream)
				  ? g_socket_connection_get_socket(G_SOCKET_CONNECTION(stream))
				  : NULL;
	struct ucred peer = {.uid = (uid_t)-1};
	socklen_t len = sizeof(peer);

	/* GLib's own g_socket_get_credentials() refuses a peer in another PID namespace, such as a container's. */
	if (!socket || g_socket_get_family(socket) != G_SOCKET_FAMILY_UNIX ||
	    getsockopt(g_socket_get_fd(socket), SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
	    peer.uid == (uid_t)-1) {
		call->self->foreign = true;
		return call->host->fail(
			call->host, ICRED_E_NO_SERVICE,
			"the session bus is not a Unix socket, so its owner is unknown and its keyring is "
			"not used; set DBUS_SESSION_BUS_ADDRESS to unix:path=...");
	}
	return is_trusted_user(peer.uid) ? 0 : foreign_bus(call, peer.uid, "DBUS_SESSION_BUS_ADDRESS");
}

static bool owner_uid(const struct keyring_call *call, const char *name, guint32 *ret_uid, GError **error)
{
	return ask_bus(call, "GetConnectionUnixUser", g_variant_new("(s)", name), "(u)", ret_uid, error);
}

/* A service that does not run yet has no owner before the bus has started it. */
bool keyring_start(const struct keyring_call *call, GError **error)
{
	guint32 started;

	return ask_bus(call, "StartServiceByName", g_variant_new("(su)", SERVICE_NAME, 0), "(u)", &started,
		       error);
}

bool keyring_is_trusted(const struct keyring_call *call, const char *name)
{
	guint32 uid = 0;

	return owner_uid(call, name, &uid, NULL) && is_trusted_user(uid);
}

/*
 * Before each use of the service: a bus may let other users in, and one of
 * them may have taken the name meanwhile.
 */
int keyring_check_service(const struct keyring_call *call)
{
	GError *error = NULL;
	guint32 uid = 0;
	bool is_known = owner_uid(call, SERVICE_NAME, &uid, &error);

	if (!is_known && keyring_is_absent(error)) {
		g_clear_error(&error);
		is_known = keyring_start(call, &error) && owner_uid(call, SERVICE_NAME, &uid, &error);
	}
	if (!is_known)
		return keyring_gerror(call, error, "StartServiceByName");
	if (is_trusted_user(uid))
		return 0;
	return call->host->fail(
		call->host, ICRED_E_NO_SERVICE,
		"the keyring service on the session bus belongs to user %u, not to user %u, so it is "
		"not used; set DBUS_SESSION_BUS_ADDRESS to a bus that only you can use",
		(unsigned)uid, (unsigned)geteuid());
}

/* The unique name of the connection that owns a name on the bus, to be freed; NULL if there is none. */
static char *owner_of(const struct keyring_call *call, const char *name)
{
	char *owner = NULL;

	return ask_bus(call, "GetNameOwner", g_variant_new("(s)", name), "(s)", &owner, NULL) ? owner : NULL;
}

bool keyring_is_owned(const struct keyring_call *call, const char *name)
{
	char *owner = owner_of(call, name);
	bool is_owned = owner != NULL;

	g_free(owner);
	return is_owned;
}

/* The program that provides the keyring, by another name that it owns as well. */
enum keyring_program keyring_program(const struct keyring_call *call)
{
	static const struct {
		enum keyring_program program;
		const char *name;
	} known[] = {
		{KEYRING_GNOME, "org.gnome.keyring"},
		{KEYRING_KEEPASSXC, "org.keepassxc.KeePassXC.MainWindow"},
		{KEYRING_KWALLET, "org.kde.kwalletd6"},
		{KEYRING_KWALLET, "org.kde.ksecretd"},
		{KEYRING_KWALLET, "org.kde.kwalletd5"},
	};
	char *service = owner_of(call, SERVICE_NAME);
	enum keyring_program program = KEYRING_UNKNOWN;

	for (gsize i = 0; service && !program && i < G_N_ELEMENTS(known); i++) {
		char *owner = owner_of(call, known[i].name);

		if (g_strcmp0(owner, service) == 0)
			program = known[i].program;
		g_free(owner);
	}
	g_free(service);
	return program;
}
