/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* GLib's messages, which go to the host of the call that this thread is in. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"
#include "plugin/shared/quote.h"

#define LOG_TEXT_MAX 400

/* GLib's own threads have no host; what they report is dropped, never printed. */
static __thread const struct icred_host *log_host;

static void log_handler(const char *domain, GLogLevelFlags level, const char *message, void *data)
{
	char text[LOG_TEXT_MAX];

	(void)level;
	(void)data;
	if (!log_host)
		return;
	quote(text, sizeof(text), message ? message : "", message ? strlen(message) : 0);
	log_host->log(log_host, ICRED_LOG_DEBUG, "%s: %s", domain ? domain : "GLib", text);
}

void keyring_log_to(const struct icred_host *host)
{
	static gsize once;

	if (g_once_init_enter(&once)) {
		g_log_set_default_handler(log_handler, NULL);
		/* A warning of a library must not end the worker, whatever G_DEBUG says. */
		g_log_set_always_fatal(G_LOG_FATAL_MASK);
		g_once_init_leave(&once, 1);
	}
	log_host = host;
}
