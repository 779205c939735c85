/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Authorization header with the app's JSON Web Token (RFC 7519). */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_BEARER_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_BEARER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <icred/module.h>

#define JWT_SIZE  4096 /* of the whole text, NUL included            */
#define JWT_PAST  60   /* iat: so long ago, for clocks that are late */
#define JWT_LIFE  540  /* exp: below the service's 600, for clocks that are early */
#define JWT_SPARE 60   /* a JWT with less life than this is not used again */

struct bearer_cache; /* the last JWT, for all threads */

struct bearer {
	struct bearer_cache *cache;
	const struct icred_host *host;
	const char *app;
	bool alg_claim;

	char *line;       /* the whole header, in secret memory; "" until bearer_complete */
	size_t input_len; /* of what is being signed, where the JWT will be in the line */
	int64_t made_at;
	struct icred_signing *signing;
	bool is_reused;
};

/* bearer.c */
struct bearer_cache *bearer_cache_new(const struct icred_host *host);
struct bearer_cache *bearer_cache_free(struct bearer_cache *cache, const struct icred_host *host);
/* Start a signature, or take the last JWT.  Call bearer_end whatever this returns. */
int bearer_begin(struct bearer *bearer);
/* Wait for the signature, so that the line can be sent. */
int bearer_complete(struct bearer *bearer);
/* The server refused this JWT: it must not be used again. */
void bearer_reject(struct bearer *bearer);
void bearer_end(struct bearer *bearer);

/* jwt.c.  RFC 4648, 5, without padding; the length, or 0 if it does not fit. NUL-terminated. */
size_t jwt_base64url(char *out, size_t cap, const void *data, size_t len);
/* The header and the claims as the signature covers them; false if app is not UTF-8 or does not fit. */
bool jwt_input(char *out, size_t cap, const char *app, int64_t now, bool alg_claim, size_t *ret_len);

#endif
