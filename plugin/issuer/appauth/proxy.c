/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/issuer/appauth/proxy.h"

static const char *env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	return value && *value ? value : getenv(otherwise);
}

static bool is_set(const char *value)
{
	return value && *value;
}

/* The same name, or a domain that it is in. */
static bool is_within(const char *host, size_t len, const char *domain, size_t n)
{
	return n > 0 && n <= len && strncasecmp(host + len - n, domain, n) == 0 &&
	       (n == len || host[len - n - 1] == '.');
}

static bool is_excluded(const char *peer, const char *list)
{
	static const char between[] = ", \t";
	bool is_v6 = peer[0] == '[';
	const char *host = is_v6 ? peer + 1 : peer;
	size_t len = strcspn(host, is_v6 ? "]" : ":");
	size_t n;

	for (list += strspn(list, between); *list; list += n, list += strspn(list, between)) {
		size_t dot = *list == '.';

		n = strcspn(list, between);
		if ((n == 1 && *list == '*') || is_within(host, len, list + dot, n - dot))
			return true;
	}
	return false;
}

bool proxy_is_used(const char *peer)
{
	const char *excluded = env("no_proxy", "NO_PROXY");

	return (is_set(env("https_proxy", "HTTPS_PROXY")) || is_set(env("all_proxy", "ALL_PROXY"))) &&
	       !(excluded && is_excluded(peer, excluded));
}
