/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the service: libcurl, set up once, with one request at a time per connection. */
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
	int64_t date; /* the server's clock; 0 if it did not send it */
	/* These as they came, or "". */
	char type[HTTP_VALUE_SIZE]; /* Content-Type */
	char retry_after[HTTP_VALUE_SIZE];
	struct http_limit limit;          /* X-RateLimit-... */
	struct http_limit standard_limit; /* RateLimit-...   */
	char limits[HTTP_VALUE_SIZE];     /* RateLimit: several in one, of the newer drafts */
};

/* http.c.  ca: the bundle to trust alone, or NULL for the system's. */
int http_open(const struct icred_host *host, const char *ca, struct http **ret_http);
struct http *http_close(struct http *http);
/* 0 for any answer of the server; http_reply_clear frees its body, whatever this returns. */
int http_perform(struct http *http, const struct icred_host *host, const struct http_request *request,
		 struct http_reply *reply);
void http_reply_clear(const struct icred_host *host, struct http_reply *reply);

/* bundle.c: refuse certificates that cannot be used when the profile names them, not at the first request. */
int bundle_check(const struct icred_host *host, const char *path);

/*
 * proxy.c: does libcurl use a proxy of the environment?  For messages, as older versions do not say.
 * peer: "host" or "host:port" of an https URL.  Networks in no_proxy, such as 10.0.0.0/8, are ignored.
 */
bool proxy_is_used(const char *peer);

/* transfer-error.c: a request without an answer. */
struct transfer_error {
	CURL *easy;
	CURLcode code;
	int limit;          /* errno of a limit that was reached, or 0 */
	const char *detail; /* libcurl's own words, or "" */
	const char *peer;
	const char *ca;    /* the bundle in use, or NULL for libcurl's default */
	bool is_connected; /* TCP connected, even if TLS did not */
	bool is_proxied;   /* by the environment */
};

/* Record what went wrong, and what to do; returns its ICRED_E_ code. */
int transfer_error_report(const struct icred_host *host, const struct transfer_error *error);

#endif
