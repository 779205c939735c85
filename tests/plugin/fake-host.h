/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of a host that tests of modules need: it keeps the last error. */
#ifndef ICRED_TESTS_PLUGIN_FAKE_HOST_H
#define ICRED_TESTS_PLUGIN_FAKE_HOST_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <icred/module.h>

static char message[1024];
static int64_t retry_at;

/* A new error has no time, as with the real host: retry_at must come after it. */
ICRED_PRINTF(3, 4)
static int host_fail(const struct icred_host *host, int code, const char *format, ...)
{
	va_list args;

	(void)host;
	va_start(args, format);
	vsnprintf(message, sizeof(message), format, args);
	va_end(args);
	retry_at = 0;
	return code;
}

static inline void host_retry_at(const struct icred_host *host, int64_t utc)
{
	(void)host;
	retry_at = utc;
}

ICRED_PRINTF(3, 4)
static inline void host_log(const struct icred_host *host, int level, const char *format, ...)
{
	va_list args;

	(void)host;
	fprintf(stderr, "log %d: ", level);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
}

static inline void *host_secret_alloc(const struct icred_host *host, size_t size)
{
	(void)host;
	return calloc(1, size);
}

static inline void host_secret_free(const struct icred_host *host, void *secret)
{
	(void)host;
	free(secret);
}

#endif
