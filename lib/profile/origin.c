/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/base/number.h"
#include "lib/base/text.h"
#include "lib/profile/origin.h"

static unsigned default_port(const char *scheme)
{
	return strcmp(scheme, "https") == 0 ? 443 : 80;
}

/* A name in lower case, or an IPv6 address in its canonical form, so that two spellings of one host are equal. */
static bool copy_host(struct origin *origin, const char *from, size_t len, bool address)
{
	struct in6_addr binary;

	if (!len || len >= sizeof(origin->host) || from[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		origin->host[i] = from[i] >= 'A' && from[i] <= 'Z' ? (char)(from[i] - 'A' + 'a') : from[i];
	origin->host[len] = '\0';
	if (address)
		return inet_pton(AF_INET6, origin->host, &binary) == 1 &&
		       inet_ntop(AF_INET6, &binary, origin->host, sizeof(origin->host));
	return strspn(origin->host, "abcdefghijklmnopqrstuvwxyz0123456789-._") == len;
}

/* host[:port] or [address][:port], `len` bytes of it. */
static bool parse_authority(const char *at, size_t len, struct origin *origin)
{
	bool address = len && *at == '[';
	const char *end = at + len, *host_end = memchr(at, address ? ']' : ':', len);
	char digits[8];
	uint64_t port;

	if (memchr(at, '@', len) || (address && !host_end))
		return false;
	host_end = host_end ? host_end : end;
	at += address;
	if (!copy_host(origin, at, (size_t)(host_end - at), address))
		return false;
	host_end += address;
	origin->port = default_port(origin->scheme);
	if (host_end < end && *host_end != ':')
		return false;
	if (end - host_end <= 1)
		return true;
	host_end++;
	len = (size_t)(end - host_end);
	if (len >= sizeof(digits))
		return false;
	memcpy(digits, host_end, len);
	digits[len] = '\0';
	if (!parse_uint(digits, 65535, &port) || !port)
		return false;
	origin->port = (unsigned)port;
	return true;
}

bool origin_parse(const char *url, struct origin *ret_origin)
{
	static const char *const schemes[] = {"https", "http"};
	struct origin origin = {.port = 0};
	struct in_addr address;
	size_t len = 0;

	/* Bytes that different parsers read differently have no place in a URL that decides about a token. */
	if (!url || !text_is_plain(url, "\\"))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(schemes) && !origin.scheme[0]; i++) {
		len = strlen(schemes[i]);
		if (strncasecmp(url, schemes[i], len) == 0 && strncmp(url + len, "://", 3) == 0)
			memcpy(origin.scheme, schemes[i], len + 1);
	}
	if (!origin.scheme[0])
		return false;
	url += len + strlen("://");
	if (!parse_authority(url, strcspn(url, "/?#"), &origin))
		return false;
	origin.loopback =
		strcmp(origin.host, "localhost") == 0 || strcmp(origin.host, "::1") == 0 ||
		(inet_pton(AF_INET, origin.host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
	*ret_origin = origin;
	return true;
}

bool origin_equal(const struct origin *a, const struct origin *b)
{
	return strcmp(a->scheme, b->scheme) == 0 && strcmp(a->host, b->host) == 0 && a->port == b->port;
}

void origin_format(const struct origin *origin, char text[ORIGIN_MAX])
{
	bool address = strchr(origin->host, ':') != NULL;
	int len = snprintf(text, ORIGIN_MAX, "%s://%s%s%s", origin->scheme, address ? "[" : "", origin->host,
			   address ? "]" : "");

	if (origin->port != default_port(origin->scheme) && len > 0 && len < ORIGIN_MAX)
		snprintf(text + len, (size_t)(ORIGIN_MAX - len), ":%u", origin->port);
}
