/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "helper/common/fail.h"
#include "helper/common/outside.h"

bool outside_is_http(const char *url)
{
	return url && strncasecmp(url, "http://", 7) == 0;
}

/* Without user name, password and query, which may be secret. */
static int outside_tell(const struct options *o, const char *url)
{
	const char *host = strstr(url, "://"), *at;
	int scheme = host ? (int)(host + 3 - url) : 0, len;

	host = host ? host + 3 : url;
	len = (int)strcspn(host, "/?#\\");
	while ((at = memchr(host, '@', (size_t)len)) != NULL) {
		len -= (int)(at + 1 - host);
		host = at + 1;
	}
	if (scheme == 0 || len == 0)
		return fail(o, FAIL_ORIGIN, "origin",
			    "\"%.*s%.*s\" is no URL of the profile's: it needs a scheme and a host", scheme,
			    url, len, host);
	return fail(o, FAIL_ORIGIN, "origin",
		    "tokens of this profile may not go to %.*s%.*s; if they should, add \"origin URL\" to it",
		    scheme, url, len, host);
}

/* The origin may be right, and the bytes are still such that two programs could read two URLs. */
static bool outside_is_doubtful(const char *url)
{
	for (; *url; url++) {
		if (*url <= 0x20 || *url == 0x7f || *url == '\\')
			return true;
	}
	return false;
}

int outside_check(const struct options *o, icred_t *handle, const char *url)
{
	int r = icred_origin_allowed(handle, url);

	if (r != 1 && outside_is_doubtful(url))
		return fail(o, FAIL_ORIGIN, "origin",
			    "a URL has a blank, a backslash or another byte that must be written as %%XX");
	if (r == 0 || r == ICRED_E_INVALID || r == ICRED_E_ORIGIN)
		return outside_tell(o, url);
	return r < 0 ? fail_library(o, r) : 0;
}
