/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The key module for the Secret Service: what its files share.
 *
 * libsecret does the encrypted session; the calls themselves go over our own
 * connection, because each needs a deadline, must never prompt unasked, and has
 * to tell a locked key from a missing one.
 */
#ifndef ICRED_PLUGIN_KEY_KEYRING_KEYRING_H
#define ICRED_PLUGIN_KEY_KEYRING_KEYRING_H

#include <stdlib.h>
#include <string.h>

#define SECRET_WITH_UNSTABLE         1
#define SECRET_API_SUBJECT_TO_CHANGE 1
#include <libsecret/secret.h>

#include <icred/module.h>
#include "plugin/shared/rsa.h"

#define KEYRING_ITEMS_MAX 64u  /* of one app; more are not looked at */
#define KEYRING_AGAIN     2u   /* times in another session */
#define KEYRING_QUIET_MS  1000 /* a question that takes longer is reported */

#define KEYRING_SCHEMA "com.carbonregistry.icred.AppKey"

#define SERVICE_NAME     "org.freedesktop.secrets"
#define SERVICE_PATH     "/org/freedesktop/secrets"
#define SERVICE_IFACE    "org.freedesktop.Secret.Service"
#define COLLECTION_IFACE "org.freedesktop.Secret.Collection"
#define ITEM_IFACE       "org.freedesktop.Secret.Item"
#define PROMPT_IFACE     "org.freedesktop.Secret.Prompt"
#define NO_OBJECT        "/" /* the service's way to say: no prompt, no collection */

/* The key that signed last, so that the next signature asks nobody. */
struct keyring_recent {
	struct rsa_key *key;
	char *app;
	char *origin;
	unsigned nth;
	unsigned at;  /* which item it is in: some before it may hold none */
	gint64 until; /* monotonic time, µs */
};

struct keyring {
	GDBusConnection *bus;
	SecretService *service;
	int by_file; /* of this call: no service, but libsecret keeps a file */
	int foreign; /* the bus belongs to another user */
	int let_go;  /* a question was left open on this connection, which ends with the call */
	struct keyring_recent recent;
};

/* An item's secret, in the host's secret memory; its label, or the path to ask for that. */
struct keyring_text {
	char *pem;
	size_t len;
	char *path;
	char *label;
};

/* One call into the module. */
struct keyring_call {
	struct keyring *self;
	const struct icred_host *host;
	const struct icred_key_query *query;
};

/* Which program provides the keyring. */
enum keyring_program { KEYRING_UNKNOWN, KEYRING_GNOME, KEYRING_KEEPASSXC, KEYRING_KWALLET };

/* An app's items as the service told them; arrays of object paths. */
struct keyring_found {
	GVariant *unlocked;
	GVariant *locked;
};

/* bus.c: connection, calls, errors */
int keyring_connect(const struct keyring_call *call);
void keyring_disconnect(struct keyring *self);
int keyring_request(const struct keyring_call *call, const char *path, const char *iface, const char *method,
		    GVariant *arguments, const char *type, GVariant **ret_answer);
int keyring_property(const struct keyring_call *call, const char *path, const char *iface, const char *name,
		     const char *type, GVariant **ret_value);
int keyring_gerror(const struct keyring_call *call, GError *error, const char *what);
int keyring_patience(const struct keyring_call *call);
int keyring_absent(const GError *error);
/* The other side did not answer within the time of the call. */
int keyring_is_late(const GError *error);
int keyring_late(const struct keyring_call *call);
int keyring_timeout(const struct keyring_call *call);

/* owner.c: whose the bus and the keyring are, and which program it is */
GVariant *keyring_ask_bus(const struct keyring_call *call, const char *method, GVariant *arguments,
			  const char *type, GError **error);
int keyring_check_address(const struct keyring_call *call);
int keyring_check_bus(const struct keyring_call *call, GIOStream *stream);
int keyring_check_service(const struct keyring_call *call);
int keyring_is_trusted(const struct keyring_call *call, const char *name);
int keyring_is_owned(const struct keyring_call *call, const char *name);
int keyring_start(const struct keyring_call *call, GError **error);
enum keyring_program keyring_program(const struct keyring_call *call);

/* watchdog.c: cancels when time is up, for what has no timeout of its own */
struct keyring_watchdog {
	GThread *thread;
	GCancellable *cancel;
	GMutex mutex;
	GCond cond;
	gint64 until;
	gboolean done;
};

void keyring_watchdog_start(struct keyring_watchdog *dog, const struct keyring_call *call);
void keyring_watchdog_stop(struct keyring_watchdog *dog);

/* session.c: secrets cross the bus encrypted */
int keyring_session(const struct keyring_call *call);
void keyring_session_end(struct keyring *self);
int keyring_again(const struct keyring_call *call, int rc, unsigned *left);
const char *keyring_session_path(const struct keyring *self);
GVariant *keyring_encode(const struct keyring *self, const char *text, size_t len);
int keyring_decode(const struct keyring_call *call, GVariant *secret, char **ret_text, size_t *ret_len);

/* log.c: GLib's messages go to the host of the call that this thread is in */
void keyring_log_install(void);
void keyring_log_to(const struct icred_host *host);

/* prompt.c: the keyring's own questions, under our deadline */
int keyring_prompt(const struct keyring_call *call, const char *prompt);
int keyring_unlock(const struct keyring_call *call, GVariant *paths);
int keyring_locked(const struct keyring_call *call);

/* find.c: which items are ours */
GVariant *keyring_attributes(const struct icred_key_query *query, const char *fingerprint, unsigned bits);
int keyring_search(const struct keyring_call *call, const char *fingerprint, struct keyring_found *ret_found);
int keyring_find(const struct keyring_call *call, const char *fingerprint, struct keyring_found *ret_found);
int keyring_by_date(const struct keyring_call *call, GVariant *paths, char ***ret_paths);
int keyring_nth(const struct keyring_call *call, GVariant *paths, unsigned nth, char **ret_path);
int keyring_missing(const struct keyring_call *call, unsigned nth);
int keyring_default(const struct keyring_call *call, char **ret_path);
void keyring_found_clear(struct keyring_found *found);

/* load.c: the nth key, of the items that hold one */
int keyring_load(const struct keyring_call *call, unsigned nth, struct keyring_recent *found);
int keyring_recent_fits(const struct keyring_recent *recent, const struct icred_key_query *query,
			unsigned nth);

/* item.c: one item */
char *keyring_item_label(const struct keyring_call *call, const char *path);
int keyring_secret(const struct keyring_call *call, const char *path, char **ret_text, size_t *ret_len);
int keyring_show(const struct keyring_call *call, const char *path, int locked,
		 int (*each)(const struct icred_key *key, void *data), void *data);
int keyring_delete(const struct keyring_call *call, const char *path);

/* aside.c: what may never return, under our deadline */
int keyring_aside(const struct keyring_call *call, void (*run)(void *job), void (*release)(void *job),
		  void *job);

/* backend.c: the service or the file? */
int keyring_choose(const struct keyring_call *call, int *ret_by_file);

/* file.c: keys in libsecret's own file */
int keyring_file_text(const struct keyring_call *call, unsigned at, struct keyring_text *ret_text);
int keyring_file_each(const struct keyring_call *call, int (*each)(const struct icred_key *key, void *data),
		      void *data);
int keyring_file_store(const struct keyring_call *call, const char *pem, const char *label,
		       const char *fingerprint, unsigned bits);
int keyring_file_remove(const struct keyring_call *call, const char *fingerprint);

/* store.c */
char *keyring_label(const struct icred_key_query *query, const char *label, const char *fingerprint);
int keyring_store(const struct keyring_call *call, const char *pem, const char *label,
		  const char *fingerprint);

#endif
