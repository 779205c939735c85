/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The part of a host that every test of a module needs: it keeps the last error. */
#ifndef ICRED_TESTS_PLUGIN_FAKE_HOST_H
#define ICRED_TESTS_PLUGIN_FAKE_HOST_H

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
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

#endif
