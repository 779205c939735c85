/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as RFC 3339 writes them, read without locale or time zone. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_RFC3339_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_RFC3339_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Seconds since 1970 UTC, fractions cut off; false if text is no time of the years 0 to 9999. */
bool rfc3339_parse(const char *text, size_t len, int64_t *ret_seconds);

#endif
