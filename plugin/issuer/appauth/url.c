/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <curl/curl.h>
#include <icred/module.h>

#include "plugin/issuer/appauth/url.h"
#include "plugin/shared/quote.h"

static const char BAD_PREFIX[] = "the setting path-prefix must look like /v1";
static const char HOLE[] = "{id}";
static const char UNRESERVED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

/* A part of the URL, cut at cap; false if there is none. */
static bool get_part(CURLU *url, CURLUPart part, unsigned flags, char *out, size_t cap)
{
	char *text = NULL;

	out[0] = '\0';
	if (curl_url_get(url, part, &text, flags) != CURLUE_OK)
		return false;
	snprintf(out, cap, "%s", text);
	curl_free(text);
	return true;
}

static size_t length_without_slashes(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && text[len - 1] == '/')
		len--;
	return len;
}

/* scheme://host:port/path as libcurl reads it: what is checked here is what a request uses. */
static const char *read_api(CURLU *url, const char *api, struct url_base *base)
{
	char text[URL_SIZE], host[URL_PEER_SIZE], port[16], peer[URL_PEER_SIZE + sizeof(port)];

	if (!url)
		return "out of memory";
	if (curl_url_set(url, CURLUPART_URL, api, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		return "the setting api is not a URL";
	if (get_part(url, CURLUPART_USER, 0, text, sizeof(text)) ||
	    get_part(url, CURLUPART_PASSWORD, 0, text, sizeof(text)))
		return "the setting api must not contain a user name or password";
	if (get_part(url, CURLUPART_QUERY, 0, text, sizeof(text)) ||
	    get_part(url, CURLUPART_FRAGMENT, 0, text, sizeof(text)))
		return "the setting api must not contain a query or fragment";
	if (!get_part(url, CURLUPART_URL, 0, base->text, sizeof(base->text)))
		return "the setting api is not a URL";
	if (strlen(base->text) == sizeof(base->text) - 1)
		return "the setting api is too long";
	base->text[length_without_slashes(base->text)] = '\0';
	base->plain = strncmp(base->text, "http://", 7) == 0;
	if (!base->plain && strncmp(base->text, "https://", 8) != 0)
		return "the setting api must begin with https://";
	get_part(url, CURLUPART_HOST, 0, host, sizeof(host));
	if (get_part(url, CURLUPART_PORT, CURLU_NO_DEFAULT_PORT, port, sizeof(port)))
		snprintf(peer, sizeof(peer), "%s:%s", host, port);
	else
		snprintf(peer, sizeof(peer), "%s", host);
	quote(base->peer, sizeof(base->peer), peer, strlen(peer));
	return NULL;
}

const char *url_base_read(const char *api, const char *prefix, struct url_base *ret_base)
{
	CURLU *url = curl_url();
	const char *problem = read_api(url, api, ret_base);
	size_t slashes = prefix ? strspn(prefix, "/") : 0, len, n;
	const char *path;

	curl_url_cleanup(url);
	if (problem || !prefix || !*prefix)
		return problem;
	if (!slashes)
		return BAD_PREFIX;
	/* The last of its first slashes, then segments of harmless characters. */
	prefix += slashes - 1;
	n = length_without_slashes(prefix);
	for (size_t i = 0; i < n; i++)
		if (prefix[i] == '/' ? prefix[i + 1] == '/' || prefix[i + 1] == '.'
				     : !strchr(UNRESERVED, prefix[i]))
			return BAD_PREFIX;
	/* A path that ends with the prefix keeps it once; a host of that name, as in https://icr, is not a path. */
	len = strlen(ret_base->text);
	path = strchr(strstr(ret_base->text, "://") + 3, '/');
	if (path && strlen(path) >= n && memcmp(ret_base->text + len - n, prefix, n) == 0)
		return NULL;
	if (len + n >= sizeof(ret_base->text))
		return "the setting api is too long";
	memcpy(ret_base->text + len, prefix, n);
	ret_base->text[len + n] = '\0';
	return NULL;
}

bool url_is_id(const char *id)
{
	return id && *id && strlen(id) <= ICRED_ID_MAX && strcmp(id, ".") != 0 && strcmp(id, "..") != 0;
}

static bool put(char *url, size_t *at, const char *text, size_t len)
{
	if (*at + len >= URL_SIZE)
		return false;
	memcpy(url + *at, text, len);
	*at += len;
	url[*at] = '\0';
	return true;
}

bool url_make(const struct url_base *base, const char *path, const char *id, char url[URL_SIZE])
{
	const char *hole = strstr(path, HOLE);
	size_t at = 0;
	bool fits = put(url, &at, base->text, strlen(base->text)) &&
		    put(url, &at, path, hole ? (size_t)(hole - path) : strlen(path));

	for (; hole && fits && *id; id++) {
		char hex[4];

		if (strchr(UNRESERVED, *id)) {
			fits = put(url, &at, id, 1);
			continue;
		}
		snprintf(hex, sizeof(hex), "%%%02X", (unsigned)(unsigned char)*id);
		fits = put(url, &at, hex, 3);
	}
	return fits && (!hole || put(url, &at, hole + sizeof(HOLE) - 1, strlen(hole + sizeof(HOLE) - 1)));
}
