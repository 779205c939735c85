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
#include "plugin/issuer/appauth/http.h"
#include "plugin/issuer/appauth/proxy.h"
#include "plugin/issuer/appauth/transfer-error.h"

#define BODY_FIRST 8192 /* a token's answer is below 2 KiB */
#define IDLE_MAX   64

struct http_line {
	CURL *easy;
	struct http_line *next;
	curl_socket_t latest; /* the socket that was made last; bad once it is closed */
	bool met;             /* it was connected when it was closed */
	char detail[CURL_ERROR_SIZE];
};

struct http {
	pthread_mutex_t mutex;
	struct http_line *idle; /* last in, first out: the warmest connection is taken */
	unsigned idle_count;
	char *ca;
};

/* One request under way. */
struct transfer {
	const struct icred_host *host;
	const struct http_request *request;
	struct http_reply *reply;
	struct http_line *line;
	size_t header_bytes;
	int error; /* what the lack of memory said */
	int limit; /* errno of a limit that was reached before there was an answer; else 0 */
};

static pthread_once_t http_once = PTHREAD_ONCE_INIT;
static CURLcode http_global = CURLE_FAILED_INIT;

static void http_init(void)
{
	http_global = curl_global_init(CURL_GLOBAL_DEFAULT);
}

/* libcurl's default may be a directory of hundreds of files, which GnuTLS reads one by one. */
static const char *system_bundle(void)
{
	static const char *const usual[] = {"/etc/ssl/certs/ca-certificates.crt",
					    "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/ca-bundle.pem",
					    "/etc/ssl/cert.pem"};
	const char *own = curl_version_info(CURLVERSION_NOW)->cainfo;

	if (own && access(own, R_OK) == 0)
		return own;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++)
		if (access(usual[i], R_OK) == 0)
			return usual[i];
	return NULL;
}

int http_open(const struct icred_host *host, const char *ca, struct http **ret_http)
{
	struct http *http;

	pthread_once(&http_once, http_init);
	if (http_global != CURLE_OK)
		return host->fail(host, ICRED_E_INTERNAL, "libcurl does not start: %s",
				  curl_easy_strerror(http_global));
	ca = ca ? ca : system_bundle();
	http = calloc(1, sizeof(*http));
	if (!http || (ca && !(http->ca = strdup(ca)))) {
		free(http);
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	}
	pthread_mutex_init(&http->mutex, NULL);
	*ret_http = http;
	return 0;
}

static struct http_line *line_free(struct http_line *line)
{
	if (line)
		curl_easy_cleanup(line->easy);
	free(line);
	return NULL;
}

struct http *http_close(struct http *http)
{
	if (!http)
		return NULL;
	while (http->idle) {
		struct http_line *line = http->idle;

		http->idle = line->next;
		line_free(line);
	}
	pthread_mutex_destroy(&http->mutex);
	free(http->ca);
	free(http);
	return NULL;
}

static struct http_line *line_take(struct http *http)
{
	struct http_line *line;

	pthread_mutex_lock(&http->mutex);
	line = http->idle;
	if (line) {
		http->idle = line->next;
		http->idle_count--;
	}
	pthread_mutex_unlock(&http->mutex);
	if (line)
		return line;
	line = calloc(1, sizeof(*line));
	if (line && !(line->easy = curl_easy_init())) {
		free(line);
		return NULL;
	}
	return line;
}

/* The reset keeps the connection and forgets pointers to what the request owned. */
static void line_put(struct http *http, struct http_line *line)
{
	bool kept;

	curl_easy_reset(line->easy);
	pthread_mutex_lock(&http->mutex);
	kept = http->idle_count < IDLE_MAX;
	if (kept) {
		line->next = http->idle;
		http->idle = line;
		http->idle_count++;
	}
	pthread_mutex_unlock(&http->mutex);
	if (!kept)
		line_free(line);
}

static int reply_reserve(struct transfer *t, size_t need)
{
	struct http_reply *reply = t->reply;
	size_t cap = reply->cap ? reply->cap : BODY_FIRST;
	char *body;

	if (need <= reply->cap)
		return 0;
	while (cap < need)
		cap *= 2;
	body = t->host->secret_alloc(t->host, cap);
	if (!body)
		return t->host->fail(t->host, ICRED_E_NO_MEMORY, "out of memory for the answer of %s",
				     t->request->peer);
	if (reply->len > 0)
		memcpy(body, reply->body, reply->len);
	if (reply->body)
		t->host->secret_free(t->host, reply->body);
	reply->body = body;
	reply->cap = cap;
	return 0;
}

static size_t on_body(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	struct http_reply *reply = t->reply;
	size_t n = size * count;

	if (n > HTTP_BODY_MAX - reply->len)
		return 0;
	t->error = reply_reserve(t, reply->len + n + 1);
	if (t->error < 0)
		return 0;
	memcpy(reply->body + reply->len, data, n);
	reply->len += n;
	reply->body[reply->len] = '\0';
	/* libcurl lends its own buffer for this call; the token shall not stay in it. */
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

/* What an earlier, interim answer had in its headers is not this one's. */
static void forget_headers(struct http_reply *reply)
{
	reply->date = 0;
	reply->type[0] = '\0';
	reply->retry_after[0] = '\0';
	memset(&reply->limit, 0, sizeof(reply->limit));
	memset(&reply->standard_limit, 0, sizeof(reply->standard_limit));
	reply->limits[0] = '\0';
}

static void take_header(struct http_reply *reply, const char *line, size_t len)
{
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
	char value[HTTP_VALUE_SIZE];

	for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
		if (header_value(line, len, kept[i].name, value))
			memcpy(kept[i].to, value, sizeof(value));
	if (header_value(line, len, "date", value)) {
		time_t date = curl_getdate(value, NULL);

		reply->date = date > 0 ? (int64_t)date : 0;
	}
}

static size_t on_header(char *data, size_t size, size_t count, void *user)
{
	struct transfer *t = user;
	size_t n = size * count;

	t->header_bytes += n;
	if (t->header_bytes > HTTP_HEADER_MAX)
		return 0;
	if (n >= 5 && memcmp(data, "HTTP/", 5) == 0)
		forget_headers(t->reply);
	else if (t->reply->len == 0) /* not a trailer */
		take_header(t->reply, data, n);
	return n;
}

/* libcurl has no word, nor a time, of a connection whose handshake does not end: so its socket is looked at. */
static int on_socket(void *user, curl_socket_t fd, curlsocktype purpose)
{
	struct http_line *line = user;

	(void)purpose;
	line->latest = fd;
	line->met = false;
	return CURL_SOCKOPT_OK;
}

static int on_close(void *user, curl_socket_t fd)
{
	struct http_line *line = user;
	struct sockaddr_storage peer;
	socklen_t len = sizeof(peer);

	if (fd == line->latest) {
		line->met = getpeername(fd, (struct sockaddr *)&peer, &len) == 0;
		line->latest = CURL_SOCKET_BAD;
	}
	return close(fd);
}

/* Nothing but this origin over TLS (or loopback), nothing remembered, nothing followed. */
static bool setup_policy(CURL *easy, bool plain)
{
	bool bad = false;

#if CURL_AT_LEAST_VERSION(7, 85, 0)
	bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, plain ? "http" : "https") != CURLE_OK;
#else
	bad |= curl_easy_setopt(easy, CURLOPT_PROTOCOLS, plain ? CURLPROTO_HTTP : CURLPROTO_HTTPS) !=
	       CURLE_OK;
#endif
	bad |= curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_DISALLOW_USERNAME_IN_URL, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_NONE) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_MAXFILESIZE_LARGE, (curl_off_t)HTTP_BODY_MAX) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_MAXCONNECTS, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L) != CURLE_OK;
#if CURL_AT_LEAST_VERSION(7, 87, 0)
	/* A name server that stays silent holds the resolver's thread longer than our deadline: leave it behind. */
	(void)curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
	if (plain)
		bad |= curl_easy_setopt(easy, CURLOPT_PROXY, "") != CURLE_OK;
	return !bad;
}

static bool setup_tls(CURL *easy, const char *ca)
{
	bool bad = false;

	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2) != CURLE_OK;
	/* Only for telling an expired certificate from an unknown authority; not every TLS library has it. */
	(void)curl_easy_setopt(easy, CURLOPT_CERTINFO, 1L);
	if (!ca)
		return !bad;
	bad |= curl_easy_setopt(easy, CURLOPT_CAINFO, ca) != CURLE_OK;
	(void)curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
	return !bad;
}

static bool setup_request(struct transfer *t)
{
	CURL *easy = t->line->easy;
	bool bad = false;

	bad |= curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, t->line->detail) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_URL, t->request->url) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_HTTPHEADER, t->request->headers) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_USERAGENT, "libicred/" PACKAGE_VERSION) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_HTTPGET, 1L) != CURLE_OK;
	if (t->request->body)
		bad |= curl_easy_setopt(easy, CURLOPT_POSTFIELDS, t->request->body) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_SOCKOPTFUNCTION, on_socket) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_SOCKOPTDATA, t->line) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETFUNCTION, on_close) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_CLOSESOCKETDATA, t->line) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_WRITEDATA, t) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header) != CURLE_OK;
	bad |= curl_easy_setopt(easy, CURLOPT_HEADERDATA, t) != CURLE_OK;
	return !bad;
}

static int setup(struct http *http, struct transfer *t)
{
	errno = 0;
	if (setup_policy(t->line->easy, t->request->plain) && setup_tls(t->line->easy, http->ca) &&
	    setup_request(t))
		return 0;
	if (errno == ENOMEM)
		return t->host->fail(t->host, ICRED_E_NO_MEMORY, "out of memory");
	return t->host->fail(t->host, ICRED_E_INTERNAL, "this libcurl (%s) lacks what the issuer needs",
			     curl_version_info(CURLVERSION_NOW)->version);
}

void http_reply_clear(const struct icred_host *host, struct http_reply *reply)
{
	if (reply->body)
		host->secret_free(host, reply->body);
	memset(reply, 0, sizeof(*reply));
}

static CURLcode attempt(struct transfer *t, int64_t time_left)
{
	int64_t left = deadline_inner(time_left);

	CURLcode code;

	http_reply_clear(t->host, t->reply);
	t->header_bytes = 0;
	t->error = 0;
	t->line->met = false;
	t->line->detail[0] = '\0';
	curl_easy_setopt(t->line->easy, CURLOPT_TIMEOUT_MS, (long)(left < 86400000 ? left : 86400000));
	errno = 0;
	code = curl_easy_perform(t->line->easy);
	/* GnuTLS and libtasn1 take what they could not allocate or open for a bad certificate, bundle or handshake. */
	t->limit = 0;
	if (code != CURLE_OK && t->header_bytes == 0 &&
	    (errno == ENOMEM || errno == EMFILE || errno == ENFILE))
		t->limit = errno;
	return code;
}

/* A kept connection that the server had closed meanwhile says nothing about the server. */
static bool was_stale(const struct transfer *t, CURLcode code)
{
	long connects = 1;

	if (code != CURLE_SEND_ERROR && code != CURLE_RECV_ERROR && code != CURLE_GOT_NOTHING &&
	    code != CURLE_HTTP2 && code != CURLE_HTTP2_STREAM && code != CURLE_PARTIAL_FILE)
		return false;
	curl_easy_getinfo(t->line->easy, CURLINFO_NUM_CONNECTS, &connects);
	return connects == 0 && t->header_bytes == 0;
}

/* libcurl's code, or the one that says better what happened in the middle of an answer. */
static CURLcode what_it_was(const struct transfer *t, CURLcode code)
{
	if (t->header_bytes == 0)
		return code == CURLE_PARTIAL_FILE ? CURLE_GOT_NOTHING : code;
	if (code == CURLE_RECV_ERROR || code == CURLE_HTTP2_STREAM)
		return CURLE_PARTIAL_FILE;
	/* Before 8.6, this is what a line of headers beyond libcurl's own limit gives. */
	if (code == CURLE_OUT_OF_MEMORY && t->reply->len == 0 &&
	    curl_version_info(CURLVERSION_NOW)->version_num < 0x080600)
		return CURLE_FILESIZE_EXCEEDED;
	return code;
}

static int perform(struct http *http, struct transfer *t)
{
	int64_t left = t->host->time_left(t->host);
	CURLcode code;

	if (left <= 0)
		return t->host->fail(t->host, ICRED_E_TIMEOUT,
				     "no time was left to ask %s; raise the setting timeout",
				     t->request->peer);
	code = attempt(t, left);
	if (was_stale(t, code) && (left = t->host->time_left(t->host)) > 0) {
		curl_easy_setopt(t->line->easy, CURLOPT_FRESH_CONNECT, 1L);
		code = attempt(t, left);
	}
	if (t->error < 0)
		return t->error;
	if (code != CURLE_OK) {
		code = what_it_was(t, code);
		return trouble_tell(t->host,
				    &(struct trouble){.easy = t->line->easy,
						      .code = code,
						      .limit = t->limit,
						      .detail = t->line->detail,
						      .peer = t->request->peer,
						      .ca = http->ca,
						      .is_connected = t->line->met,
						      .is_proxied = !t->request->plain &&
								    proxy_is_used(t->request->peer)});
	}
	curl_easy_getinfo(t->line->easy, CURLINFO_RESPONSE_CODE, &t->reply->status);
	return 0;
}

int http_perform(struct http *http, const struct icred_host *host, const struct http_request *request,
		 struct http_reply *reply)
{
	struct transfer t = {.host = host, .request = request, .reply = reply, .line = line_take(http)};
	int r;

	if (!t.line)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	r = setup(http, &t);
	if (r == 0)
		r = perform(http, &t);
	line_put(http, t.line);
	return r;
}
