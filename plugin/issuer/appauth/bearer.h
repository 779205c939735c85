/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Authorization header with the app's JWT. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_BEARER_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_BEARER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <icred/module.h>

struct bearer_cache; /* the last JWT, for all threads */

struct bearer {
	struct bearer_cache *cache;
	const struct icred_host *host;
	const char *app;
	bool alg_claim;

	char *line;  /* the whole header, in secret memory; "" until bearer_complete */
	char *input; /* the same: what is being signed */
	size_t input_len;
	int64_t made_at;
	struct icred_signing *signing;
	bool is_reused;
};

struct bearer_cache *bearer_cache_new(const struct icred_host *host);
struct bearer_cache *bearer_cache_free(struct bearer_cache *cache, const struct icred_host *host);

/* Start a signature, or take the last JWT.  bearer_end is due whatever this returns. */
int bearer_begin(struct bearer *bearer);
/* Wait for the signature, so that the line can be sent. */
int bearer_complete(struct bearer *bearer);
/* The server refused this JWT: it must not be used again. */
void bearer_reject(struct bearer *bearer);
void bearer_end(struct bearer *bearer);

#endif
