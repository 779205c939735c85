/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether the environment sends a request through a proxy, as libcurl reads it. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "plugin/issuer/appauth/http.h"

static const char *env(const char *name, const char *otherwise)
{
	const char *value = getenv(name);

	if (!value || !*value)
		value = getenv(otherwise);
	return value ? value : "";
}

bool proxy_is_used(const char *peer)
{
	static const char separators[] = ", \t";
	const char *list = env("no_proxy", "NO_PROXY");
	bool is_v6 = peer[0] == '[';
	const char *host = is_v6 ? peer + 1 : peer;
	size_t len = strcspn(host, is_v6 ? "]" : ":"), n;

	if (!*env("https_proxy", "HTTPS_PROXY") && !*env("all_proxy", "ALL_PROXY"))
		return false;
	for (list += strspn(list, separators); *list; list += n, list += strspn(list, separators)) {
		const char *domain = *list == '.' ? list + 1 : list;
		size_t m;

		n = strcspn(list, separators);
		m = n - (size_t)(domain - list);
		if (n == 1 && *list == '*')
			return false;
		/* The same name, or a domain that it is in. */
		if (m > 0 && m <= len && strncasecmp(host + len - m, domain, m) == 0 &&
		    (m == len || host[len - m - 1] == '.'))
			return false;
	}
	return true;
}
