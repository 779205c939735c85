/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libicred - installation access tokens for the International Carbon Registry
 *
 * Every function that can fail returns 0 or a negative ICRED_E_ code and
 * leaves the details in icred_error(3).  Outputs are the last parameters, are
 * named ret_*, and are written on success only.  Any thread may use an icred_t;
 * tokens are immutable and have a reference count.  See icred(3).
 */
#ifndef ICRED_ICRED_H
#define ICRED_ICRED_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#if defined(__GNUC__) || defined(__clang__)
#define ICRED_MUST_CHECK __attribute__((warn_unused_result))
#else
#define ICRED_MUST_CHECK
#endif

/* The kinds of failure; the numbers are ABI and never change.  icred_error(3) */
enum {
	ICRED_OK = 0,
	ICRED_E_NOT_FOUND = -1,     /* no such key, installation or profile        */
	ICRED_E_LOCKED = -2,        /* a keyring is locked, or a key needs its PIN */
	ICRED_E_NO_SERVICE = -3,    /* no keyring service or no D-Bus session      */
	ICRED_E_DENIED = -4,        /* the system or the user refused access       */
	ICRED_E_SUSPENDED = -5,     /* the installation is suspended or inactive   */
	ICRED_E_REJECTED = -6,      /* the server refused our key                  */
	ICRED_E_ORIGIN = -7,        /* the token may not be sent to that origin    */
	ICRED_E_TIMEOUT = -8,       /* the deadline passed                         */
	ICRED_E_NETWORK = -9,       /* the server could not be reached             */
	ICRED_E_RATE_LIMITED = -10, /* too many requests; see retry_at             */
	ICRED_E_PROTOCOL = -11,     /* an answer that does not make sense          */
	ICRED_E_INVALID = -12,      /* bad input: profile, key file or argument    */
	ICRED_E_UNSUPPORTED = -13,  /* no module of the stack can do that          */
	ICRED_E_CANCELLED = -14,    /* the user dismissed the question             */
	ICRED_E_NO_MEMORY = -15,
	ICRED_E_INTERNAL = -16 /* a bug in libicred or in a module            */
};

/* Levels for the log callback, from the fewest lines to the most. */
enum { ICRED_LOG_ERROR = 0, ICRED_LOG_WARNING = 1, ICRED_LOG_INFO = 2, ICRED_LOG_DEBUG = 3 };

/* Styles of a conversation's message, like PAM's four.  icred_open(3) */
enum { ICRED_PROMPT_ECHO_OFF = 1, ICRED_PROMPT_ECHO_ON = 2, ICRED_PROMPT_INFO = 3, ICRED_PROMPT_ERROR = 4 };

/* Flags in struct icred_options. */
enum {
	ICRED_INTERACTIVE = 1u << 0, /* a user is present: a keyring may prompt      */
	ICRED_AS_APP = 1u << 1,      /* the app's own token, not an installation's   */
	ICRED_NO_CACHE = 1u << 2,    /* neither read nor write the cache stack       */
	ICRED_ANSWERS = 1u << 3      /* the conversation answers without a user      */
};

typedef struct icred icred_t;
typedef struct icred_token icred_token_t;
typedef struct icred_request icred_request_t;

/*
 * Ask the user.  `text` is the text to show; write the reply, at most cap - 1
 * bytes and a NUL, to `reply`, which the library wipes.  Return 0 or
 * ICRED_E_CANCELLED.  Called on the thread that waits in the library.
 */
typedef int (*icred_converse_fn)(int style, const char *text, char *reply, size_t cap, void *data);

/* Log one line, which never contains a secret.  Called on the thread that is in the library. */
typedef void (*icred_log_fn)(int level, const char *text, void *data);

/* Set size to sizeof(struct icred_options); 0 or NULL in another member means "as the profile says". */
struct icred_options {
	size_t size;
	const char *app;          /* the app's ID                                       */
	const char *installation; /* at most one of installation, organization,         */
	const char *organization; /* and the flag ICRED_AS_APP                          */
	unsigned timeout_ms;      /* hard deadline of each call; the default is 30 s    */
	unsigned flags;
	icred_converse_fn converse; /* NULL: the library asks nothing                   */
	void *converse_data;
	icred_log_fn log;
	void *log_data;
};

/* The last failure on this thread; valid until the next call on this thread. */
struct icred_error {
	size_t size;
	int code;            /* ICRED_E_..., 0 if nothing has failed yet       */
	const char *message; /* one line for the user, says what to do         */
	const char *module;  /* the module that failed, such as "key keyring"; or "" */
	const char *file;    /* the profile file and line that name it; or ""  */
	unsigned line;
	int64_t retry_at; /* RATE_LIMITED: UTC, seconds since 1970; or 0   */
};

struct icred_key {
	size_t size;
	const char *fingerprint; /* base64 SHA-256 of the DER SubjectPublicKeyInfo   */
	const char *app;
	const char *label;
	const char *module; /* the key module that holds it                     */
	const char *where;  /* "login keyring", the name of a file, a URI       */
	int64_t created_at; /* UTC, seconds since 1970; 0 if unknown            */
	unsigned bits;      /* size of the modulus                              */
	unsigned locked;    /* 1 if its keyring is locked                       */
};

/* A file that is a profile. */
struct icred_profile {
	size_t size;
	const char *name;
	const char *file;
	unsigned hidden; /* 1 if a file of the same name in an earlier directory is used instead */
};

/* Where a setting or a stack line of an open profile comes from. */
enum icred_source { ICRED_FROM_FILE = 1, ICRED_FROM_OPTIONS = 2, ICRED_BUILT_IN = 3 };

/* A setting of a profile, or a line of its stack.  No string is NULL. */
struct icred_profile_entry {
	size_t size;
	const char *facility;         /* "key", "cache" or "issuer"; "" for a setting   */
	const char *name;             /* of the setting or the module                   */
	const char *value;            /* of a setting                                   */
	const char *control;          /* of a line: "sufficient", "[success=done ...]"  */
	const char *const *arguments; /* of a line: NAME or NAME=VALUE, NULL at its end */
	unsigned optional;            /* 1 if the line begins with "-"                  */
	unsigned skipped;             /* 1 if it does, and there is no such module      */
	int source;                   /* enum icred_source                              */
	const char *file;             /* of ICRED_FROM_FILE, else ""                    */
	unsigned line;                /* the same, else 0                               */
};

/* Open a profile; NULL means $ICRED_PROFILE or "default".  options may be NULL.  icred_open(3) */
ICRED_MUST_CHECK int icred_open(icred_t **ret_handle, const char *profile,
				const struct icred_options *options);
/* NULL is allowed.  Tokens stay valid.  Do not call it while another thread is in a call on the handle. */
void icred_close(icred_t *handle);

/* Get a token of `installation` (NULL: the profile's) that is valid for min_ttl more seconds. */
ICRED_MUST_CHECK int icred_get_token(icred_t *handle, const char *installation, unsigned min_ttl,
				     icred_token_t **ret_token);
/* A server refused this very token: remove it from all caches, so that the next call mints a new one. */
int icred_reject_token(icred_t *handle, icred_token_t *token);
/* Call each() for each token in the handle's caches; if it returns non-zero, stop and return that. */
int icred_token_each(icred_t *handle, int (*each)(icred_token_t *token, const char *cache, void *data),
		     void *data);
/* Remove all cached tokens of this profile's app; they are not revoked. */
int icred_forget(icred_t *handle);

/* icred_get_token() for event loops: start a request, without waiting.  icred_request_start(3) */
ICRED_MUST_CHECK int icred_request_start(icred_t *handle, const char *installation, unsigned min_ttl,
					 icred_request_t **ret_request);
/* A descriptor that is readable once the request has a result; the request owns it. */
int icred_request_fd(const icred_request_t *request);
/* Wait for the result, return it, and end the request, also on failure. */
ICRED_MUST_CHECK int icred_request_finish(icred_request_t *request, icred_token_t **ret_token);
/* End a request whose result is not needed; NULL is allowed. */
void icred_request_cancel(icred_request_t *request);

icred_token_t *icred_token_ref(icred_token_t *token);
void icred_token_unref(icred_token_t *token);
/* The strings are valid as long as the token; "" or 0 if the issuer did not report the value. */
const char *icred_token_secret(const icred_token_t *token);
int64_t icred_token_expires_at(const icred_token_t *token); /* UTC, seconds since 1970 */
int64_t icred_token_minted_at(const icred_token_t *token);  /* the same                */
const char *icred_token_app(const icred_token_t *token);
const char *icred_token_installation(const icred_token_t *token);
const char *icred_token_organization(const icred_token_t *token);
/* Permission number i: returns its level ("VIEW") and sets its name; NULL after the last one. */
const char *icred_token_permission(const icred_token_t *token, size_t i, const char **ret_name);

/* 1 if the profile's tokens may be sent to the origin of this URL, 0 if not, or a negative code. */
ICRED_MUST_CHECK int icred_origin_allowed(icred_t *handle, const char *url);
/* Value number i (0, 1, ... if the setting is repeatable) of a profile setting; NULL if there is none. */
const char *icred_setting(icred_t *handle, const char *name, size_t i);

/* Call each() for each profile file of this machine; if it returns non-zero, stop and return that. */
int icred_profile_list(const struct icred_options *options,
		       int (*each)(const struct icred_profile *profile, void *data), void *data);
/* The open profile's name, and its file: "" if it is built in.  Valid as long as the handle. */
const char *icred_profile_name(icred_t *handle);
const char *icred_profile_file(icred_t *handle);
/* Call each() for each setting, then for each stack line; if it returns non-zero, stop and return that. */
int icred_profile_show(icred_t *handle, int (*each)(const struct icred_profile_entry *entry, void *data),
		       void *data);
/* Read a profile and load its modules.  Pass each fault to found(), which may be NULL; return the first. */
int icred_profile_check(const char *profile, const struct icred_options *options,
			void (*found)(const struct icred_error *fault, void *data), void *data);

/* Store a PEM in the key stack.  ret_fingerprint may be NULL; the caller frees the string with free(3). */
ICRED_MUST_CHECK int icred_key_import(icred_t *handle, const void *pem, size_t len, const char *label,
				      char **ret_fingerprint);
/* The fingerprint of a PEM, which is checked but not stored; the caller frees it with free(3). */
ICRED_MUST_CHECK int icred_key_fingerprint(icred_t *handle, const void *pem, size_t len,
					   char **ret_fingerprint);
/* Call each() for each key of the profile's app; if it returns non-zero, stop and return that. */
int icred_key_each(icred_t *handle, int (*each)(const struct icred_key *key, void *data), void *data);
/* Remove the key with this fingerprint from every key module that has it. */
ICRED_MUST_CHECK int icred_key_remove(icred_t *handle, const char *fingerprint);

/* The last failure on this thread; never NULL. */
const struct icred_error *icred_error(void);
/* A static sentence for a code, and the code's short name ("not-found"); never NULL. */
const char *icred_strerror(int code);
const char *icred_kind(int code);
/* The version of the library in use, such as "0.1.0". */
const char *icred_version(void);

#ifdef __cplusplus
}
#endif
#endif
