/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What shows GNOME Keyring's questions (gcr-prompter, or the shell), without a display:
 *   secret-prompter silent     the question stays on the screen, and is never answered
 *   secret-prompter dismiss    a quick user presses Escape as soon as it is there
 *   secret-prompter slow       the same after PERSON_MS
 * It prints "shown" for each question and "taken back" when the keyring ends one.
 */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <gio/gio.h>

#define NAME      "org.gnome.keyring.SystemPrompter"
#define PATH      "/org/gnome/keyring/Prompter"
#define CALLBACK  "org.gnome.keyring.internal.Prompter.Callback"
#define PERSON_MS 1600

static const char *mode;

static const char xml[] =
	"<node><interface name='org.gnome.keyring.internal.Prompter'>"
	"<method name='BeginPrompting'><arg type='o' direction='in'/></method>"
	"<method name='PerformPrompt'><arg type='o' direction='in'/><arg type='s' direction='in'/>"
	"<arg type='a{sv}' direction='in'/><arg type='s' direction='in'/></method>"
	"<method name='StopPrompting'><arg type='o' direction='in'/></method>"
	"</interface></node>";

struct reply {
	GDBusConnection *bus;
	char *caller;
	char *callback;
	const char *text;
};

/* PromptReady: "" lets the keyring say its question, "no" is Escape. */
static gboolean reply(void *data)
{
	struct reply *r = data;

	g_dbus_connection_call(r->bus, r->caller, r->callback, CALLBACK, "PromptReady",
			       g_variant_new("(s@a{sv}s)", r->text,
					     g_variant_new_array(G_VARIANT_TYPE("{sv}"), NULL, 0), ""),
			       NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
	g_free(r->caller);
	g_free(r->callback);
	g_free(r);
	return G_SOURCE_REMOVE;
}

static void reply_in(guint ms, GDBusConnection *bus, const char *caller, const char *callback,
		     const char *text)
{
	struct reply *r = g_new0(struct reply, 1);

	*r = (struct reply){bus, g_strdup(caller), g_strdup(callback), text};
	g_timeout_add(ms, reply, r);
}

static void answer(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
		   const char *method, GVariant *parameters, GDBusMethodInvocation *call, void *data)
{
	const char *callback;

	(void)path, (void)iface, (void)data;
	g_variant_get_child(parameters, 0, "&o", &callback);
	if (strcmp(method, "BeginPrompting") == 0) {
		reply_in(0, bus, sender, callback, "");
	} else if (strcmp(method, "PerformPrompt") == 0) {
		puts("shown");
		if (strcmp(mode, "silent") != 0)
			reply_in(strcmp(mode, "slow") == 0 ? PERSON_MS : 0, bus, sender, callback, "no");
	} else {
		puts("taken back");
	}
	g_dbus_method_invocation_return_value(call, NULL);
}

static void acquired(GDBusConnection *bus, const char *name, void *data)
{
	static const GDBusInterfaceVTable table = {.method_call = answer};
	GDBusNodeInfo *node = data;

	(void)name;
	if (!g_dbus_connection_register_object(bus, PATH, node->interfaces[0], &table, NULL, NULL, NULL))
		exit(99);
}

int main(int argc, char **argv)
{
	GDBusNodeInfo *node = g_dbus_node_info_new_for_xml(xml, NULL);

	if (argc != 2 || !node) {
		fprintf(stderr, "usage: secret-prompter silent|dismiss|slow\n");
		return 2;
	}
	mode = argv[1];
	setvbuf(stdout, NULL, _IOLBF, 0);
	g_bus_own_name(G_BUS_TYPE_SESSION, NAME, G_BUS_NAME_OWNER_FLAGS_NONE, acquired, NULL, NULL, node,
		       NULL);
	g_main_loop_run(g_main_loop_new(NULL, FALSE));
	return 0;
}
