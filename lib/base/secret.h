/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The one place where secrets live: memory that is locked as far as the
 * system allows, left out of core files, and wiped when it is freed.
 */
#ifndef ICRED_LIB_BASE_SECRET_H
#define ICRED_LIB_BASE_SECRET_H

#include <stddef.h>

#include "lib/base/language.h"

struct secret_pool;

struct secret_pool *secret_pool_new(void);
struct secret_pool *secret_pool_ref(struct secret_pool *pool);
struct secret_pool *secret_pool_unref(struct secret_pool *pool);

/* Zeroed memory for a secret, at most SECRET_MAX bytes; NULL when there is none left. */
#define SECRET_MAX (1u << 20)
void *secret_alloc(struct secret_pool *pool, size_t size);
/* Give back all but the first `size` bytes; the secret stays where it is.  Returns it. */
void *secret_trim(void *secret, size_t size);
/* Wipe and free; the allocation keeps its pool alive until then.  Takes NULL, returns NULL. */
void *secret_free(void *secret);

#define _cleanup_secret_ __attribute__((cleanup(cleanup_secret)))
void cleanup_secret(void *pointer_to_secret);

/* Equal, in a time that does not depend on where the first difference is. */
bool secret_equal(const char *a, const char *b);

/*
 * Wipe what copying and measuring a secret has left outside of secret memory:
 * in the registers that a call may change, and in the stack below the caller,
 * where they may have been saved.  Called last by each function of the API
 * that has touched one, so that a core file of the program does not show it.
 */
void wipe_traces(void);

#endif
