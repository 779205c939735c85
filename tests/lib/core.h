/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests of the core share: cmocka with what it wants, and a token from nothing. */
#ifndef ICRED_TESTS_LIB_CORE_H
#define ICRED_TESTS_LIB_CORE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/token/token.h"

#define TEST_BLOB_MAX 16384

/* The failure of this thread has this code, and says this. */
static inline void assert_failure(int code, const char *says)
{
	assert_string_equal(icred_kind(icred_error()->code), icred_kind(code));
	if (!strstr(icred_error()->message, says))
		fail_msg("\"%s\" does not say \"%s\"", icred_error()->message, says);
	assert_null(strchr(icred_error()->message, '\n'));
}

/* The profile `name` in a folder, with this text and a mode that is trusted. */
static inline void test_write_profile(const char *folder, const char *name, const char *text)
{
	char path[128];
	FILE *file;

	assert_in_range(snprintf(path, sizeof(path), "%s/%s.conf", folder, name), 1, sizeof(path) - 1);
	file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(chmod(path, 0600), 0);
}

/* A record of the installation `id`, whose secret is "crs_" and the id. */
static inline size_t test_blob(void *bytes, const char *id, int64_t minted_at, int64_t expires_at)
{
	char secret[128];
	struct record record = {
		.identity = {"icr", "https://api.carbonregistry.com", "12345", ICRED_TARGET_INSTALLATION, id},
		.secret = secret,
		.minted_at = minted_at,
		.expires_at = expires_at,
	};
	struct wire wire = {.bytes = bytes, .cap = TEST_BLOB_MAX};

	(void)snprintf(secret, sizeof(secret), "crs_%s", id);
	record_write(&wire, &record);
	assert_false(wire.overflow);
	return wire.len;
}

static inline struct token_body *test_body(struct secret_pool *pool, const char *id, int64_t minted_at,
					   int64_t expires_at)
{
	unsigned char bytes[1024];
	size_t len = test_blob(bytes, id, minted_at, expires_at);
	unsigned char *blob = secret_alloc(pool, len);
	struct token_body *body;

	assert_non_null(blob);
	memcpy(blob, bytes, len);
	body = token_body_new(blob, len);
	assert_non_null(body);
	return body;
}

/* A file of the build tree: `make check` tells where that is; by hand, it is where you stand. */
static inline void built(char *path, size_t cap, const char *name)
{
	const char *top = getenv("builddir");
	char *here = top ? strdup(top) : realpath(".", NULL);

	assert_non_null(here);
	(void)snprintf(path, cap, "%s/%s", here, name);
	free(here);
}

#endif
