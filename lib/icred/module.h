/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The interface between libicred and its modules, ABI major version 1.
 *
 * A module is a shared object named FACILITY-NAME.so that exports one symbol,
 * icred_module_1.  Every struct starts with its size and grows only at its end.
 * The reader copies it, so either side may be newer than the other.
 * icred-module(3) describes the guarantees, life cycle, threads and ownership.
 */
#ifndef ICRED_MODULE_H
#define ICRED_MODULE_H

#include <stddef.h>
#include <stdint.h>
#include <icred/icred.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ICRED_MODULE_MINOR 1 /* raised with every appended member */

#if defined(__GNUC__) || defined(__clang__)
#define ICRED_MODULE_EXPORT     __attribute__((visibility("default")))
#define ICRED_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
#else
#define ICRED_MODULE_EXPORT
#define ICRED_PRINTF(fmt, args)
#endif

enum icred_facility { ICRED_KEY = 1, ICRED_CACHE = 2, ICRED_ISSUER = 3 };

/* SERIAL: one call at a time with the same self, except for each() of a cache.  PARALLEL: any number. */
enum { ICRED_THREADS_SERIAL = 0, ICRED_THREADS_PARALLEL = 1 };

/* Capability bits; each bit that is set requires its callback, unknown bits are ignored. */
enum {
	ICRED_CAN_SIGN = 1u << 0,   /* key: sign                      */
	ICRED_CAN_LIST = 1u << 1,   /* key: each                      */
	ICRED_CAN_STORE = 1u << 2,  /* key: store                     */
	ICRED_CAN_REMOVE = 1u << 3, /* key: remove                    */
	ICRED_CAN_CACHE = 1u << 4,  /* cache: load, save, drop, each  */
	ICRED_CAN_MINT = 1u << 5    /* issuer: mint                   */
};

struct icred_signing; /* a requested signature; owned by the host */

/*
 * The limits of a token and its data, which are the same for issuers, caches, the worker and the library.
 * A record in which all of them are reached still fits in a cache's blob.
 */
#define ICRED_TOKEN_MAX       4096 /* bytes of a token: RFC 6750 sets no limit, header lines do */
#define ICRED_ID_MAX          255  /* bytes of the ID of an app, an installation, an organization */
#define ICRED_PERMISSIONS_MAX 64   /* pairs of a name and a level */
#define ICRED_PERMISSION_MAX  64   /* bytes of a name, and of a level */
#define ICRED_NAME_MAX        64   /* bytes of the name of a cache entry */
#define ICRED_BLOB_MAX        16384
#define ICRED_SIGN_DATA_MAX   8192
#define ICRED_SIGNATURE_MAX   2048 /* of an RSA key of 16384 bits */

/*
 * The host's functions for a module.  Every call, including open() and close(),
 * gets the table of its own request (deadline, error, log), which is valid until
 * the call returns.  Keep secrets in memory from secret_alloc, which is locked,
 * left out of core files, and wiped when it is freed; a module may keep it
 * between calls, until close().
 */
struct icred_host {
	size_t size;
	unsigned minor;
	unsigned interactive; /* 1: a user is present and the keyring may prompt */

	/* Record the one-line reason for a failure; returns code, so that: return host->fail(...). */
	int (*fail)(const struct icred_host *host, int code, const char *format, ...) ICRED_PRINTF(3, 4);
	void (*log)(const struct icred_host *host, int level, const char *format, ...) ICRED_PRINTF(3, 4);
	/* A profile setting ("app", "api" ...), or a NAME=VALUE argument of the line; NULL if not set. */
	const char *(*setting)(const struct icred_host *host, const char *name);
	const char *(*argument)(const struct icred_host *host, const char *name);
	/* Milliseconds until the caller's deadline; 0 when it has passed. */
	int64_t (*time_left)(const struct icred_host *host);
	void *(*secret_alloc)(const struct icred_host *host, size_t size);
	void (*secret_free)(const struct icred_host *host, void *secret);
	/* Ask the user; ICRED_E_LOCKED at once if the user cannot be asked.  reply: secret memory. */
	int (*prompt)(const struct icred_host *host, int style, const char *text, char *reply, size_t cap);

	/*
	 * Issuers only.  Request an RS256 signature from the key stack.  begin returns
	 * at once, so that an issuer can do other work in the meantime; end waits for
	 * it, is called once for each begin, and always frees it (signature NULL: discard it).
	 */
	int (*sign_begin)(const struct icred_host *host, const void *data, size_t len,
			  struct icred_signing **ret_signing);
	int (*sign_end)(const struct icred_host *host, struct icred_signing *signing, void *signature,
			size_t cap, size_t *ret_len);
	/* After fail(): the time from which the server accepts requests again (Retry-After). */
	void (*retry_at)(const struct icred_host *host, int64_t utc);
	/* Since minor 1, for keys: the fingerprint of the key that made a signature; NULL if not wanted. */
	void (*signed_by)(const struct icred_host *host, const char *fingerprint);
};

/* Which keys to use: those of an app at an API's origin ("https://api.carbonregistry.com"). */
struct icred_key_query {
	size_t size;
	const char *app;
	const char *origin;
};

/*
 * Key modules run in icred-worker.  They sign, but never return a key.  `nth` counts
 * the app's keys, newest first; after the last one, return ICRED_E_NOT_FOUND.
 */
struct icred_key_ops {
	size_t size;
	/* RSASSA-PKCS1-v1_5 with SHA-256 over data (RFC 7518, 3.3). */
	int (*sign)(void *self, const struct icred_host *host, const struct icred_key_query *query,
		    unsigned nth, const void *data, size_t len, void *signature, size_t cap, size_t *ret_len);
	/* If each() returns non-zero, stop and return that. */
	int (*each)(void *self, const struct icred_host *host, const struct icred_key_query *query,
		    int (*each)(const struct icred_key *key, void *data), void *data);
	/* The host has checked that pem (NUL-terminated) is a suitable RSA key with this fingerprint. */
	int (*store)(void *self, const struct icred_host *host, const struct icred_key_query *query,
		     const char *pem, const char *label, const char *fingerprint);
	int (*remove)(void *self, const struct icred_host *host, const struct icred_key_query *query,
		      const char *fingerprint);
	/*
	 * A signature with the newest key will probably be requested soon: connect, fetch,
	 * open.  May be NULL, must not prompt (interactive is 0), and its failure is ignored.
	 */
	int (*prepare)(void *self, const struct icred_host *host, const struct icred_key_query *query);
};

/*
 * Cache modules run in the caller's process and use libc only.  An entry is a name
 * of [a-z0-9.-], at most ICRED_NAME_MAX bytes, and a secret blob of at most
 * ICRED_BLOB_MAX bytes.  Return ICRED_E_NOT_FOUND if there is no such entry, and
 * ICRED_E_UNSUPPORTED if the cache does not work on this system, which is not a failure.
 */
struct icred_cache_ops {
	size_t size;
	int (*load)(void *self, const struct icred_host *host, const char *name, void *blob, size_t cap,
		    size_t *ret_len);
	/* Replace the entry atomically; it may disappear at expires_at (UTC, seconds) or before. */
	int (*save)(void *self, const struct icred_host *host, const char *name, const void *blob, size_t len,
		    int64_t expires_at);
	int (*drop)(void *self, const struct icred_host *host, const char *name);
	/* Call each() with the name of each entry; it may drop that entry. */
	int (*each)(void *self, const struct icred_host *host, int (*each)(const char *name, void *data),
		    void *data);
};

enum icred_target { ICRED_TARGET_INSTALLATION = 1, ICRED_TARGET_ORGANIZATION = 2, ICRED_TARGET_APP = 3 };

struct icred_mint_request {
	size_t size;
	const char *app;
	int target;     /* enum icred_target                        */
	const char *id; /* of the installation or organization; or "" */
};

/* The issuer's result; the module owns strings and secrets until it returns from mint. */
struct icred_grant {
	size_t size;
	const char *token;              /* RFC 6750 b64token */
	int64_t expires_at;             /* UTC, seconds since 1970 */
	const char *installation;       /* or NULL */
	const char *organization;       /* or NULL */
	const char *const *permissions; /* name, level, name, level ...; NULL-terminated; or NULL */
};

/* Issuer modules run in icred-worker. */
struct icred_issuer_ops {
	size_t size;
	/* Call granted() exactly once on success, never on failure; it copies its argument. */
	int (*mint)(void *self, const struct icred_host *host, const struct icred_mint_request *request,
		    int (*granted)(const struct icred_grant *grant, void *data), void *data);
};

struct icred_module {
	size_t size;
	unsigned minor;   /* ICRED_MODULE_MINOR                     */
	int facility;     /* enum icred_facility                    */
	const char *name; /* "keyring": the NAME in the file's name */
	unsigned threads; /* ICRED_THREADS_...                      */
	unsigned can;     /* ICRED_CAN_...                          */
	/* Called once for each stack line, which gets its own self. */
	int (*open)(const struct icred_host *host, void **ret_self);
	void (*close)(void *self, const struct icred_host *host);
	const void *ops; /* struct icred_key_ops, _cache_ops or _issuer_ops */
	/* Names of the allowed arguments: "path ask"; others make the profile invalid.  NULL: any. */
	const char *arguments;
};

/* The one symbol that a module exports. */
ICRED_MODULE_EXPORT const struct icred_module *icred_module_1(void);

#ifdef __cplusplus
}
#endif
#endif
