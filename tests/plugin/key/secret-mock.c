/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Secret Service that holds one locked item and behaves badly, for what no
 * real one does on demand:
 *   secret-mock dismiss       the question is dismissed, at once
 *   secret-mock silent        the question is never answered
 *   secret-mock die           the service ends while it asks
 *   secret-mock mute          no call is ever answered
 * or as some do (with an item that is PEM's text):
 *   secret-mock unlock PEM    the question is answered, and the item unlocked
 *   secret-mock hidden PEM    the same, but what is locked shows no items at all, as with KWallet
 *   secret-mock confirm PEM   nothing is locked, but reading or deleting asks, as with KeePassXC
 *   secret-mock moved PEM     as hidden, but unlocking replaces the collection, by one without items
 *   secret-mock gone PEM      nothing is locked, but the item is removed just before it is read
 *   secret-mock once PEM      nothing is locked, but no secret can be read, and a second session is refused
 *
 * None of them keeps the schema's name, and none encrypts.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gio/gio.h>

#define PATH       "/org/freedesktop/secrets"
#define COLLECTION PATH "/collection/login"
#define ITEM       COLLECTION "/1"
#define PROMPT     PATH "/prompt/p1"
#define SESSION    PATH "/session/s1"
#define PERSON_MS  400 /* as fast as a user */

static const char *mode;
static char *pem;
static gsize pem_len;
static gboolean locked = TRUE, there = TRUE, deleting;
static guint collection;

static const char xml[] =
	"<node>"
	"<interface name='org.freedesktop.Secret.Service'>"
	"<method name='SearchItems'><arg type='a{ss}' direction='in'/>"
	"<arg type='ao' direction='out'/><arg type='ao' direction='out'/></method>"
	"<method name='Unlock'><arg type='ao' direction='in'/>"
	"<arg type='ao' direction='out'/><arg type='o' direction='out'/></method>"
	"<method name='OpenSession'><arg type='s' direction='in'/><arg type='v' direction='in'/>"
	"<arg type='v' direction='out'/><arg type='o' direction='out'/></method>"
	"<method name='GetSecrets'><arg type='ao' direction='in'/><arg type='o' direction='in'/>"
	"<arg type='a{o(oayays)}' direction='out'/></method>"
	"<method name='ReadAlias'><arg type='s' direction='in'/><arg type='o' direction='out'/></method>"
	"<property name='Collections' type='ao' access='read'/>"
	"</interface>"
	"<interface name='org.freedesktop.Secret.Collection'>"
	"<property name='Locked' type='b' access='read'/><property name='Items' type='ao' access='read'/>"
	"<property name='Label' type='s' access='read'/>"
	"</interface>"
	"<interface name='org.freedesktop.Secret.Prompt'>"
	"<method name='Prompt'><arg type='s' direction='in'/></method><method name='Dismiss'/>"
	"<signal name='Completed'><arg type='b'/><arg type='v'/></signal>"
	"</interface>"
	"<interface name='org.freedesktop.Secret.Item'>"
	"<method name='Delete'><arg type='o' direction='out'/></method>"
	"</interface>"
	"</node>";

static int is_mode(const char *name)
{
	return strcmp(mode, name) == 0;
}

static int is_hiding(void)
{
	return is_mode("hidden") || is_mode("moved");
}

static int is_open(void)
{
	return is_mode("confirm") || is_mode("gone") || is_mode("once");
}

static GVariant *items(gboolean any)
{
	const char *item = ITEM;

	return g_variant_new_objv(&item, any ? 1 : 0);
}

static gboolean answered(void *bus)
{
	gboolean dismissed = is_mode("dismiss");

	if (!dismissed && deleting)
		there = FALSE;
	if (!dismissed)
		locked = FALSE;
	if (is_mode("moved"))
		there = !g_dbus_connection_unregister_object(bus, collection);
	g_dbus_connection_emit_signal(bus, NULL, PROMPT, "org.freedesktop.Secret.Prompt", "Completed",
				      g_variant_new("(bv)", dismissed, items(!dismissed)), NULL);
	return G_SOURCE_REMOVE;
}

static void prompt(GDBusConnection *bus, GDBusMethodInvocation *call)
{
	if (is_mode("die"))
		exit(0);
	g_dbus_method_invocation_return_value(call, NULL);
	if (!is_mode("silent"))
		g_timeout_add(is_mode("dismiss") ? 0 : PERSON_MS, answered, bus);
}

static void take_back(GDBusMethodInvocation *call)
{
	puts(deleting ? "removal taken back" : "unlock taken back");
	deleting = FALSE;
	g_dbus_method_invocation_return_value(call, NULL);
}

static GVariant *search(GVariant *parameters)
{
	GVariant *attributes = g_variant_get_child_value(parameters, 0);
	gboolean by_schema = g_variant_lookup(attributes, "xdg:schema", "&s", NULL);
	gboolean unlocked = !locked || is_open();

	g_variant_unref(attributes);
	if (by_schema || !there || (locked && is_hiding()))
		return g_variant_new("(@ao@ao)", items(FALSE), items(FALSE));
	return g_variant_new("(@ao@ao)", items(unlocked), items(!unlocked));
}

static GVariant *secrets(void)
{
	GVariantBuilder list;

	g_variant_builder_init(&list, G_VARIANT_TYPE("a{o(oayays)}"));
	if (!locked)
		g_variant_builder_add(&list, "{o(o@ay@ays)}", ITEM, SESSION,
				      g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, "", 0, 1),
				      g_variant_new_fixed_array(G_VARIANT_TYPE_BYTE, pem, pem_len, 1),
				      "text/plain");
	return g_variant_new("(@a{o(oayays)})", g_variant_builder_end(&list));
}

static void open_session(GDBusMethodInvocation *call, GVariant *parameters)
{
	static int sessions;
	const char *algorithm;

	g_variant_get(parameters, "(&sv)", &algorithm, NULL);
	sessions += strcmp(algorithm, "plain") == 0;
	if (is_mode("once") && sessions > 1)
		g_dbus_method_invocation_return_dbus_error(call, "org.freedesktop.DBus.Error.AccessDenied",
							   algorithm);
	else if (strcmp(algorithm, "plain") == 0)
		g_dbus_method_invocation_return_value(
			call, g_variant_new("(vo)", g_variant_new_string(""), SESSION));
	else
		g_dbus_method_invocation_return_dbus_error(call, "org.freedesktop.DBus.Error.NotSupported",
							   algorithm);
}

static GVariant *drop_item(void)
{
	deleting = is_mode("confirm");
	there = deleting;
	return g_variant_new("(o)", deleting ? PROMPT : "/");
}

static void answer(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
		   const char *method, GVariant *parameters, GDBusMethodInvocation *call, void *data)
{
	(void)sender, (void)path, (void)iface, (void)data;
	if (is_mode("mute"))
		return;
	if (strcmp(method, "SearchItems") == 0)
		g_dbus_method_invocation_return_value(call, search(parameters));
	else if (strcmp(method, "Unlock") == 0)
		g_dbus_method_invocation_return_value(call, g_variant_new("(@aoo)", items(FALSE), PROMPT));
	else if (strcmp(method, "ReadAlias") == 0)
		g_dbus_method_invocation_return_value(call, g_variant_new("(o)", COLLECTION));
	else if (strcmp(method, "OpenSession") == 0)
		open_session(call, parameters);
	else if (strcmp(method, "GetSecrets") == 0 && is_mode("gone"))
		g_dbus_method_invocation_return_dbus_error(call, "org.freedesktop.Secret.Error.NoSuchObject",
							   ITEM);
	else if (strcmp(method, "GetSecrets") == 0 && is_mode("once"))
		g_dbus_method_invocation_return_dbus_error(call, "org.freedesktop.DBus.Error.Failed", ITEM);
	else if (strcmp(method, "GetSecrets") == 0)
		g_dbus_method_invocation_return_value(call, secrets());
	else if (strcmp(method, "Delete") == 0)
		g_dbus_method_invocation_return_value(call, drop_item());
	else if (strcmp(method, "Prompt") == 0)
		prompt(bus, call);
	else if (strcmp(method, "Dismiss") == 0)
		take_back(call);
	else
		g_dbus_method_invocation_return_value(call, NULL);
}

static GVariant *property(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
			  const char *name, GError **error, void *data)
{
	const char *each = COLLECTION;

	(void)bus, (void)sender, (void)path, (void)iface, (void)error, (void)data;
	if (strcmp(name, "Locked") == 0)
		return g_variant_new_boolean(locked && !is_open());
	if (strcmp(name, "Collections") == 0)
		return g_variant_new_objv(&each, locked || !is_mode("moved"));
	if (strcmp(name, "Label") == 0)
		return g_variant_new_string("Login");
	return items(there && !(locked && is_hiding()));
}

static guint offer(GDBusConnection *bus, GDBusNodeInfo *node, unsigned interface, const char *path)
{
	static const GDBusInterfaceVTable table = {.method_call = answer, .get_property = property};
	guint id = g_dbus_connection_register_object(bus, path, node->interfaces[interface], &table, NULL,
						     NULL, NULL);

	if (!id)
		exit(99);
	return id;
}

static void acquired(GDBusConnection *bus, const char *name, void *data)
{
	(void)name;
	offer(bus, data, 0, PATH);
	collection = offer(bus, data, 1, COLLECTION);
	offer(bus, data, 2, PROMPT);
	offer(bus, data, 3, ITEM);
}

int main(int argc, char **argv)
{
	GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(xml, NULL);

	if (argc < 2 || argc > 3 || !node ||
	    (argc == 3 && !g_file_get_contents(argv[2], &pem, &pem_len, NULL))) {
		fprintf(stderr, "usage: secret-mock dismiss|silent|die|mute\n"
				"       secret-mock unlock|hidden|confirm|moved|gone|once PEM\n");
		return 2;
	}
	mode = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	g_bus_own_name(G_BUS_TYPE_SESSION, "org.freedesktop.secrets", G_BUS_NAME_OWNER_FLAGS_NONE, acquired,
		       NULL, NULL, node, NULL);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
	return 0;
}
