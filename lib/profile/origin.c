/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "lib/profile/origin.h"

static unsigned default_port(const char *scheme)
{
	return strcmp(scheme, "https") == 0 ? 443 : 80;
}

/* Bytes that different parsers read differently have no place in a URL that decides about a token. */
static bool has_doubtful_bytes(const char *url)
{
	for (; *url; url++) {
		unsigned char c = (unsigned char)*url;
		if (c <= 0x20 || c >= 0x7f || c == '\\')
			return true;
	}
	return false;
}

static const char *parse_scheme(const char *url, struct origin *origin)
{
	static const char *const schemes[] = {"https", "http"};

	for (size_t i = 0; i < ARRAY_SIZE(schemes); i++) {
		size_t len = strlen(schemes[i]);
		if (strncasecmp(url, schemes[i], len) == 0 && strncmp(url + len, "://", 3) == 0) {
			memcpy(origin->scheme, schemes[i], len + 1);
			return url + len + 3;
		}
	}
	return NULL;
}

static bool parse_port(const char *text, size_t len, unsigned *ret_port)
{
	char digits[8];
	uint64_t port;

	if (len >= sizeof(digits))
		return false;
	memcpy(digits, text, len);
	digits[len] = '\0';
	if (!parse_uint(digits, 65535, &port) || !port)
		return false;
	*ret_port = (unsigned)port;
	return true;
}

static bool host_byte(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
}

static bool copy_name(struct origin *origin, const char *from, size_t len)
{
	if (!len || len >= sizeof(origin->host) || from[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++) {
		char c = from[i];
		if (c >= 'A' && c <= 'Z')
			c = (char)(c - 'A' + 'a');
		if (!host_byte(c))
			return false;
		origin->host[i] = c;
	}
	origin->host[len] = '\0';
	return true;
}

/* Rewritten in its canonical form, so that two spellings of one address are equal. */
static bool copy_address(struct origin *origin, const char *from, size_t len)
{
	struct in6_addr address;
	char text[64];

	if (len >= sizeof(text))
		return false;
	memcpy(text, from, len);
	text[len] = '\0';
	return inet_pton(AF_INET6, text, &address) == 1 &&
	       inet_ntop(AF_INET6, &address, origin->host, sizeof(origin->host));
}

static bool is_loopback(const char *host)
{
	struct in_addr address;

	if (strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0)
		return true;
	return inet_pton(AF_INET, host, &address) == 1 && ntohl(address.s_addr) >> 24 == 127;
}

/* host[:port] or [address][:port], `len` bytes of it. */
static bool parse_authority(const char *at, size_t len, struct origin *origin)
{
	const char *end = at + len, *host_end;
	bool ok;

	if (memchr(at, '@', len))
		return false;
	if (len && *at == '[') {
		host_end = memchr(at, ']', len);
		if (!host_end)
			return false;
		ok = copy_address(origin, at + 1, (size_t)(host_end - at - 1));
		host_end++;
	} else {
		host_end = memchr(at, ':', len);
		host_end = host_end ? host_end : end;
		ok = copy_name(origin, at, (size_t)(host_end - at));
	}
	if (!ok)
		return false;
	origin->port = default_port(origin->scheme);
	if (host_end < end && *host_end != ':')
		return false;
	return end - host_end <= 1 || parse_port(host_end + 1, (size_t)(end - host_end - 1), &origin->port);
}

bool origin_parse(const char *url, struct origin *ret_origin)
{
	struct origin origin = {.port = 0};
	const char *at;

	if (!url || has_doubtful_bytes(url))
		return false;
	at = parse_scheme(url, &origin);
	if (!at || !parse_authority(at, strcspn(at, "/?#"), &origin))
		return false;
	origin.loopback = is_loopback(origin.host);
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
