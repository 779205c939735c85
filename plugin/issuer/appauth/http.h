/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One HTTPS request at a time per connection, connections kept: libcurl, set up once and for all. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_HTTP_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <curl/curl.h>
#include <icred/module.h>

#define HTTP_BODY_MAX   (((size_t)1 << 20) - 1) /* with its NUL 1 MiB, the most that secret memory has */
#define HTTP_HEADER_MAX ((size_t)64 << 10)
#define HTTP_VALUE_SIZE 96

struct http; /* idle connections, and what all requests share */

struct http_request {
	const char *peer; /* for messages */
	const char *url;
	const char *body; /* NULL: GET    */
	bool plain;       /* the URL is http: no proxy may see it */
	const struct curl_slist *headers;
};

/* How many requests are left, and until when. */
struct http_limit {
	char remaining[HTTP_VALUE_SIZE];
	char reset[HTTP_VALUE_SIZE];
};

struct http_reply {
	long status;
	char *body; /* secret memory, NUL-terminated */
	size_t len;
	size_t cap;
	int64_t date; /* the server's clock; 0 if it did not tell */
	/* These as they came, or "". */
	char type[HTTP_VALUE_SIZE]; /* Content-Type */
	char retry_after[HTTP_VALUE_SIZE];
	struct http_limit limit;          /* X-RateLimit-... */
	struct http_limit standard_limit; /* RateLimit-...   */
	char limits[HTTP_VALUE_SIZE];     /* RateLimit: several in one, of the newer drafts */
};

/* ca: the bundle to trust alone, or NULL for the system's. */
int http_open(const struct icred_host *host, const char *ca, struct http **ret_http);
struct http *http_close(struct http *http);

/* 0 for any answer of the server's; its body is freed by http_reply_clear, whatever this returns. */
int http_perform(struct http *http, const struct icred_host *host, const struct http_request *request,
		 struct http_reply *reply);
void http_reply_clear(const struct icred_host *host, struct http_reply *reply);

#endif
