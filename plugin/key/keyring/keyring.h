/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The key module for the Secret Service: what its files share.
 *
 * libsecret does the encrypted session; the calls themselves go over a connection of
 * the module, because each needs a deadline, must never prompt unasked, and has
 * to distinguish a locked key from a missing one.
 */
#ifndef ICRED_PLUGIN_KEY_KEYRING_KEYRING_H
#define ICRED_PLUGIN_KEY_KEYRING_KEYRING_H

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define SECRET_WITH_UNSTABLE         1
#define SECRET_API_SUBJECT_TO_CHANGE 1
#include <libsecret/secret.h>

#include <icred/module.h>
#include "plugin/shared/rsa.h"

#define KEYRING_ITEMS_MAX 64u  /* items of one app that are considered */
#define KEYRING_AGAIN     2u   /* retries, each in a new encrypted session */
#define KEYRING_QUIET_MS  1000 /* a question that takes longer is reported */
#define KEYRING_TEXT_MAX  200  /* of an error's own text in a message */

#define KEYRING_SCHEMA "com.carbonregistry.icred.AppKey"

#define SERVICE_NAME     "org.freedesktop.secrets"
#define SERVICE_PATH     "/org/freedesktop/secrets"
#define SERVICE_IFACE    "org.freedesktop.Secret.Service"
#define COLLECTION_IFACE "org.freedesktop.Secret.Collection"
#define ITEM_IFACE       "org.freedesktop.Secret.Item"
#define PROMPT_IFACE     "org.freedesktop.Secret.Prompt"
#define PROPERTIES_IFACE "org.freedesktop.DBus.Properties"
#define NO_OBJECT        "/" /* how the service says: no prompt, no collection */

/* The key that signed last, so that the next signature needs no request to the keyring. */
struct keyring_recent {
	struct rsa_key *key;
	char *app;
	char *origin;
	unsigned nth;
	unsigned at;  /* the position of its item, which is not nth if an item before it holds no key */
	gint64 until; /* monotonic time, µs */
};

struct keyring {
	GDBusConnection *bus;
	SecretService *service;
	bool by_file;       /* for this call: there is no service, but libsecret keeps a file */
	bool foreign;       /* the bus belongs to another user */
	bool question_left; /* a question stays open on this connection, which is closed at the end of the call */
	struct keyring_recent recent;
};

/* An item's secret, in the host's secret memory, and its label, or the path to read that from. */
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

/* An app's items; arrays of object paths. */
struct keyring_found {
	GVariant *unlocked;
	GVariant *locked;
};

typedef int keyring_each_key(const struct icred_key *key, void *data);

/* bus.c: the connection, and calls over it */
int keyring_connect(const struct keyring_call *call);
void keyring_disconnect(struct keyring *self);
int keyring_request(const struct keyring_call *call, const char *path, const char *iface, const char *method,
		    GVariant *arguments, const char *type, GVariant **ret_answer);
int keyring_property(const struct keyring_call *call, const char *path, const char *iface, const char *name,
		     const char *type, GVariant **ret_value);

/* keyring-error.c: what failed, in words; each of the int functions records a failure and returns its code */
void keyring_error_text(const GError *error, char text[KEYRING_TEXT_MAX]);
bool keyring_is_absent(const GError *error);
bool keyring_is_timeout(const GError *error);
int keyring_gerror(const struct keyring_call *call, GError *error, const char *what);
int keyring_bus_error(const struct keyring_call *call, GError *error);
int keyring_timeout(const struct keyring_call *call);
int keyring_locked(const struct keyring_call *call);
int keyring_missing(const struct keyring_call *call, unsigned nth);

/* watchdog.c: how long a call may take; and the thread that cancels what has no timeout of its own */
struct keyring_watchdog {
	GThread *thread;
	GCancellable *cancel;
	GMutex mutex;
	GCond cond;
	gint64 until;
	bool done;
};

int keyring_time_left(const struct keyring_call *call);
bool keyring_is_late(const struct keyring_call *call);
void keyring_watchdog_start(struct keyring_watchdog *dog, const struct keyring_call *call);
void keyring_watchdog_stop(struct keyring_watchdog *dog);

/* bounded-call.c: what cannot be cancelled, in a thread that is abandoned at the deadline */
int keyring_bounded_call(const struct keyring_call *call, void (*run)(void *job), void (*release)(void *job),
			 void *job);

/* bus-owner.c: who owns the bus and the keyring, and which program it is */
int keyring_check_address(const struct keyring_call *call);
int keyring_check_bus(const struct keyring_call *call, GIOStream *stream);
int keyring_check_service(const struct keyring_call *call);
bool keyring_is_trusted(const struct keyring_call *call, const char *name);
bool keyring_is_owned(const struct keyring_call *call, const char *name);
bool keyring_start(const struct keyring_call *call, GError **error);
enum keyring_program keyring_program(const struct keyring_call *call);

/* encrypted-session.c: secrets cross the bus encrypted */
int keyring_session(const struct keyring_call *call);
bool keyring_again(const struct keyring_call *call, int r, unsigned *left);
int keyring_secret(const struct keyring_call *call, const char *path, char **ret_text, size_t *ret_len);
int keyring_copy_secret(const struct keyring_call *call, SecretValue *value, char **ret_text,
			size_t *ret_len);

/* glib-log.c: GLib's messages go to the host of the call that this thread is in */
void keyring_log_to(const struct icred_host *host);

/* prompt.c: the keyring's own questions, under the deadline of the call */
int keyring_change(const struct keyring_call *call, const char *path, const char *iface, const char *method,
		   GVariant *arguments, const char *type);
int keyring_unlock(const struct keyring_call *call, GVariant *paths);
int keyring_unlock_path(const struct keyring_call *call, const char *path);

/* item-search.c: which items belong to the app */
GVariant *keyring_attributes(const struct icred_key_query *query, const char *fingerprint, unsigned bits);
int keyring_search(const struct keyring_call *call, const char *fingerprint, struct keyring_found *found);
int keyring_find(const struct keyring_call *call, const char *fingerprint, struct keyring_found *ret_found);
int keyring_by_date(const struct keyring_call *call, GVariant *paths, char ***ret_paths);
int keyring_nth(const struct keyring_call *call, GVariant *paths, unsigned nth, char **ret_path);
int keyring_default(const struct keyring_call *call, char **ret_path);
void keyring_found_clear(struct keyring_found *found);

/* item.c: what an item shows beside its secret */
char *keyring_make_label(const struct icred_key_query *query, const char *label, const char *fingerprint);
char *keyring_label_of(const struct keyring_call *call, const char *path, const char *iface);
int keyring_show(const struct keyring_call *call, const char *path, bool locked, keyring_each_key *each,
		 void *data);

/* load-key.c: the nth key, of the items that hold one */
int keyring_load(const struct keyring_call *call, unsigned nth, struct keyring_recent *found);
bool keyring_recent_fits(const struct keyring_recent *recent, const struct icred_key_query *query,
			 unsigned nth);

/* store-key.c */
int keyring_store(const struct keyring_call *call, const char *pem, const char *label,
		  const char *fingerprint);

/* backend.c: the service or the file? */
int keyring_choose(const struct keyring_call *call, bool *ret_by_file);

/* keyring-file.c: keys in libsecret's own file */
int keyring_file_text(const struct keyring_call *call, unsigned at, struct keyring_text *ret_text);
int keyring_file_each(const struct keyring_call *call, keyring_each_key *each, void *data);
int keyring_file_store(const struct keyring_call *call, const char *pem, const char *label,
		       const char *fingerprint, unsigned bits);
int keyring_file_remove(const struct keyring_call *call, const char *fingerprint);

#endif
