/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin/issuer/appauth/bearer.h"

static const char PREFIX[] = "Authorization: Bearer ";

#define PREFIX_LEN (sizeof(PREFIX) - 1)
#define LINE_SIZE  (sizeof(PREFIX) + JWT_SIZE)

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

int bearer_begin(struct bearer *b)
{
	const struct icred_host *host = b->host;
	struct bearer_page *page = b->cache->page;

	b->made_at = (int64_t)time(NULL);
	b->line = host->secret_alloc(host, LINE_SIZE);
	if (!b->line)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory for the JWT");
	b->line[0] = '\0';
	pthread_mutex_lock(&b->cache->mutex);
	/* A clock that was set back makes a JWT of the future, which no server takes. */
	b->is_reused = page->made_at != 0 && page->made_at <= b->made_at &&
		       b->made_at < page->made_at + JWT_LIFE - JWT_SPARE && strcmp(page->app, b->app) == 0;
	if (b->is_reused)
		memcpy(b->line, page->line, LINE_SIZE);
	pthread_mutex_unlock(&b->cache->mutex);
	if (b->is_reused)
		return 0;
	if (!jwt_input(b->line + PREFIX_LEN, JWT_SIZE, b->app, b->made_at, b->alg_claim, &b->input_len))
		return host->fail(host, ICRED_E_INVALID,
				  "the app's ID is too long or not UTF-8; check the setting app");
	return host->sign_begin(host, b->line + PREFIX_LEN, b->input_len, &b->signing);
}

/* PREFIX header.claims "." signature: the prefix comes last, so that the line is empty until it is complete. */
int bearer_complete(struct bearer *b)
{
	struct icred_signing *signing = b->signing;
	struct bearer_page *page = b->cache->page;
	unsigned char signature[ICRED_SIGNATURE_MAX];
	size_t at = PREFIX_LEN + b->input_len, len = 0;
	int r;

	if (b->line[0])
		return 0;
	b->signing = NULL;
	r = b->host->sign_end(b->host, signing, signature, sizeof(signature), &len);
	b->line[at] = '.';
	if (r == 0 && (len > sizeof(signature) ||
		       jwt_base64url(b->line + at + 1, LINE_SIZE - at - 1, signature, len) == 0))
		r = b->host->fail(b->host, ICRED_E_INTERNAL, "a signature of %zu bytes does not fit in a JWT",
				  len);
	explicit_bzero(signature, sizeof(signature));
	if (r < 0)
		return r;
	memcpy(b->line, PREFIX, PREFIX_LEN);
	if (strlen(b->app) > ICRED_ID_MAX)
		return 0;
	pthread_mutex_lock(&b->cache->mutex);
	explicit_bzero(page, sizeof(*page));
	memcpy(page->app, b->app, strlen(b->app) + 1);
	memcpy(page->line, b->line, strlen(b->line) + 1);
	page->made_at = b->made_at;
	pthread_mutex_unlock(&b->cache->mutex);
	return 0;
}

void bearer_reject(struct bearer *b)
{
	struct bearer_page *page = b->cache->page;

	pthread_mutex_lock(&b->cache->mutex);
	if (strcmp(page->line, b->line) == 0)
		explicit_bzero(page, sizeof(*page));
	pthread_mutex_unlock(&b->cache->mutex);
}

void bearer_end(struct bearer *b)
{
	const struct icred_host *host = b->host;

	if (b->signing)
		(void)host->sign_end(host, b->signing, NULL, 0, NULL);
	b->signing = NULL;
	if (b->line)
		host->secret_free(host, b->line);
	b->line = NULL;
}
