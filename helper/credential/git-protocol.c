/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every published attack on a credential helper of git's began with a reader
 * that saw other lines than the writer wrote, so this one refuses whatever
 * could be seen in two ways: NUL, a CR inside a line, a line that is too long.
 */
#include "config.h"

#include <string.h>

#include "helper/credential/git-protocol.h"

/* The line at p, without its end; how much of the buffer it takes; -1 if it is not acceptable. */
static int gitproto_line(const char *p, size_t left, size_t *ret_len, size_t *ret_used)
{
	const char *lf = memchr(p, '\n', left);
	size_t len = lf ? (size_t)(lf - p) : left;

	if (len >= GITPROTO_LINE_MAX)
		return -1;
	*ret_used = lf ? len + 1 : len;
	if (lf && len > 0 && p[len - 1] == '\r')
		len--;
	if (memchr(p, '\r', len) || memchr(p, '\0', len))
		return -1;
	*ret_len = len;
	return 0;
}

bool gitproto_complete(const char *buf, size_t len)
{
	size_t at, line = 0;

	for (at = 0; at < len; at++) {
		if (buf[at] != '\n')
			continue;
		if (at == line || (at == line + 1 && buf[line] == '\r'))
			return true;
		line = at + 1;
	}
	return false;
}

static int gitproto_hex(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	c = (char)(c | 0x20);
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Percent-decode in place, ending with a NUL at the latest at end. */
static int gitproto_decode(char *p, const char *end)
{
	char *to = p;
	int high, low;

	for (; p < end; p++) {
		if (*p != '%') {
			*to++ = *p;
			continue;
		}
		high = end - p > 2 ? gitproto_hex(p[1]) : -1;
		low = high < 0 ? -1 : gitproto_hex(p[2]);
		if (low < 0)
			return -1;
		*to = (char)(high << 4 | low);
		if (*to == '\0' || *to == '\n' || *to == '\r')
			return -1;
		to++;
		p += 2;
	}
	*to = '\0';
	return 0;
}

static int gitproto_userinfo(char *p, char *at, struct gitproto *g)
{
	char *colon = memchr(p, ':', (size_t)(at - p));

	if (colon) {
		g->password = colon + 1;
		if (gitproto_decode(colon + 1, at) < 0)
			return -1;
	}
	g->username = p;
	return gitproto_decode(p, colon ? colon : at);
}

static int gitproto_url_path(char *p, struct gitproto *g)
{
	char *end;

	p += strspn(p, "/");
	end = p + strcspn(p, "?#");
	while (end > p && end[-1] == '/')
		end--;
	if (end > p)
		g->path = p;
	return gitproto_decode(p, end);
}

/* url= replaces what was said before, as git's own reader does. */
static int gitproto_url(char *url, struct gitproto *g)
{
	char *separator = strstr(url, "://"), *host, *slash, *at;

	*g = (struct gitproto){.can_authtype = g->can_authtype};
	if (!separator || separator == url)
		return -1;
	*separator = '\0';
	g->protocol = url;
	host = separator + 3;
	slash = host + strcspn(host, "/?#");
	if (*slash == '/' && gitproto_url_path(slash, g) < 0)
		return -1;
	at = memchr(host, '@', (size_t)(slash - host));
	if (at && gitproto_userinfo(host, at, g) < 0)
		return -1;
	g->host = at ? at + 1 : host;
	return gitproto_decode(at ? at + 1 : host, slash);
}

static int gitproto_pair(const char *key, char *value, struct gitproto *g)
{
	if (strcmp(key, "protocol") == 0)
		g->protocol = value;
	else if (strcmp(key, "host") == 0)
		g->host = value;
	else if (strcmp(key, "path") == 0)
		g->path = value;
	else if (strcmp(key, "username") == 0)
		g->username = value;
	else if (strcmp(key, "password") == 0)
		g->password = value;
	else if (strcmp(key, "credential") == 0)
		g->credential = value;
	else if (strcmp(key, "url") == 0)
		return gitproto_url(value, g);
	else if (strcmp(key, "capability[]") == 0)
		g->can_authtype = *value && (g->can_authtype || strcmp(value, "authtype") == 0);
	return 0;
}

int gitproto_parse(char *buf, size_t len, struct gitproto *ret)
{
	struct gitproto g = {0};
	size_t at = 0, line, used;
	char *equals;

	if (len > GITPROTO_MAX)
		return -1;
	for (; at < len; at += used) {
		if (gitproto_line(buf + at, len - at, &line, &used) < 0)
			return -1;
		if (line == 0)
			break;
		equals = memchr(buf + at, '=', line);
		if (!equals)
			return -1;
		*equals = '\0';
		buf[at + line] = '\0';
		if (gitproto_pair(buf + at, equals + 1, &g) < 0)
			return -1;
	}
	*ret = g;
	return 0;
}

bool gitproto_host_valid(const char *host)
{
	static const char fit[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_:[]";

	return *host && strspn(host, fit) == strlen(host);
}

size_t gitproto_path_match(const char *path, const char *prefix, size_t prefix_len)
{
	const char *rest;

	path += strspn(path, "/");
	for (; prefix_len > 0 && *prefix == '/'; prefix_len--)
		prefix++;
	for (; prefix_len > 0 && prefix[prefix_len - 1] == '/'; prefix_len--)
		;
	if (prefix_len == 0 || strncmp(path, prefix, prefix_len) != 0)
		return 0;
	rest = path + prefix_len;
	if (strncmp(rest, ".git", 4) == 0)
		rest += 4;
	return *rest == '\0' || *rest == '/' ? prefix_len : 0;
}
