/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * secret-portal MODE: a stand-in for the desktop's secret portal, on the session's bus.
 *
 *   give     hands out the sandboxed application's master secret
 *   other    hands out another one
 *   short    hands out less than a secret
 *   refuse   as if its owner had dismissed the question
 *   fail     as if the desktop had none to give
 *   die      ends over the question
 *   mute     takes the question and never answers
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <gio/gio.h>
#include <gio/gunixfdlist.h>

#define SECRET_SIZE 64
#define DISMISSED   1
#define FAILED      2
#define ANSWER_MS   250 /* libsecret listens for the answer only once its call has returned */

static const char interface[] = "<node><interface name='org.freedesktop.portal.Secret'>"
				"<method name='RetrieveSecret'><arg type='h' direction='in'/>"
				"<arg type='a{sv}' direction='in'/><arg type='o' direction='out'/></method>"
				"<property name='version' type='u' access='read'/></interface></node>";
static const char *mode;

static char *request_path(const char *sender, GVariant *options)
{
	char *name = g_strdup(sender + 1), *path;
	const char *token = "none";

	g_strdelimit(name, ".", '_');
	g_variant_lookup(options, "handle_token", "&s", &token);
	path = g_strdup_printf("/org/freedesktop/portal/desktop/request/%s/%s", name, token);
	g_free(name);
	return path;
}

static int is_mode(const char *name)
{
	return strcmp(mode, name) == 0;
}

static void write_secret(GDBusMethodInvocation *call, int index)
{
	GUnixFDList *list = g_dbus_message_get_unix_fd_list(g_dbus_method_invocation_get_message(call));
	int fd = list ? g_unix_fd_list_get(list, index, NULL) : -1;
	ssize_t size = is_mode("short") ? SECRET_SIZE / 2 : SECRET_SIZE;
	char secret[SECRET_SIZE];

	memset(secret, is_mode("other") ? 'o' : 'm', sizeof(secret));
	if (fd < 0 || write(fd, secret, (size_t)size) != size)
		fprintf(stderr, "secret-portal: the secret was not written\n");
	if (fd >= 0)
		close(fd);
}

struct answer {
	GDBusConnection *bus;
	char *sender;
	char *request;
};

static gboolean respond(void *data)
{
	struct answer *answer = data;
	guint32 verdict = is_mode("refuse") ? DISMISSED : is_mode("fail") ? FAILED : 0;

	g_dbus_connection_emit_signal(answer->bus, answer->sender, answer->request,
				      "org.freedesktop.portal.Request", "Response",
				      g_variant_new("(ua{sv})", verdict, NULL), NULL);
	g_free(answer->sender);
	g_free(answer->request);
	g_free(answer);
	return G_SOURCE_REMOVE;
}

static void on_call(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
		    const char *method, GVariant *arguments, GDBusMethodInvocation *call, void *data)
{
	struct answer *answer;
	GVariant *options;
	gint32 index;

	(void)path, (void)iface, (void)method, (void)data;
	if (is_mode("die"))
		exit(0);
	answer = g_new0(struct answer, 1);
	g_variant_get(arguments, "(h@a{sv})", &index, &options);
	*answer = (struct answer){bus, g_strdup(sender), request_path(sender, options)};
	g_variant_unref(options);
	if (is_mode("give") || is_mode("other") || is_mode("short"))
		write_secret(call, index);
	g_dbus_method_invocation_return_value(call, g_variant_new("(o)", answer->request));
	if (!is_mode("mute"))
		g_timeout_add(ANSWER_MS, respond, answer);
}

static GVariant *on_get(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
			const char *property, GError **error, void *data)
{
	(void)bus, (void)sender, (void)path, (void)iface, (void)property, (void)error, (void)data;
	return g_variant_new_uint32(1);
}

static void on_bus(GDBusConnection *bus, const char *name, void *data)
{
	static const GDBusInterfaceVTable table = {.method_call = on_call, .get_property = on_get};
	GDBusNodeInfo *node = data;

	(void)name;
	g_dbus_connection_register_object(bus, "/org/freedesktop/portal/desktop", node->interfaces[0], &table,
					  NULL, NULL, NULL);
}

int main(int argc, char **argv)
{
	GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(interface, NULL);

	if (argc != 2 || !node)
		return 2;
	mode = argv[1];
	g_bus_own_name(G_BUS_TYPE_SESSION, "org.freedesktop.portal.Desktop", G_BUS_NAME_OWNER_FLAGS_NONE,
		       on_bus, NULL, NULL, node, NULL);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
	return 0;
}
