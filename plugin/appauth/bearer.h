/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The Authorization header with the app's JWT, signed while the connection is opened. */
#ifndef ICRED_APPAUTH_BEARER_H
#define ICRED_APPAUTH_BEARER_H

#include <stdbool.h>
#include <stddef.h>
#include <curl/curl.h>
#include <icred/module.h>

struct bearer_cache; /* the last JWT, for all threads */

struct bearer {
	struct bearer_cache *cache;
	const struct icred_host *host;
	const char *app;
	bool alg_claim;

	/* libcurl reads the line when it builds the request: after bearer_complete has filled it in place. */
	struct curl_slist node;
	char *line;  /* secret memory */
	char *input; /* the same: what is being signed */
	size_t input_len;
	int64_t made_at;
	struct icred_signing *signing;
	bool is_ready;
	bool is_reused;
};

struct bearer_cache *bearer_cache_new(const struct icred_host *host);
struct bearer_cache *bearer_cache_free(struct bearer_cache *cache, const struct icred_host *host);

/* Start a signature, or take the last JWT.  bearer_end is due whatever this returns. */
int bearer_begin(struct bearer *bearer);
/* Wait for the signature; a struct bearer as request->connected wants it. */
int bearer_complete(void *bearer);
/* The server refused this JWT: nobody shall use it again. */
void bearer_reject(struct bearer *bearer);
void bearer_end(struct bearer *bearer);

#endif
