/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keyring's own questions, under the deadline of the call. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

/* What shows GNOME Keyring's questions: the shell, or a program that ends some seconds after its last one. */
#define PROMPTER_NAME "org.gnome.keyring.SystemPrompter"

/*
 * GNOME Keyring (42 and 48) aborts when its question for a password is taken
 * back.  So such a question is left open and the connection is closed: the window
 * then stays, and still unlocks the keyring if it is answered later.
 */
enum kind {
	UNLOCK,
	CHANGE, /* the user has to confirm that something is created or removed; may be taken back */
};

/* A prompt that waits for the user: libsecret's has no timeout. */
struct prompt {
	GMainContext *context;
	bool over;
	bool dismissed;
	bool vanished;
};

static void prompt_completed(GDBusConnection *bus, const char *sender, const char *path, const char *iface,
			     const char *signal, GVariant *parameters, void *data)
{
	struct prompt *prompt = data;
	gboolean dismissed = TRUE;

	(void)bus, (void)sender, (void)path, (void)iface, (void)signal;
	if (g_variant_is_of_type(parameters, G_VARIANT_TYPE("(bv)")))
		g_variant_get(parameters, "(bv)", &dismissed, NULL);
	prompt->dismissed = dismissed;
	prompt->over = true;
}

static void prompt_vanished(GDBusConnection *bus, const char *name, void *data)
{
	struct prompt *prompt = data;

	(void)bus, (void)name;
	prompt->vanished = prompt->over = true;
}

static gboolean keep_alarm(void *data)
{
	(void)data;
	return G_SOURCE_CONTINUE;
}

/* Run the loop of the prompt's own context until it is over, or that time. */
static bool is_over_by(struct prompt *prompt, gint64 until)
{
	GSource *alarm = g_timeout_source_new(0);

	g_source_set_callback(alarm, keep_alarm, NULL, NULL);
	g_source_set_ready_time(alarm, until);
	g_source_attach(alarm, prompt->context);
	while (!prompt->over && g_get_monotonic_time() < until)
		g_main_context_iteration(prompt->context, TRUE);
	g_source_destroy(alarm);
	g_source_unref(alarm);
	return prompt->over;
}

static void give_up(const struct keyring_call *call, const char *path, enum kind kind)
{
	GVariant *answer = NULL;

	if (kind == UNLOCK)
		call->self->question_left = true;
	else if (!keyring_request(call, path, PROMPT_IFACE, "Dismiss", g_variant_new("()"), "()", &answer))
		g_variant_unref(answer);
}

/* Show a prompt and wait for the user's answer, until the deadline. */
static int prompt_wait(const struct keyring_call *call, const char *path, struct prompt *prompt)
{
	static const char *const names[] = {
		[KEYRING_UNKNOWN] = "",
		[KEYRING_GNOME] = "GNOME Keyring: ",
		[KEYRING_KEEPASSXC] = "KeePassXC: ",
		[KEYRING_KWALLET] = "KWallet: ",
	};
	const struct icred_host *host = call->host;
	GVariant *answer = NULL;
	gint64 now, until, quiet;
	int r;

	r = keyring_request(call, path, PROMPT_IFACE, "Prompt", g_variant_new("(s)", ""), "()", &answer);
	if (r)
		return r;
	g_variant_unref(answer);
	now = g_get_monotonic_time();
	until = now + keyring_time_left(call) * G_TIME_SPAN_MILLISECOND;
	quiet = now + KEYRING_QUIET_MS * G_TIME_SPAN_MILLISECOND;
	/* The window may be behind others, or on another screen. */
	if (!is_over_by(prompt, MIN(quiet, until)) && quiet < until)
		host->log(host, ICRED_LOG_WARNING,
			  "%swaiting for the keyring's question in another window; press Ctrl-C to give up",
			  names[keyring_program(call)]);
	is_over_by(prompt, until);
	return 0;
}

/* Perform a prompt that the service handed out. */
static int ask(const struct keyring_call *call, const char *path, enum kind kind)
{
	const struct icred_host *host = call->host;
	struct prompt prompt = {.context = g_main_context_new()};
	guint signal, watch;
	int r;

	g_main_context_push_thread_default(prompt.context);
	signal = g_dbus_connection_signal_subscribe(call->self->bus, SERVICE_NAME, PROMPT_IFACE, "Completed",
						    path, NULL, G_DBUS_SIGNAL_FLAGS_NONE, prompt_completed,
						    &prompt, NULL);
	watch = g_bus_watch_name_on_connection(call->self->bus, SERVICE_NAME, G_BUS_NAME_WATCHER_FLAGS_NONE,
					       NULL, prompt_vanished, &prompt, NULL);
	r = prompt_wait(call, path, &prompt);
	g_bus_unwatch_name(watch);
	g_dbus_connection_signal_unsubscribe(call->self->bus, signal);
	/* What was queued for `prompt` must run, or be dropped, before it goes out of scope. */
	while (g_main_context_iteration(prompt.context, FALSE))
		;
	g_main_context_pop_thread_default(prompt.context);
	g_main_context_unref(prompt.context);
	if (r || !prompt.over)
		give_up(call, path, kind);
	if (r)
		return r;
	if (!prompt.over)
		return host->fail(host, ICRED_E_TIMEOUT,
				  "timed out waiting for an answer to the keyring's question; answer it "
				  "sooner, or raise the setting timeout");
	if (prompt.vanished)
		return host->fail(host, ICRED_E_NO_SERVICE,
				  "the keyring service ended while it was asking; try again");
	if (!prompt.dismissed)
		return 0;
	/*
	 * Without a desktop GNOME Keyring answers as if the user had dismissed the
	 * question.  After a real answer, the program that showed it still runs.
	 */
	if (keyring_program(call) == KEYRING_GNOME && !keyring_is_owned(call, PROMPTER_NAME))
		return host->fail(
			host, ICRED_E_LOCKED,
			"the keyring is locked and cannot ask for its password: there is no desktop "
			"to show its window on; unlock it on the desktop");
	return host->fail(host, ICRED_E_CANCELLED,
			  "the keyring's question was dismissed; try again and answer it");
}

/*
 * Create or remove something, by a method whose last result is a prompt, or none.
 * If not interactive, a prompt is taken back unseen.
 */
int keyring_change(const struct keyring_call *call, const char *path, const char *iface, const char *method,
		   GVariant *arguments, const char *type)
{
	GVariant *answer = NULL;
	const char *prompt;
	int r;

	r = keyring_request(call, path, iface, method, arguments, type, &answer);
	if (r)
		return r;
	g_variant_get_child(answer, g_variant_n_children(answer) - 1, "&o", &prompt);
	if (strcmp(prompt, NO_OBJECT) != 0 && call->host->interactive) {
		r = ask(call, prompt, CHANGE);
	} else if (strcmp(prompt, NO_OBJECT) != 0) {
		give_up(call, prompt, CHANGE);
		r = call->host->fail(call->host, ICRED_E_LOCKED,
				     "the keyring wants to ask before it changes anything, but cannot: not "
				     "interactive");
	}
	g_variant_unref(answer);
	return r;
}

/* Ask the user to unlock these; paths may be floating. */
int keyring_unlock(const struct keyring_call *call, GVariant *paths)
{
	GVariant *answer = NULL;
	const char *prompt;
	int r;

	if (!call->host->interactive) {
		g_variant_unref(g_variant_ref_sink(paths));
		return keyring_locked(call);
	}
	r = keyring_request(call, SERVICE_PATH, SERVICE_IFACE, "Unlock", g_variant_new("(@ao)", paths),
			    "(aoo)", &answer);
	if (r)
		return r;
	g_variant_get(answer, "(ao&o)", NULL, &prompt);
	r = strcmp(prompt, NO_OBJECT) == 0 ? 0 : ask(call, prompt, UNLOCK);
	g_variant_unref(answer);
	return r;
}

int keyring_unlock_path(const struct keyring_call *call, const char *path)
{
	return keyring_unlock(call, g_variant_new_objv(&path, 1));
}
