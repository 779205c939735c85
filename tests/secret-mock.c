/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A Secret Service that holds one locked item and behaves badly, for what no
 * real one does on demand:
 *   secret-mock dismiss   the question is dismissed
 *   secret-mock silent    the question is never answered
 *   secret-mock die       the service ends while it asks
 *   secret-mock hidden    locked, and therefore shows no items at all
 *   secret-mock mute      no call is ever answered
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
#define PERSON_MS  400 /* a person is no faster */

static const char *mode;

static const char xml[] =
	"<node>"
	"<interface name='org.freedesktop.Secret.Service'>"
	"<method name='SearchItems'><arg type='a{ss}' direction='in'/>"
	"<arg type='ao' direction='out'/><arg type='ao' direction='out'/></method>"
	"<method name='Unlock'><arg type='ao' direction='in'/>"
	"<arg type='ao' direction='out'/><arg type='o' direction='out'/></method>"
	"<method name='ReadAlias'><arg type='s' direction='in'/><arg type='o' direction='out'/></method>"
	"</interface>"
	"<interface name='org.freedesktop.Secret.Collection'>"
	"<property name='Locked' type='b' access='read'/><property name='Items' type='ao' access='read'/>"
	"<property name='Label' type='s' access='read'/>"
	"</interface>"
	"<interface name='org.freedesktop.Secret.Prompt'>"
	"<method name='Prompt'><arg type='s' direction='in'/></method><method name='Dismiss'/>"
	"<signal name='Completed'><arg type='b'/><arg type='v'/></signal>"
	"</interface>"
	"</node>";

static int is_mode(const char *name)
{
	return strcmp(mode, name) == 0;
}

static GVariant *items(int there)
{
	const char *item = ITEM;

	return g_variant_new_objv(&item, there ? 1 : 0);
}

static gboolean dismissed(void *bus)
{
	g_dbus_connection_emit_signal(bus, NULL, PROMPT, "org.freedesktop.Secret.Prompt", "Completed",
				      g_variant_new("(bv)", TRUE, items(0)), NULL);
	return G_SOURCE_REMOVE;
}

static void prompt(GDBusConnection *bus, GDBusMethodInvocation *call)
{
	if (is_mode("die"))
		exit(0);
	g_dbus_method_invocation_return_value(call, NULL);
	if (is_mode("dismiss"))
		g_timeout_add(PERSON_MS, dismissed, bus);
}

static void answer(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
		   const char *method, GVariant *parameters, GDBusMethodInvocation *call, void *data)
{
	(void)sender, (void)path, (void)iface, (void)parameters, (void)data;
	if (is_mode("mute"))
		return;
	if (strcmp(method, "SearchItems") == 0)
		g_dbus_method_invocation_return_value(
			call, g_variant_new("(@ao@ao)", items(0), items(!is_mode("hidden"))));
	else if (strcmp(method, "Unlock") == 0)
		g_dbus_method_invocation_return_value(call, g_variant_new("(@aoo)", items(0), PROMPT));
	else if (strcmp(method, "ReadAlias") == 0)
		g_dbus_method_invocation_return_value(call, g_variant_new("(o)", COLLECTION));
	else if (strcmp(method, "Prompt") == 0)
		prompt(bus, call);
	else
		g_dbus_method_invocation_return_value(call, NULL);
}

static GVariant *property(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
			  const char *name, GError **error, void *data)
{
	(void)bus, (void)sender, (void)path, (void)iface, (void)error, (void)data;
	if (strcmp(name, "Locked") == 0)
		return g_variant_new_boolean(TRUE);
	if (strcmp(name, "Label") == 0)
		return g_variant_new_string("Login");
	return items(!is_mode("hidden"));
}

static void offer(GDBusConnection *bus, GDBusNodeInfo *node, unsigned interface, const char *path)
{
	static const GDBusInterfaceVTable table = {.method_call = answer, .get_property = property};

	if (!g_dbus_connection_register_object(bus, path, node->interfaces[interface], &table, NULL, NULL,
					       NULL))
		exit(99);
}

static void acquired(GDBusConnection *bus, const char *name, void *data)
{
	(void)name;
	offer(bus, data, 0, PATH);
	offer(bus, data, 1, COLLECTION);
	offer(bus, data, 2, PROMPT);
}

int main(int argc, char **argv)
{
	GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(xml, NULL);

	if (argc != 2 || !node) {
		fprintf(stderr, "usage: secret-mock dismiss|silent|die|hidden|mute\n");
		return 2;
	}
	mode = argv[1];
	g_bus_own_name(G_BUS_TYPE_SESSION, "org.freedesktop.secrets", G_BUS_NAME_OWNER_FLAGS_NONE, acquired,
		       NULL, NULL, node, NULL);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
	return 0;
}
