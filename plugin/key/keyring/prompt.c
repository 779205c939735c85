/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

/* What shows GNOME Keyring's questions: the shell, or a program that ends some seconds after its last one. */
#define PROMPTER_NAME "org.gnome.keyring.SystemPrompter"

/*
 * GNOME Keyring (42 and 48) aborts when its question for a password is taken
 * back, so we let go of the connection instead: the window then stays, and
 * does its work if it is answered later.
 */
enum kind {
	UNLOCK,
	CHANGE, /* what is created or removed has to be confirmed; may be taken back */
};

/* A prompt that waits for its owner: libsecret's has no end if the owner never answers. */
struct prompt {
	GMainContext *context;
	gboolean over;
	gboolean slow;
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

static gboolean prompt_slow(void *data)
{
	struct prompt *prompt = data;

	prompt->slow = TRUE;
	return G_SOURCE_REMOVE;
}

static GSource *prompt_alarm(struct prompt *prompt, int ms, GSourceFunc ring)
{
	GSource *alarm = g_timeout_source_new((guint)ms);

	g_source_set_callback(alarm, ring, prompt, NULL);
	g_source_attach(alarm, prompt->context);
	return alarm;
}

static void prompt_alarm_end(GSource *alarm)
{
	g_source_destroy(alarm);
	g_source_unref(alarm);
}

static void prompt_give_up(const struct keyring_call *call, const char *path, enum kind kind)
{
	GVariant *answer = NULL;

	if (kind == UNLOCK)
		call->self->let_go = 1;
	else if (!keyring_request(call, path, PROMPT_IFACE, "Dismiss", g_variant_new("()"), "()", &answer))
		g_variant_unref(answer);
}

/* Its window may be behind others, or on another screen. */
static void prompt_tell(const struct keyring_call *call)
{
	static const char *const names[] = {
		[KEYRING_UNKNOWN] = "",
		[KEYRING_GNOME] = "GNOME Keyring: ",
		[KEYRING_KEEPASSXC] = "KeePassXC: ",
		[KEYRING_KWALLET] = "KWallet: ",
	};

	call->host->log(call->host, ICRED_LOG_WARNING,
			"%swaiting for the keyring's question in another window; press Ctrl-C to give up",
			names[keyring_program(call)]);
}

/* Turn the loop of our own context until it is over. */
static void prompt_wait(const struct keyring_call *call, struct prompt *prompt)
{
	GSource *late = prompt_alarm(prompt, keyring_patience(call), prompt_late);
	GSource *slow = prompt_alarm(prompt, KEYRING_QUIET_MS, prompt_slow);

	while (!prompt->over) {
		g_main_context_iteration(prompt->context, TRUE);
		if (!prompt->slow || prompt->over)
			continue;
		prompt->slow = FALSE;
		prompt_tell(call);
	}
	prompt_alarm_end(slow);
	prompt_alarm_end(late);
}

static int prompt_show(const struct keyring_call *call, const char *path, struct prompt *prompt)
{
	GVariant *answer = NULL;
	int rc;

	rc = keyring_request(call, path, PROMPT_IFACE, "Prompt", g_variant_new("(s)", ""), "()", &answer);
	if (rc)
		return rc;
	g_variant_unref(answer);
	prompt_wait(call, prompt);
	return 0;
}

/*
 * Without a desktop GNOME Keyring answers as if a person had dismissed the
 * question.  After a real answer, what showed it is still there.
 */
static int was_never_shown(const struct keyring_call *call)
{
	return keyring_program(call) == KEYRING_GNOME && !keyring_is_owned(call, PROMPTER_NAME);
}

static int prompt_verdict(const struct keyring_call *call, const struct prompt *prompt)
{
	const struct icred_host *host = call->host;

	if (prompt->late)
		return host->fail(host, ICRED_E_TIMEOUT,
				  "timed out waiting for an answer to the keyring's question; answer it "
				  "sooner, or raise the setting timeout");
	if (prompt->vanished)
		return host->fail(host, ICRED_E_NO_SERVICE,
				  "the keyring service ended while it asked; try again");
	if (prompt->dismissed && was_never_shown(call))
		return host->fail(host, ICRED_E_LOCKED,
				  "the keyring is locked and can't ask for its password here, without a "
				  "desktop to show its window; unlock it on the desktop");
	if (prompt->dismissed)
		return host->fail(host, ICRED_E_CANCELLED,
				  "the keyring's question was dismissed; try again and answer it");
	return 0;
}

/* Perform a prompt that the service handed out. */
static int ask(const struct keyring_call *call, const char *path, enum kind kind)
{
	GDBusConnection *bus = call->self->bus;
	struct prompt prompt = {.context = g_main_context_new()};
	guint signal, watch;
	int rc;

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
	if (rc || prompt.late)
		prompt_give_up(call, path, kind);
	return rc ? rc : prompt_verdict(call, &prompt);
}

/* To create or to remove something; if not interactive, the question is taken back unseen. */
int keyring_prompt(const struct keyring_call *call, const char *path)
{
	if (strcmp(path, NO_OBJECT) == 0)
		return 0;
	if (call->host->interactive)
		return ask(call, path, CHANGE);
	prompt_give_up(call, path, CHANGE);
	return call->host->fail(call->host, ICRED_E_LOCKED,
				"the keyring wants to ask first; run this without --no-interactive "
				"in a terminal");
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
	rc = strcmp(prompt, NO_OBJECT) == 0 ? 0 : ask(call, prompt, UNLOCK);
	g_variant_unref(answer);
	return rc;
}
