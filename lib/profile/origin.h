/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a token may go: scheme, host and port of a URL (RFC 6454), compared after parsing. */
#ifndef ICRED_LIB_PROFILE_ORIGIN_H
#define ICRED_LIB_PROFILE_ORIGIN_H

#include "lib/base/language.h"

#define ORIGIN_MAX 300

struct origin {
	char scheme[8];
	char host[256]; /* lower case; an IPv6 address without its brackets */
	unsigned port;
	bool loopback; /* 127.0.0.0/8, ::1 or localhost */
};

/* HTTP and HTTPS URLs only; one with a user name, blanks or control bytes is refused, and so is NULL. */
bool origin_parse(const char *url, struct origin *ret_origin);
bool origin_equal(const struct origin *a, const struct origin *b);
/* "https://host" or "https://host:port", the default port left out. */
void origin_format(const struct origin *origin, char text[ORIGIN_MAX]);

#endif
