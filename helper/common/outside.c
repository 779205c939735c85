/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* URLs that are outside the profile's origins, which get no token. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "helper/common/fail.h"
#include "helper/common/session.h"

bool outside_is_http(const char *url)
{
	return url && strncasecmp(url, "http://", 7) == 0;
}

int outside_check(const struct options *o, icred_t *handle, const char *url)
{
	int scheme, len, r = icred_origin_allowed(handle, url);
	const char *host, *p;

	if (r == 1)
		return 0;
	/* The origin may be right, and the bytes are still such that two programs could read two URLs. */
	for (p = url; *p; p++) {
		if (*p <= 0x20 || *p == 0x7f || *p == '\\')
			return fail(
				o, FAIL_ORIGIN, "origin",
				"a URL has a space, a backslash or another byte that must be written as %%XX");
	}
	if (r != 0 && r != ICRED_E_INVALID && r != ICRED_E_ORIGIN)
		return fail_library(o, r);
	/* User name, password and query may be secret: the message has none of them. */
	host = strstr(url, "://");
	scheme = host ? (int)(host + 3 - url) : 0;
	host = host ? host + 3 : url;
	len = (int)strcspn(host, "/?#\\");
	while ((p = memchr(host, '@', (size_t)len))) {
		len -= (int)(p + 1 - host);
		host = p + 1;
	}
	if (scheme == 0 || len == 0)
		return fail(o, FAIL_ORIGIN, "origin",
			    "\"%.*s%.*s\" is not a URL of the profile's: it needs a scheme and a host",
			    scheme, url, len, host);
	return fail(o, FAIL_ORIGIN, "origin",
		    "tokens of this profile may not go to %.*s%.*s; if they should, add \"origin URL\" to it",
		    scheme, url, len, host);
}
