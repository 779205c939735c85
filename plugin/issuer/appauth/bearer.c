/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin/issuer/appauth/bearer.h"
#include "plugin/issuer/appauth/jwt.h"

static const char PREFIX[] = "Authorization: Bearer ";

#define LINE_SIZE (sizeof(PREFIX) + JWT_SIZE)

/* In secret memory, from open to close. */
struct bearer_page {
	int64_t made_at; /* 0: empty */
	char app[ICRED_ID_MAX + 1];
	char line[LINE_SIZE];
};

struct bearer_cache {
	pthread_mutex_t mutex;
	struct bearer_page *page;
};

struct bearer_cache *bearer_cache_new(const struct icred_host *host)
{
	struct bearer_cache *cache = calloc(1, sizeof(*cache));

	if (!cache)
		return NULL;
	cache->page = host->secret_alloc(host, sizeof(*cache->page));
	if (!cache->page) {
		free(cache);
		return NULL;
	}
	pthread_mutex_init(&cache->mutex, NULL);
	return cache;
}

struct bearer_cache *bearer_cache_free(struct bearer_cache *cache, const struct icred_host *host)
{
	if (!cache)
		return NULL;
	host->secret_free(host, cache->page);
	pthread_mutex_destroy(&cache->mutex);
	free(cache);
	return NULL;
}

/* A clock that was set back makes a JWT of the future, which no server takes. */
static bool is_fresh(const struct bearer_page *page, const char *app, int64_t now)
{
	return page->made_at != 0 && page->made_at <= now && now < page->made_at + JWT_LIFE - JWT_SPARE &&
	       strcmp(page->app, app) == 0;
}

static bool cache_load(struct bearer *b, int64_t now)
{
	struct bearer_page *page = b->cache->page;
	bool fresh;

	pthread_mutex_lock(&b->cache->mutex);
	fresh = is_fresh(page, b->app, now);
	if (fresh)
		memcpy(b->line, page->line, LINE_SIZE);
	pthread_mutex_unlock(&b->cache->mutex);
	return fresh;
}

static void cache_save(const struct bearer *b)
{
	struct bearer_page *page = b->cache->page;

	if (strlen(b->app) > ICRED_ID_MAX)
		return;
	pthread_mutex_lock(&b->cache->mutex);
	explicit_bzero(page, sizeof(*page));
	memcpy(page->app, b->app, strlen(b->app) + 1);
	memcpy(page->line, b->line, strlen(b->line) + 1);
	page->made_at = b->made_at;
	pthread_mutex_unlock(&b->cache->mutex);
}

void bearer_reject(struct bearer *bearer)
{
	struct bearer_page *page = bearer->cache->page;

	pthread_mutex_lock(&bearer->cache->mutex);
	if (strcmp(page->line, bearer->line) == 0)
		explicit_bzero(page, sizeof(*page));
	pthread_mutex_unlock(&bearer->cache->mutex);
}

static int sign(struct bearer *b, int64_t now)
{
	const struct icred_host *host = b->host;

	b->made_at = now;
	if (!jwt_input(b->input, JWT_SIZE, b->app, now, b->alg_claim, &b->input_len))
		return host->fail(host, ICRED_E_INVALID,
				  "the app's ID is too long or no UTF-8; check the setting app");
	return host->sign_begin(host, b->input, b->input_len, &b->signing);
}

int bearer_begin(struct bearer *bearer)
{
	const struct icred_host *host = bearer->host;
	int64_t now = (int64_t)time(NULL);

	bearer->line = host->secret_alloc(host, LINE_SIZE);
	bearer->input = host->secret_alloc(host, JWT_SIZE);
	if (!bearer->line || !bearer->input)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory for the JWT");
	bearer->line[0] = '\0';
	bearer->is_reused = cache_load(bearer, now);
	return bearer->is_reused ? 0 : sign(bearer, now);
}

/* PREFIX header.claims "." signature */
static bool assemble(struct bearer *b, const void *signature, size_t len)
{
	size_t at = sizeof(PREFIX) - 1;

	if (at + b->input_len + 2 > LINE_SIZE)
		return false;
	memcpy(b->line + at, b->input, b->input_len);
	at += b->input_len;
	b->line[at++] = '.';
	if (jwt_base64url(b->line + at, LINE_SIZE - at, signature, len) == 0)
		return false;
	memcpy(b->line, PREFIX, sizeof(PREFIX) - 1);
	return true;
}

int bearer_complete(struct bearer *b)
{
	struct icred_signing *signing = b->signing;
	unsigned char signature[ICRED_SIGNATURE_MAX];
	size_t len = 0;
	int r;

	if (b->line[0])
		return 0;
	b->signing = NULL;
	r = b->host->sign_end(b->host, signing, signature, sizeof(signature), &len);
	if (r == 0 && (len > sizeof(signature) || !assemble(b, signature, len)))
		r = b->host->fail(b->host, ICRED_E_INTERNAL, "the signature of %zu bytes does not fit a JWT",
				  len);
	explicit_bzero(signature, sizeof(signature));
	if (r < 0)
		return r;
	cache_save(b);
	return 0;
}

void bearer_end(struct bearer *bearer)
{
	const struct icred_host *host = bearer->host;

	if (bearer->signing)
		(void)host->sign_end(host, bearer->signing, NULL, 0, NULL);
	bearer->signing = NULL;
	if (bearer->line)
		host->secret_free(host, bearer->line);
	if (bearer->input)
		host->secret_free(host, bearer->input);
	bearer->line = NULL;
	bearer->input = NULL;
}
