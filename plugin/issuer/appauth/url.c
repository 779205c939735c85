/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <curl/curl.h>
#include <icred/module.h>

#include "plugin/shared/quote.h"
#include "plugin/issuer/appauth/url.h"

static const char HOLE[] = "{id}";
static const char UNRESERVED[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

static bool has_part(CURLU *url, CURLUPart part)
{
	char *text = NULL;
	bool has = curl_url_get(url, part, &text, 0) == CURLUE_OK;

	curl_free(text);
	return has;
}

/* "", or "/" and segments of harmless characters, without a slash at the end. */
static bool read_prefix(const char *prefix, char *out, size_t cap)
{
	size_t len;

	out[0] = '\0';
	if (prefix && *prefix && *prefix != '/')
		return false; /* nor would the setting be taken */
	prefix = prefix ? prefix + strspn(prefix, "/") : "";
	len = strlen(prefix);
	while (len > 0 && prefix[len - 1] == '/')
		len--;
	if (len == 0)
		return true;
	if (len + 2 > cap)
		return false;
	snprintf(out, cap, "/%.*s", (int)len, prefix);
	for (const char *p = out; *p; p++)
		if (*p == '/' ? p[1] == '/' || p[1] == '.' : !strchr(UNRESERVED, *p))
			return false;
	return true;
}

static bool ends_with(const char *text, const char *end)
{
	size_t n = strlen(text);
	size_t m = strlen(end);

	return n >= m && strcmp(text + n - m, end) == 0;
}

/* scheme://host:port/path as libcurl reads it, so that what was checked is what is asked. */
static const char *read_url(CURLU *url, const char *api, struct url_base *base)
{
	char *text = NULL;
	size_t len;

	if (curl_url_set(url, CURLUPART_URL, api, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
		return "the setting api is no URL";
	if (has_part(url, CURLUPART_USER) || has_part(url, CURLUPART_PASSWORD))
		return "the setting api may have no user or password";
	if (has_part(url, CURLUPART_QUERY) || has_part(url, CURLUPART_FRAGMENT))
		return "the setting api may have no query or fragment";
	if (curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK)
		return "the setting api is no URL";
	len = strlen(text);
	while (len > 0 && text[len - 1] == '/')
		len--;
	base->plain = strncmp(text, "http://", 7) == 0;
	if (len < sizeof(base->text))
		snprintf(base->text, sizeof(base->text), "%.*s", (int)len, text);
	curl_free(text);
	if (len >= sizeof(base->text))
		return "the setting api is too long";
	return base->plain || strncmp(base->text, "https://", 8) == 0
		       ? NULL
		       : "the setting api must begin with https://";
}

static void read_peer(CURLU *url, struct url_base *base)
{
	char *host = NULL;
	char *port = NULL;
	char text[URL_PEER_SIZE];

	if (curl_url_get(url, CURLUPART_HOST, &host, 0) == CURLUE_OK) {
		bool odd = curl_url_get(url, CURLUPART_PORT, &port, CURLU_NO_DEFAULT_PORT) == CURLUE_OK;

		snprintf(text, sizeof(text), "%s%s%s", host, odd ? ":" : "", odd ? port : "");
		quote(base->peer, sizeof(base->peer), text, strlen(text));
	}
	curl_free(host);
	curl_free(port);
}

const char *url_base_read(const char *api, const char *prefix, struct url_base *ret_base)
{
	char path[128];
	CURLU *url = curl_url();
	const char *problem = url ? read_url(url, api, ret_base) : "out of memory";

	if (!problem)
		read_peer(url, ret_base);
	curl_url_cleanup(url);
	if (problem)
		return problem;
	if (!read_prefix(prefix, path, sizeof(path)))
		return "the setting path-prefix must look like /v1";
	/* A base that has the prefix already keeps it once. */
	if (ends_with(ret_base->text, path))
		return NULL;
	if (strlen(ret_base->text) + strlen(path) >= sizeof(ret_base->text))
		return "the setting api is too long";
	memcpy(ret_base->text + strlen(ret_base->text), path, strlen(path) + 1);
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

static bool put_encoded(char *url, size_t *at, const char *id)
{
	for (; *id; id++) {
		char hex[4];

		if (strchr(UNRESERVED, *id)) {
			if (!put(url, at, id, 1))
				return false;
			continue;
		}
		snprintf(hex, sizeof(hex), "%%%02X", (unsigned)(unsigned char)*id);
		if (!put(url, at, hex, 3))
			return false;
	}
	return true;
}

bool url_make(const struct url_base *base, const char *path, const char *id, char url[URL_SIZE])
{
	const char *hole = strstr(path, HOLE);
	size_t at = 0;

	if (!put(url, &at, base->text, strlen(base->text)))
		return false;
	if (!hole)
		return put(url, &at, path, strlen(path));
	return put(url, &at, path, (size_t)(hole - path)) && put_encoded(url, &at, id) &&
	       put(url, &at, hole + sizeof(HOLE) - 1, strlen(hole + sizeof(HOLE) - 1));
}
