/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A host for cache modules: loads one from MODULE_DIR_TEST, keeps what it says. */
#ifndef ICRED_TESTS_PLUGIN_CACHE_CACHE_HOST_H
#define ICRED_TESTS_PLUGIN_CACHE_CACHE_HOST_H

#include <dlfcn.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <icred/module.h>

struct cache {
	struct icred_host host; /* first: a module gets a pointer to it */
	const struct icred_module *module;
	const struct icred_cache_ops *ops;
	void *self;
	const char *keyring; /* the stack line's argument */
	unsigned warnings;
	char said[512]; /* the last failure or warning */
};

/* For names and users of this run alone: containers share keyrings and quotas, and have the same process numbers. */
static inline unsigned chance(void)
{
	unsigned number;

	if (getentropy(&number, sizeof(number)) != 0)
		abort();
	return number;
}

static inline struct cache *cache_of(const struct icred_host *host)
{
	return (struct cache *)(uintptr_t)host;
}

__attribute__((format(printf, 3, 4))) static inline int cache_fail(const struct icred_host *host, int code,
								   const char *format, ...)
{
	va_list args;

	va_start(args, format);
	(void)vsnprintf(cache_of(host)->said, sizeof(cache_of(host)->said), format, args);
	va_end(args);
	return code;
}

__attribute__((format(printf, 3, 4))) static inline void cache_log(const struct icred_host *host, int level,
								   const char *format, ...)
{
	va_list args;

	if (level > ICRED_LOG_WARNING)
		return;
	__atomic_add_fetch(&cache_of(host)->warnings, 1, __ATOMIC_RELAXED);
	va_start(args, format);
	(void)vsnprintf(cache_of(host)->said, sizeof(cache_of(host)->said), format, args);
	va_end(args);
}

static inline const char *cache_argument(const struct icred_host *host, const char *name)
{
	return strcmp(name, "keyring") == 0 ? cache_of(host)->keyring : NULL;
}

static inline const char *cache_setting(const struct icred_host *host, const char *name)
{
	(void)host;
	(void)name;
	return NULL;
}

/* 0, or the module's open() code; -100 if there is no such module. */
static inline int cache_open(struct cache *cache, const char *name, const char *keyring)
{
	const char *dir = getenv("MODULE_DIR_TEST");
	const struct icred_module *(*entry)(void);
	char path[PATH_MAX];
	void *object;

#ifdef MODULE_DIR_TEST
	dir = dir == NULL ? MODULE_DIR_TEST : dir;
#endif
	(void)snprintf(path, sizeof(path), "%s/cache-%s.so", dir == NULL ? "." : dir, name);
	object = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (object == NULL) {
		fprintf(stderr, "# %s\n", dlerror());
		return -100;
	}
	*(void **)&entry = dlsym(object, "icred_module_1");
	if (entry == NULL)
		return -100;
	memset(cache, 0, sizeof(*cache));
	cache->host.size = sizeof(cache->host);
	cache->host.fail = cache_fail;
	cache->host.log = cache_log;
	cache->host.argument = cache_argument;
	cache->host.setting = cache_setting;
	cache->keyring = keyring;
	cache->module = entry();
	cache->ops = cache->module->ops;
	return cache->module->open(&cache->host, &cache->self);
}

static inline void cache_close(struct cache *cache)
{
	cache->module->close(cache->self, &cache->host);
}

static inline int cache_save(struct cache *c, const char *name, const void *blob, size_t len, int64_t end)
{
	return c->ops->save(c->self, &c->host, name, blob, len, end);
}

static inline int cache_load(struct cache *c, const char *name, void *blob, size_t cap, size_t *ret_len)
{
	return c->ops->load(c->self, &c->host, name, blob, cap, ret_len);
}

static inline int cache_drop(struct cache *c, const char *name)
{
	return c->ops->drop(c->self, &c->host, name);
}

static inline int cache_each(struct cache *c, int (*each)(const char *name, void *data), void *data)
{
	return c->ops->each(c->self, &c->host, each, data);
}

#endif
