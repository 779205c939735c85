/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Every published attack on a credential helper of git's began with a reader
 * that saw other lines than the writer wrote, so this one refuses whatever
 * could be seen in two ways: NUL, a CR inside a line, a line that is too long.
 */
#include "config.h"

#include <string.h>

#include "helper/credential/git-protocol.h"
#include "lib/base/text.h"

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
		high = end - p > 2 ? hex_value(p[1]) : -1;
		low = high < 0 ? -1 : hex_value(p[2]);
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

/* url= replaces what was said before, as git's own reader does. */
static int gitproto_url(char *url, struct gitproto *g)
{
	char *separator = strstr(url, "://"), *host, *slash, *path, *end, *at, *colon;

	*g = (struct gitproto){.can_authtype = g->can_authtype};
	if (!separator || separator == url)
		return -1;
	*separator = '\0';
	g->protocol = url;
	host = separator + 3;
	slash = host + strcspn(host, "/?#");
	if (*slash == '/') {
		path = slash + strspn(slash, "/");
		end = path + strcspn(path, "?#");
		while (end > path && end[-1] == '/')
			end--;
		if (end > path)
			g->path = path;
		if (gitproto_decode(path, end) < 0)
			return -1;
	}
	at = memchr(host, '@', (size_t)(slash - host));
	if (at) {
		colon = memchr(host, ':', (size_t)(at - host));
		g->username = host;
		g->password = colon ? colon + 1 : NULL;
		if ((colon && gitproto_decode(colon + 1, at) < 0) ||
		    gitproto_decode(host, colon ? colon : at) < 0)
			return -1;
		host = at + 1;
	}
	g->host = host;
	return gitproto_decode(host, slash);
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
	size_t left = len, line, used;
	char *at, *lf, *equals;

	if (len > GITPROTO_MAX)
		return -1;
	for (at = buf; left > 0; at += used, left -= used) {
		lf = memchr(at, '\n', left);
		line = lf ? (size_t)(lf - at) : left;
		if (line >= GITPROTO_LINE_MAX)
			return -1;
		used = lf ? line + 1 : line;
		if (lf && line > 0 && at[line - 1] == '\r')
			line--;
		if (memchr(at, '\r', line) || memchr(at, '\0', line))
			return -1;
		if (line == 0)
			break;
		equals = memchr(at, '=', line);
		if (!equals)
			return -1;
		*equals = '\0';
		at[line] = '\0';
		if (gitproto_pair(at, equals + 1, &g) < 0)
			return -1;
	}
	*ret = g;
	return 0;
}
