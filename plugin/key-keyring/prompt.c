/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "keyring.h"

/* A question that is over sooner was never shown: there is no desktop to show it on. */
#define A_PERSON_TAKES (250 * G_TIME_SPAN_MILLISECOND)

/* A prompt that waits for its owner: libsecret's has no end if the owner never answers. */
struct prompt {
	GMainContext *context;
	gint64 since;
	gboolean over;
	gboolean dismissed;
	gboolean vanished;
	gboolean late;
};

int keyring_locked(const struct keyring_call *call)
{
	return call->host->fail(call->host, ICRED_E_LOCKED,
				"the keyring is locked; unlock it (log in to your desktop, or run without "
				"--no-interactive in a terminal)");
}

static void prompt_completed(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
			     const char *signal, GVariant *parameters, void *data)
{
	struct prompt *prompt = data;

	(void)bus, (void)sender, (void)path, (void)iface, (void)signal;
	prompt->dismissed = TRUE;
	if (g_variant_is_of_type(parameters, G_VARIANT_TYPE("(bv)")))
		g_variant_get(parameters, "(bv)", &prompt->dismissed, NULL);
	prompt->over = TRUE;
}

static void prompt_vanished(GDBusConnection *bus, const char *name, void *data)
{
	struct prompt *prompt = data;

	(void)bus, (void)name;
	prompt->vanished = prompt->over = TRUE;
}

static gboolean prompt_late(void *data)
{
	struct prompt *prompt = data;

	prompt->late = prompt->over = TRUE;
	return G_SOURCE_REMOVE;
}

static GSource *prompt_alarm(const struct keyring_call *call, struct prompt *prompt)
{
	GSource *alarm = g_timeout_source_new((guint)keyring_patience(call));

	g_source_set_callback(alarm, prompt_late, prompt, NULL);
	g_source_attach(alarm, prompt->context);
	return alarm;
}

static int prompt_dismiss(const struct keyring_call *call, const char *path)
{
	GVariant *answer = NULL;
	int rc = keyring_request(call, path, PROMPT_IFACE, "Dismiss", g_variant_new("()"), "()", &answer);

	if (answer)
		g_variant_unref(answer);
	return rc;
}

/* Show it, and turn the loop of our own context until it is over. */
static int prompt_show(const struct keyring_call *call, const char *path, struct prompt *prompt)
{
	GVariant *answer = NULL;
	GSource *alarm;
	int rc;

	rc = keyring_request(call, path, PROMPT_IFACE, "Prompt", g_variant_new("(s)", ""), "()", &answer);
	if (rc)
		return rc;
	g_variant_unref(answer);
	alarm = prompt_alarm(call, prompt);
	while (!prompt->over)
		g_main_context_iteration(prompt->context, TRUE);
	g_source_destroy(alarm);
	g_source_unref(alarm);
	return 0;
}

static int prompt_verdict(const struct keyring_call *call, const char *path, const struct prompt *prompt)
{
	const struct icred_host *host = call->host;

	if (prompt->late) {
		prompt_dismiss(call, path);
		return host->fail(host, ICRED_E_TIMEOUT,
				  "the keyring's question was not answered in time; try again");
	}
	if (prompt->vanished)
		return host->fail(host, ICRED_E_NO_SERVICE,
				  "the keyring service ended while it asked; try again");
	if (prompt->dismissed && g_get_monotonic_time() - prompt->since < A_PERSON_TAKES)
		return host->fail(
			host, ICRED_E_LOCKED,
			"the keyring is locked and can't ask for its password here; unlock it on the desktop");
	if (prompt->dismissed)
		return host->fail(host, ICRED_E_CANCELLED,
				  "the keyring's question was dismissed; try again and answer it");
	return 0;
}

/* Perform a prompt that the service handed out; where nobody may be asked, dismiss it instead. */
int keyring_prompt(const struct keyring_call *call, const char *path)
{
	GDBusConnection *bus = call->self->bus;
	struct prompt prompt = {.since = g_get_monotonic_time()};
	guint signal, watch;
	int rc;

	if (strcmp(path, NO_OBJECT) == 0)
		return 0;
	if (!call->host->interactive) {
		prompt_dismiss(call, path);
		return call->host->fail(call->host, ICRED_E_LOCKED,
					"the keyring wants to ask first; run this without --no-interactive "
					"in a terminal");
	}
	prompt.context = g_main_context_new();
	g_main_context_push_thread_default(prompt.context);
	signal =
		g_dbus_connection_signal_subscribe(bus, SERVICE_NAME, PROMPT_IFACE, "Completed", path, NULL,
						   G_DBUS_SIGNAL_FLAGS_NONE, prompt_completed, &prompt, NULL);
	watch = g_bus_watch_name_on_connection(bus, SERVICE_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE, NULL,
					       prompt_vanished, &prompt, NULL);
	rc = prompt_show(call, path, &prompt);
	g_bus_unwatch_name(watch);
	g_dbus_connection_signal_unsubscribe(bus, signal);
	/* What was queued for `prompt` must run, or be dropped, before it goes out of scope. */
	while (g_main_context_iteration(prompt.context, FALSE))
		;
	g_main_context_pop_thread_default(prompt.context);
	g_main_context_unref(prompt.context);
	return rc ? rc : prompt_verdict(call, path, &prompt);
}

/* Ask the owner to unlock these; paths may be floating. */
int keyring_unlock(const struct keyring_call *call, GVariant *paths)
{
	GVariant *answer = NULL;
	const char *prompt;
	int rc;

	if (!call->host->interactive) {
		g_variant_unref(g_variant_ref_sink(paths));
		return keyring_locked(call);
	}
	rc = keyring_request(call, SERVICE_PATH, SERVICE_IFACE, "Unlock", g_variant_new("(@ao)", paths),
			     "(aoo)", &answer);
	if (rc)
		return rc;
	g_variant_get(answer, "(ao&o)", NULL, &prompt);
	rc = keyring_prompt(call, prompt);
	g_variant_unref(answer);
	return rc;
}
