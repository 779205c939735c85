/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts for tiny key modules: each of them says one thing and is wrong in one way at most. */
#ifndef ICRED_TESTS_LIB_MODULE_MODULES_KEY_H
#define ICRED_TESTS_LIB_MODULE_MODULES_KEY_H

#include <stddef.h>
#include <icred/module.h>

#define UNUSED __attribute__((unused))

static UNUSED int test_key_sign(void *self, const struct icred_host *host,
				const struct icred_key_query *query, unsigned nth, const void *data,
				size_t len, void *signature, size_t cap, size_t *ret_len)
{
	(void)self;
	(void)query;
	(void)data;
	(void)signature;
	(void)cap;
	if (nth)
		return host->fail(host, ICRED_E_NOT_FOUND, "no more keys");
	*ret_len = len;
	return ICRED_OK;
}

/* Its self is a byte of secret memory, which the test sees freed. */
static UNUSED int test_key_open(const struct icred_host *host, void **ret_self)
{
	*ret_self = host->secret_alloc(host, 1);
	return *ret_self ? ICRED_OK : ICRED_E_NO_MEMORY;
}

static UNUSED void test_key_close(void *self, const struct icred_host *host)
{
	host->secret_free(host, self);
}

#endif
