/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both cache modules check of an entry before they touch anything. */
#ifndef ICRED_PLUGIN_CACHE_CACHE_ENTRY_H
#define ICRED_PLUGIN_CACHE_CACHE_ENTRY_H

#include <stdbool.h>

#include <icred/module.h>

/* [a-z0-9.-], 1 to ICRED_NAME_MAX bytes: cannot leave a directory, cannot look like two words. */
static inline bool cache_is_name(const char *name)
{
	size_t len;

	for (len = 0; name[len] != '\0'; len++) {
		char c = name[len];

		if (len == ICRED_NAME_MAX ||
		    !((c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '-'))
			return false;
	}
	return len > 0;
}

static inline int cache_check_name(const struct icred_host *host, const char *name)
{
	if (cache_is_name(name))
		return ICRED_OK;
	return host->fail(host, ICRED_E_INVALID,
			  "the name of a cache entry must be 1 to %d of a-z, 0-9, . and -", ICRED_NAME_MAX);
}

static inline int cache_check_blob(const struct icred_host *host, size_t len)
{
	if (len > 0 && len <= ICRED_BLOB_MAX)
		return ICRED_OK;
	return host->fail(host, ICRED_E_INVALID, "a cache entry must have 1 to %d bytes, not %zu",
			  ICRED_BLOB_MAX, len);
}

#endif
