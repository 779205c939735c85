/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/base/lock.h"
#include "lib/base/secret.h"

/* Small enough to stay within the 64 kB that an ordinary user may lock. */
#define SLAB_SIZE  ((size_t)16384)
#define GRAIN      ((size_t)64)
#define SLAB_GRAIN (SLAB_SIZE / GRAIN)

struct slab {
	struct slab *next;
	unsigned char *memory;
	size_t size;
	bool used[SLAB_GRAIN];
};

struct secret_pool {
	struct lock lock;
	_Atomic unsigned refs; /* one for the owner and one for each allocation */
	struct slab *slabs;
};

/* Stands before every secret. */
struct header {
	struct secret_pool *pool;
	struct slab *slab;
	size_t grains;
	size_t size;
};

struct secret_pool *secret_pool_new(void)
{
	struct secret_pool *pool = calloc(1, sizeof(*pool));

	if (pool)
		atomic_init(&pool->refs, 1);
	return pool;
}

struct secret_pool *secret_pool_ref(struct secret_pool *pool)
{
	atomic_fetch_add_explicit(&pool->refs, 1, memory_order_relaxed);
	return pool;
}

static void slab_free(struct slab *slab)
{
	munmap(slab->memory, slab->size);
	free(slab);
}

struct secret_pool *secret_pool_unref(struct secret_pool *pool)
{
	if (!pool || atomic_fetch_sub_explicit(&pool->refs, 1, memory_order_acq_rel) != 1)
		return NULL;
	while (pool->slabs) {
		struct slab *slab = pool->slabs;
		pool->slabs = slab->next;
		slab_free(slab);
	}
	free(pool);
	return NULL;
}

/* Locking may fail (RLIMIT_MEMLOCK): then the memory can be swapped, but is still not dumped. */
static struct slab *slab_new(size_t size)
{
	struct slab *slab = calloc(1, sizeof(*slab));
	void *memory;

	if (!slab)
		return NULL;
	memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		free(slab);
		return NULL;
	}
	(void)mlock(memory, size);
	(void)madvise(memory, size, MADV_DONTDUMP);
	slab->size = size;
	slab->memory = memory;
	return slab;
}

static void pool_take(struct secret_pool *pool)
{
	if (lock_take(&pool->lock))
		pool->slabs = NULL; /* torn by a fork: leave the old ones as they are */
}

/* Give back so many grains, from `at` on. */
static void give_grains(struct secret_pool *pool, struct slab *slab, const void *at, size_t grains)
{
	size_t first = (size_t)((const unsigned char *)at - slab->memory) / GRAIN;

	pool_take(pool);
	memset(&slab->used[first], false, grains);
	lock_give(&pool->lock);
}

/* The first run of free grains that is long enough, or SLAB_GRAIN. */
static size_t find_run(const struct slab *slab, size_t grains)
{
	size_t run = 0;

	for (size_t i = 0; i < SLAB_GRAIN; i++) {
		run = slab->used[i] ? 0 : run + 1;
		if (run == grains)
			return i + 1 - grains;
	}
	return SLAB_GRAIN;
}

/* The pool's lock is held. */
static struct header *take_grains(struct secret_pool *pool, size_t grains)
{
	struct header *header;
	struct slab *slab;
	size_t at = SLAB_GRAIN;

	for (slab = pool->slabs; slab; slab = slab->next) {
		at = find_run(slab, grains);
		if (at < SLAB_GRAIN)
			break;
	}
	if (!slab) {
		slab = slab_new(SLAB_SIZE);
		if (!slab)
			return NULL;
		slab->next = pool->slabs;
		pool->slabs = slab;
		at = 0;
	}
	memset(&slab->used[at], true, grains);
	header = (void *)(slab->memory + at * GRAIN);
	header->slab = slab;
	header->grains = grains;
	return header;
}

void *secret_alloc(struct secret_pool *pool, size_t size)
{
	size_t whole = size + sizeof(struct header);
	struct header *header = NULL;

	if (size > SECRET_MAX)
		return NULL;
	if (whole > SLAB_SIZE) { /* pages of its own */
		struct slab *slab = slab_new((whole + 4095) & ~(size_t)4095);
		if (slab) {
			header = (void *)slab->memory;
			header->slab = slab;
			header->grains = 0;
		}
	} else {
		pool_take(pool);
		header = take_grains(pool, (whole + GRAIN - 1) / GRAIN);
		lock_give(&pool->lock);
	}
	if (!header)
		return NULL;
	header->pool = secret_pool_ref(pool);
	header->size = size;
	return header + 1;
}

void *secret_free(void *secret)
{
	struct header *header = secret, was;

	if (!secret)
		return NULL;
	header--;
	was = *header;
	explicit_bzero(header, was.size + sizeof(*header));
	if (was.grains)
		give_grains(was.pool, was.slab, header, was.grains);
	else
		slab_free(was.slab);
	return secret_pool_unref(was.pool);
}

void *secret_trim(void *secret, size_t size)
{
	struct header *header = (struct header *)secret - 1;
	size_t grains = (size + sizeof(*header) + GRAIN - 1) / GRAIN, had = header->grains;

	if (size >= header->size)
		return secret;
	explicit_bzero((char *)secret + size, header->size - size);
	header->size = size;
	if (had <= grains) /* pages of its own have no grains */
		return secret;
	header->grains = grains;
	give_grains(header->pool, header->slab, (char *)header + grains * GRAIN, had - grains);
	return secret;
}

void cleanup_secret(void *pointer_to_secret)
{
	secret_free(*(void **)pointer_to_secret);
}

bool secret_equal(const char *a, const char *b)
{
	size_t a_len = strlen(a), b_len = strlen(b);
	unsigned char difference = a_len != b_len;

	for (size_t i = 0; i < b_len; i++)
		difference |= (unsigned char)(a[a_len ? i % a_len : 0] ^ b[i]);
	return !difference;
}
