/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/deadline.h"
#include "lib/base/language.h"
#include "plugin/issuer/appauth/http.h"

#define BODY_FIRST 8192 /* a token's answer is below 2 KiB */
#define IDLE_MAX   64

struct http_connection {
	CURL *easy;
	struct http_connection *next;
	curl_socket_t latest; /* the socket that was made last; bad once it is closed */
	bool was_connected;   /* it was, when it was closed */
	char detail[CURL_ERROR_SIZE];
};

struct http {
	pthread_mutex_t mutex;
	struct http_connection *idle; /* last in, first out: the warmest connection is taken */
	unsigned idle_count;
	char *ca;
};

/* One request under way. */
struct transfer {
	const struct icred_host *host;
	const struct http_request *request;
	struct http_reply *reply;
	struct http_connection *connection;
	size_t header_bytes;
	int error; /* the code of host->fail() in a callback, or 0 */
	int limit; /* errno of a limit that was reached before there was an answer, or 0 */
};

static pthread_once_t http_once = PTHREAD_ONCE_INIT;
static CURLcode http_global = CURLE_FAILED_INIT;

static void http_init(void)
{
	http_global = curl_global_init(CURL_GLOBAL_DEFAULT);
}

int http_open(const struct icred_host *host, const char *ca, struct http **ret_http)
{
	static const char *const usual[] = {"/etc/ssl/certs/ca-certificates.crt",
					    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
					    "/etc/ssl/cert.pem"};
	const char *own = curl_version_info(CURLVERSION_NOW)->cainfo;
	struct http *http;

	pthread_once(&http_once, http_init);
	if (http_global != CURLE_OK)
		return host->fail(host, ICRED_E_INTERNAL, "cannot initialize libcurl: %s",
				  curl_easy_strerror(http_global));
	/* libcurl's default may be a directory of hundreds of files, which GnuTLS reads one by one. */
	if (!ca && own && access(own, R_OK) == 0)
		ca = own;
	for (size_t i = 0; i < ARRAY_SIZE(usual) && !ca; i++)
		if (access(usual[i], R_OK) == 0)
			ca = usual[i];
	http = calloc(1, sizeof(*http));
	if (!http || (ca && !(http->ca = strdup(ca)))) {
		free(http);
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	}
	pthread_mutex_init(&http->mutex, NULL);
	*ret_http = http;
	return 0;
}

static struct http_connection *connection_free(struct http_connection *connection)
{
	if (connection)
		curl_easy_cleanup(connection->easy);
	free(connection);
	return NULL;
}

struct http *http_close(struct http *http)
{
	if (!http)
		return NULL;
	while (http->idle) {
		struct http_connection *connection = http->idle;

		http->idle = connection->next;
		connection_free(connection);
	}
	pthread_mutex_destroy(&http->mutex);
	free(http->ca);
	free(http);
	return NULL;
}

static struct http_connection *connection_take(struct http *http)
{
	struct http_connection *connection;

	pthread_mutex_lock(&http->mutex);
	connection = http->idle;
	if (connection) {
		http->idle = connection->next;
		http->idle_count--;
	}
	pthread_mutex_unlock(&http->mutex);
	if (connection)
		return connection;
	connection = calloc(1, sizeof(*connection));
	if (connection && !(connection->easy = curl_easy_init())) {
		free(connection);
		return NULL;
	}
	return connection;
}

/* The reset keeps the connection and forgets pointers to what the request owned. */
static void connection_put(struct http *http, struct http_connection *connection)
{
	curl_easy_reset(connection->easy);
	pthread_mutex_lock(&http->mutex);
	if (http->idle_count < IDLE_MAX) {
		connection->next = http->idle;
		http->idle = connection;
		http->idle_count++;
		connection = NULL;
	}
	pthread_mutex_unlock(&http->mutex);
	connection_free(connection);
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	struct http_reply *reply = t->reply;
	size_t n = size * count, cap = reply->cap ? reply->cap : BODY_FIRST;

	if (n > HTTP_BODY_MAX - reply->len)
		return 0;
	while (cap < reply->len + n + 1)
		cap *= 2;
	if (cap > reply->cap) {
		char *body = t->host->secret_alloc(t->host, cap);

		if (!body) {
			t->error = t->host->fail(t->host, ICRED_E_NO_MEMORY,
						 "out of memory for the answer of %s", t->request->peer);
			return 0;
		}
		if (reply->len > 0)
			memcpy(body, reply->body, reply->len);
		if (reply->body)
			t->host->secret_free(t->host, reply->body);
		reply->body = body;
		reply->cap = cap;
	}
	memcpy(reply->body + reply->len, data, n);
	reply->len += n;
	reply->body[reply->len] = '\0';
	/* libcurl lends its own buffer for this call; the token must not stay in it. */
	explicit_bzero(data, n);
	return n;
}

/* The value of this header, without blanks around it; false if the line is another, or too long to be one. */
static bool header_value(const char *line, size_t len, const char *name, char value[HTTP_VALUE_SIZE])
{
	size_t n = strlen(name);

	if (len <= n || line[n] != ':' || strncasecmp(line, name, n) != 0)
		return false;
	for (n++; n < len && (line[n] == ' ' || line[n] == '\t');)
		n++;
	while (len > n && (unsigned char)line[len - 1] <= ' ')
		len--;
	if (len - n >= HTTP_VALUE_SIZE)
		return false;
	memcpy(value, line + n, len - n);
	value[len - n] = '\0';
	return true;
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	struct http_reply *reply = t->reply;
	char date[HTTP_VALUE_SIZE];
	const struct {
		const char *name;
		char *to;
	} kept[] = {{"content-type", reply->type},
		    {"retry-after", reply->retry_after},
		    {"x-ratelimit-remaining", reply->limit.remaining},
		    {"x-ratelimit-reset", reply->limit.reset},
		    {"ratelimit-remaining", reply->standard_limit.remaining},
		    {"ratelimit-reset", reply->standard_limit.reset},
		    {"ratelimit", reply->limits}};
	size_t n = size * count;
	bool is_status = n >= 5 && memcmp(data, "HTTP/", 5) == 0;

	t->header_bytes += n;
	if (t->header_bytes > HTTP_HEADER_MAX)
		return 0;
	if (reply->len > 0) /* a trailer */
		return n;
	/* The headers of an earlier, interim answer are not this one's. */
	if (is_status)
		reply->date = 0;
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		if (is_status)
			kept[i].to[0] = '\0';
		else
			(void)header_value(data, n, kept[i].name, kept[i].to);
	if (header_value(data, n, "date", date)) {
		time_t at = curl_getdate(date, NULL);

		reply->date = at > 0 ? (int64_t)at : 0;
	}
	return n;
}

/* libcurl does not report that it connected if the TLS handshake does not end: so its socket is watched. */
static int on_socket(void *user, curl_socket_t fd, curlsocktype purpose)
{
	struct http_connection *connection = user;

	(void)purpose;
	connection->latest = fd;
	connection->was_connected = false;
	return CURL_SOCKOPT_OK;
}

static int on_close(void *user, curl_socket_t fd)
{
	struct http_connection *connection = user;
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (fd == connection->latest) {
		connection->was_connected = getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
		connection->latest = CURL_SOCKET_BAD;
	}
	return close(fd);
}

/* Only this origin, over TLS or to loopback; nothing is kept from the environment, and nothing followed. */
static const struct {
	CURLoption option;
	long value;
} policy[] = {{CURLOPT_FOLLOWLOCATION, 0},
	      {CURLOPT_DISALLOW_USERNAME_IN_URL, 1},
	      {CURLOPT_NETRC, CURL_NETRC_IGNORED},
	      {CURLOPT_HTTPAUTH, (long)CURLAUTH_NONE},
	      {CURLOPT_HEADEROPT, CURLHEADER_SEPARATE},
	      {CURLOPT_SUPPRESS_CONNECT_HEADERS, 1},
	      {CURLOPT_MAXFILESIZE, (long)HTTP_BODY_MAX},
	      {CURLOPT_MAXCONNECTS, 1},
	      {CURLOPT_NOSIGNAL, 1},
	      {CURLOPT_SSL_VERIFYPEER, 1},
	      {CURLOPT_SSL_VERIFYHOST, 2},
	      {CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2},
	      {CURLOPT_HTTPGET, 1}};

#define set(option, value) (curl_easy_setopt(easy, option, value) == CURLE_OK)

static int setup(struct http *http, struct transfer *t)
{
	const struct http_request *request = t->request;
	CURL *easy = t->connection->easy;
	bool ok = true;

	errno = 0;
	for (size_t i = 0; i < ARRAY_SIZE(policy); i++)
		ok &= set(policy[i].option, policy[i].value);
#if CURL_AT_LEAST_VERSION(7, 85, 0)
	ok &= set(CURLOPT_PROTOCOLS_STR, request->plain ? "http" : "https");
#else
	ok &= set(CURLOPT_PROTOCOLS, (long)(request->plain ? CURLPROTO_HTTP : CURLPROTO_HTTPS));
#endif
#if CURL_AT_LEAST_VERSION(7, 87, 0)
	/* A silent name server keeps the resolver's thread busy past our deadline: do not wait for the thread. */
	(void)set(CURLOPT_QUICK_EXIT, 1L);
#endif
	if (request->plain)
		ok &= set(CURLOPT_PROXY, "");
	/* Only to distinguish an expired certificate from an unknown authority; not every TLS library has it. */
	(void)set(CURLOPT_CERTINFO, 1L);
	if (http->ca) {
		ok &= set(CURLOPT_CAINFO, http->ca);
		(void)set(CURLOPT_CAPATH, NULL);
	}
	ok &= set(CURLOPT_ERRORBUFFER, t->connection->detail);
	ok &= set(CURLOPT_URL, request->url);
	ok &= set(CURLOPT_HTTPHEADER, request->headers);
	ok &= set(CURLOPT_USERAGENT, "libicred/" PACKAGE_VERSION);
	if (request->body)
		ok &= set(CURLOPT_POSTFIELDS, request->body);
	ok &= set(CURLOPT_SOCKOPTFUNCTION, on_socket) && set(CURLOPT_SOCKOPTDATA, t->connection);
	ok &= set(CURLOPT_CLOSESOCKETFUNCTION, on_close) && set(CURLOPT_CLOSESOCKETDATA, t->connection);
	ok &= set(CURLOPT_WRITEFUNCTION, on_body) && set(CURLOPT_WRITEDATA, t);
	ok &= set(CURLOPT_HEADERFUNCTION, on_header) && set(CURLOPT_HEADERDATA, t);
	if (ok)
		return 0;
	if (errno == ENOMEM)
		return t->host->fail(t->host, ICRED_E_NO_MEMORY, "out of memory");
	return t->host->fail(t->host, ICRED_E_INTERNAL,
			     "this libcurl (%s) lacks an option that the issuer needs",
			     curl_version_info(CURLVERSION_NOW)->version);
}

void http_reply_clear(const struct icred_host *host, struct http_reply *reply)
{
	if (reply->body)
		host->secret_free(host, reply->body);
	memset(reply, 0, sizeof(*reply));
}

/* libcurl's code, or the one that says better what happened in the middle of an answer. */
static CURLcode attempt(struct transfer *t, int64_t time_left)
{
	int64_t left = deadline_inner(time_left);
	CURLcode code;

	http_reply_clear(t->host, t->reply);
	t->header_bytes = 0;
	t->error = 0;
	t->limit = 0;
	t->connection->was_connected = false;
	t->connection->detail[0] = '\0';
	curl_easy_setopt(t->connection->easy, CURLOPT_TIMEOUT_MS, (long)(left < 86400000 ? left : 86400000));
	errno = 0;
	code = curl_easy_perform(t->connection->easy);
	if (t->header_bytes == 0) {
		/* GnuTLS and libtasn1 report a lack of memory or files as a bad certificate, bundle or handshake. */
		if (code != CURLE_OK && (errno == ENOMEM || errno == EMFILE || errno == ENFILE))
			t->limit = errno;
		return code == CURLE_PARTIAL_FILE ? CURLE_GOT_NOTHING : code;
	}
	if (code == CURLE_RECV_ERROR || code == CURLE_HTTP2_STREAM)
		return CURLE_PARTIAL_FILE;
	/* Before 8.6, this is what a header line beyond libcurl's own limit gives. */
	if (code == CURLE_OUT_OF_MEMORY && t->reply->len == 0 &&
	    curl_version_info(CURLVERSION_NOW)->version_num < 0x080600)
		return CURLE_FILESIZE_EXCEEDED;
	return code;
}

static int perform(struct http *http, struct transfer *t)
{
	CURL *easy = t->connection->easy;
	int64_t left = t->host->time_left(t->host);
	long connects = 1;
	CURLcode code;

	if (left <= 0)
		return t->host->fail(t->host, ICRED_E_TIMEOUT,
				     "timed out before the request to %s; raise the setting timeout",
				     t->request->peer);
	code = attempt(t, left);
	/* A kept connection that the server had closed meanwhile says nothing about the server. */
	if ((code == CURLE_SEND_ERROR || code == CURLE_RECV_ERROR || code == CURLE_GOT_NOTHING ||
	     code == CURLE_HTTP2 || code == CURLE_HTTP2_STREAM) &&
	    t->header_bytes == 0 && curl_easy_getinfo(easy, CURLINFO_NUM_CONNECTS, &connects) == CURLE_OK &&
	    connects == 0 && (left = t->host->time_left(t->host)) > 0) {
		curl_easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
		code = attempt(t, left);
	}
	if (t->error < 0)
		return t->error;
	if (code != CURLE_OK) {
		struct transfer_error error = {.easy = easy,
					       .code = code,
					       .limit = t->limit,
					       .detail = t->connection->detail,
					       .peer = t->request->peer,
					       .ca = http->ca,
					       .is_connected = t->connection->was_connected,
					       .is_proxied =
						       !t->request->plain && proxy_is_used(t->request->peer)};

		return transfer_error_report(t->host, &error);
	}
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &t->reply->status);
	return 0;
}

int http_perform(struct http *http, const struct icred_host *host, const struct http_request *request,
		 struct http_reply *reply)
{
	struct transfer t = {
		.host = host, .request = request, .reply = reply, .connection = connection_take(http)};
	int r;

	if (!t.connection)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	r = setup(http, &t);
	if (r == 0)
		r = perform(http, &t);
	connection_put(http, t.connection);
	return r;
}
