/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* clang-format off */
/*
 * A module for libicred in full: a cache that keeps one entry in the memory of
 * the process.  icred-module(3) shows it too, and how to build and install it.
 */
#include <stdlib.h>
#include <string.h>
#include <icred/module.h>

struct memory {
    char name[65];
    void *blob;
    size_t len;
};

static int memory_open(const struct icred_host *host, void **ret_self)
{
    *ret_self = calloc(1, sizeof(struct memory));
    return *ret_self ? 0 : host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
}

static void memory_close(void *self, const struct icred_host *host)
{
    struct memory *memory = self;

    host->secret_free(host, memory->blob);
    free(memory);
}

static int memory_missing(const struct memory *memory, const char *name)
{
    return !memory->blob || strcmp(memory->name, name) != 0;
}

static int memory_load(void *self, const struct icred_host *host, const char *name,
    void *blob, size_t cap, size_t *ret_len)
{
    struct memory *memory = self;

    if (memory_missing(memory, name) || memory->len > cap)
        return host->fail(host, ICRED_E_NOT_FOUND, "the entry is not here");
    memcpy(blob, memory->blob, memory->len);
    *ret_len = memory->len;
    return 0;
}

static int memory_save(void *self, const struct icred_host *host, const char *name,
    const void *blob, size_t len, int64_t expires_at)
{
    struct memory *memory = self;
    void *copy = host->secret_alloc(host, len);

    (void)expires_at;
    if (!copy || strlen(name) >= sizeof(memory->name)) {
        host->secret_free(host, copy);
        return host->fail(host, ICRED_E_NO_MEMORY, "no room for the token");
    }
    memcpy(copy, blob, len);
    host->secret_free(host, memory->blob);
    memory->blob = copy;
    memory->len = len;
    memcpy(memory->name, name, strlen(name) + 1);
    return 0;
}

static int memory_drop(void *self, const struct icred_host *host, const char *name)
{
    struct memory *memory = self;

    if (memory_missing(memory, name))
        return host->fail(host, ICRED_E_NOT_FOUND, "the entry is not here");
    host->secret_free(host, memory->blob);
    memory->blob = NULL;
    return 0;
}

static int memory_each(void *self, const struct icred_host *host,
    int (*each)(const char *name, void *data), void *data)
{
    struct memory *memory = self;
    char name[sizeof(memory->name)];

    (void)host;
    if (!memory->blob)
        return 0;
    memcpy(name, memory->name, sizeof(name));
    return each(name, data);
}

static const struct icred_cache_ops memory_ops = {
    .size = sizeof(memory_ops),
    .load = memory_load,
    .save = memory_save,
    .drop = memory_drop,
    .each = memory_each,
};

static const struct icred_module memory_module = {
    .size = sizeof(memory_module),
    .minor = ICRED_MODULE_MINOR,
    .facility = ICRED_CACHE,
    .name = "memory",
    .threads = ICRED_THREADS_SERIAL,
    .can = ICRED_CAN_CACHE,
    .open = memory_open,
    .close = memory_close,
    .ops = &memory_ops,
};

const struct icred_module *icred_module_1(void)
{
    return &memory_module;
}
