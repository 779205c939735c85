/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/errno-words.h"
#include "plugin/shared/quote.h"
#include "plugin/issuer/appauth/transfer-error.h"

/* Codes of libcurl 8 by their numbers, as the headers of 7 do not have them. */
enum {
	CURLE_8_TOO_LARGE = 100,    /* 8.6: what the server sends, such as a header, has no room */
	CURLE_8_ECH_REQUIRED = 101, /* 8.8 */
};

#define CERT_TIME_LEN 19 /* "2026-01-31 12:00:00" */

static const char CLOCK[] = "; check this machine's clock and NTP";

/* A line of a certificate's description that tells one of its dates. */
static bool cert_date(const char *line, const char *label, int64_t *ret_seconds)
{
	char text[CERT_TIME_LEN + 2];
	size_t n = strlen(label);

	if (strncasecmp(line, label, n) != 0 || strlen(line + n) < CERT_TIME_LEN)
		return false;
	memcpy(text, line + n, CERT_TIME_LEN);
	memcpy(text + CERT_TIME_LEN, "Z", 2);
	return clock_parse_utc(text, CERT_TIME_LEN + 1, ret_seconds);
}

/* Is a certificate of the chain too old (1), too young (-1), or neither? */
static int cert_age(CURL *easy, int64_t now)
{
	struct curl_certinfo *chain = NULL;
	int64_t at;

	if (curl_easy_getinfo(easy, CURLINFO_CERTINFO, &chain) != CURLE_OK || !chain)
		return 0;
	for (int i = 0; i < chain->num_of_certs; i++)
		for (const struct curl_slist *l = chain->certinfo[i]; l; l = l->next) {
			if (cert_date(l->data, "Expire date:", &at) && at < now)
				return 1;
			if (cert_date(l->data, "Start date:", &at) && at > now)
				return -1;
		}
	return 0;
}

static int tell_untrusted(const struct icred_host *host, const struct trouble *t)
{
	int age = cert_age(t->easy, (int64_t)time(NULL));
	bool old = age > 0 || strstr(t->detail, "has expired");
	bool young = age < 0 || strstr(t->detail, "not yet valid") || strstr(t->detail, "not activated");

	if (strstr(t->detail, "target host"))
		return host->fail(
			host, ICRED_E_NETWORK,
			"the TLS certificate of %s is for another host; check the setting api, and that "
			"no proxy or portal answers in its place",
			t->peer);
	if (old)
		return host->fail(host, ICRED_E_NETWORK,
				  "the TLS certificate of %s has expired; its operator must renew it%s",
				  t->peer, CLOCK);
	if (young)
		return host->fail(host, ICRED_E_NETWORK, "the TLS certificate of %s is not valid yet%s",
				  t->peer, CLOCK);
	return host->fail(
		host, ICRED_E_NETWORK,
		"the TLS certificate of %s is not signed by an authority of %s; if it is your own, name "
		"its bundle in the setting ca",
		t->peer, t->ca ? t->ca : "the system's bundle");
}

static int tell_connect(const struct icred_host *host, const struct trouble *t)
{
	long number = 0;

	curl_easy_getinfo(t->easy, CURLINFO_OS_ERRNO, &number);
	if (errno_code((int)number, ICRED_E_NETWORK) == ICRED_E_NO_MEMORY)
		return host->fail(host, ICRED_E_NO_MEMORY, "cannot connect to %s: %s", t->peer,
				  errno_words((int)number));
	return host->fail(host, ICRED_E_NETWORK,
			  "cannot connect to %s%s%s; check the network and the setting api%s", t->peer,
			  number ? ": " : "", number ? strerror((int)number) : "",
			  t->is_proxied ? ", and https_proxy in the environment" : "");
}

/* Whether libcurl got so far: each of its times is 0 until then. */
static bool has_passed(const struct trouble *t, CURLINFO what)
{
	curl_off_t time = 0;

	return curl_easy_getinfo(t->easy, what, &time) == CURLE_OK && time > 0;
}

/* What it was waiting for, from the last step to the first. */
static int tell_timeout(const struct icred_host *host, const struct trouble *t)
{
	if (has_passed(t, CURLINFO_STARTTRANSFER_TIME_T))
		return host->fail(
			host, ICRED_E_TIMEOUT,
			"the answer of %s did not end in time; try again, or raise the setting timeout",
			t->peer);
	if (has_passed(t, CURLINFO_PRETRANSFER_TIME_T))
		return host->fail(host, ICRED_E_TIMEOUT,
				  "%s did not answer in time; try again, or raise the setting timeout",
				  t->peer);
	if (t->is_proxied && has_passed(t, CURLINFO_NAMELOOKUP_TIME_T))
		return host->fail(host, ICRED_E_TIMEOUT,
				  "timed out connecting to %s through the proxy of the environment; check "
				  "https_proxy, or raise the setting timeout",
				  t->peer);
	if (t->is_connected)
		return host->fail(
			host, ICRED_E_TIMEOUT,
			"timed out in the TLS handshake with %s; check that the setting api names an "
			"https server, or raise the setting timeout",
			t->peer);
	if (has_passed(t, CURLINFO_NAMELOOKUP_TIME_T))
		return host->fail(
			host, ICRED_E_TIMEOUT,
			"timed out connecting to %s; check the network and the setting api, or raise "
			"the setting timeout",
			t->peer);
	return host->fail(
		host, ICRED_E_TIMEOUT,
		"timed out looking up %s: the name server did not answer; check the network and DNS, "
		"or raise the setting timeout",
		t->is_proxied ? "the proxy of the environment" : t->peer);
}

static int tell_other(const struct icred_host *host, const struct trouble *t)
{
	char text[QUOTE_SIZE];
	const char *words = t->detail[0] ? t->detail : curl_easy_strerror(t->code);
	long tunnel = 0;

	curl_easy_getinfo(t->easy, CURLINFO_HTTP_CONNECTCODE, &tunnel);
	if (tunnel >= 300)
		return host->fail(
			host, ICRED_E_NETWORK,
			"the proxy of the environment does not let us through to %s (%ld); check https_proxy",
			t->peer, tunnel);
	quote(text, sizeof(text), words, strlen(words));
	return host->fail(host, ICRED_E_NETWORK, "the connection to %s broke off (%s); try again", t->peer,
			  text);
}

static int tell_tls(const struct icred_host *host, const struct trouble *t)
{
	char text[QUOTE_SIZE];

	quote(text, sizeof(text), t->detail, strlen(t->detail));
	return host->fail(
		host, ICRED_E_NETWORK,
		"no TLS connection to %s (%s); check the setting api, and that no proxy is in between",
		t->peer, text);
}

static int tell_protocol(const struct icred_host *host, const struct trouble *t)
{
	if (t->code == CURLE_PARTIAL_FILE)
		return host->fail(host, ICRED_E_PROTOCOL, "the answer of %s was cut short; try again",
				  t->peer);
	if (t->code == CURLE_FILESIZE_EXCEEDED || t->code == CURLE_WRITE_ERROR ||
	    (int)t->code == CURLE_8_TOO_LARGE)
		return host->fail(host, ICRED_E_PROTOCOL,
				  "the answer of %s is larger than any token's; check the setting api",
				  t->peer);
	return host->fail(host, ICRED_E_PROTOCOL, "what %s sends is not HTTP; check the setting api",
			  t->peer);
}

/* The request was not made at all: this libcurl cannot, or we asked it wrongly. */
static int tell_unable(const struct icred_host *host, const struct trouble *t)
{
	char text[QUOTE_SIZE];
	const char *words = t->detail[0] ? t->detail : curl_easy_strerror(t->code);

	quote(text, sizeof(text), words, strlen(words));
	return host->fail(host, ICRED_E_INTERNAL, "this libcurl (%s) cannot make a request to %s: %s",
			  curl_version_info(CURLVERSION_NOW)->version, t->peer, text);
}

static int tell_unresolved(const struct icred_host *host, const struct trouble *t)
{
	/* libcurl looks names up in a thread of its own. */
	if (strstr(t->detail, "thread failed"))
		return host->fail(host, ICRED_E_NO_MEMORY, "cannot look up the name of %s: %s", t->peer,
				  errno_words(start_errno(EAGAIN)));
	return host->fail(host, ICRED_E_NETWORK,
			  "the name of %s is not found; check the network, DNS and the setting api", t->peer);
}

/* GnuTLS's own words, or its number where libcurl has no more. */
static bool is_about_memory(const char *detail)
{
	return strstr(detail, "memory allocation") || strstr(detail, "verify failed: -25");
}

/* CURLE_UNSUPPORTED_PROTOCOL is for the scheme of a URL, and for HTTP/0.9, "HTTP/9.9 200" and "HTTP/1.1 099", too. */
static bool is_about_answer(const char *detail)
{
	return strstr(detail, "HTTP/0.9") || strstr(detail, "response") || strstr(detail, "Lying server");
}

int trouble_tell(const struct icred_host *host, const struct trouble *trouble)
{
	if (trouble->limit && trouble->code != CURLE_OPERATION_TIMEDOUT)
		return host->fail(host, errno_code(trouble->limit, ICRED_E_NETWORK),
				  "cannot make a request to %s: %s", trouble->peer,
				  errno_words(trouble->limit));
	if (is_about_memory(trouble->detail))
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory while talking to %s",
				  trouble->peer);
	switch ((int)trouble->code) {
	case CURLE_OUT_OF_MEMORY:
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory while talking to %s",
				  trouble->peer);
	case CURLE_COULDNT_RESOLVE_HOST:
		return tell_unresolved(host, trouble);
	case CURLE_COULDNT_RESOLVE_PROXY:
	case CURLE_PROXY:
		return host->fail(host, ICRED_E_NETWORK,
				  "the proxy to %s cannot be used; check https_proxy in the environment",
				  trouble->peer);
	case CURLE_COULDNT_CONNECT:
		return tell_connect(host, trouble);
	case CURLE_OPERATION_TIMEDOUT:
		return tell_timeout(host, trouble);
	case CURLE_PEER_FAILED_VERIFICATION:
		return tell_untrusted(host, trouble);
	case CURLE_SSL_CACERT_BADFILE:
		return host->fail(
			host, ICRED_E_INVALID,
			"the bundle %s cannot be read or holds no certificate; check the setting ca",
			trouble->ca ? trouble->ca : "of the system");
	case CURLE_SSL_CONNECT_ERROR:
	case CURLE_SSL_CERTPROBLEM:
	case CURLE_SSL_CIPHER:
	case CURLE_USE_SSL_FAILED:
	case CURLE_SSL_CRL_BADFILE:
	case CURLE_SSL_ISSUER_ERROR:
	case CURLE_SSL_PINNEDPUBKEYNOTMATCH:
	case CURLE_SSL_INVALIDCERTSTATUS:
	case CURLE_SSL_CLIENTCERT:
	case CURLE_8_ECH_REQUIRED:
		return tell_tls(host, trouble);
	case CURLE_PARTIAL_FILE:
	case CURLE_FILESIZE_EXCEEDED:
	case CURLE_WRITE_ERROR:
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_HTTP2:
	case CURLE_HTTP3:
	case CURLE_8_TOO_LARGE:
		return tell_protocol(host, trouble);
	case CURLE_UNSUPPORTED_PROTOCOL:
		return is_about_answer(trouble->detail) ? tell_protocol(host, trouble)
							: tell_unable(host, trouble);
	case CURLE_FAILED_INIT:
	case CURLE_URL_MALFORMAT:
	case CURLE_NOT_BUILT_IN:
	case CURLE_READ_ERROR:
	case CURLE_FUNCTION_NOT_FOUND:
	case CURLE_ABORTED_BY_CALLBACK:
	case CURLE_BAD_FUNCTION_ARGUMENT:
	case CURLE_UNKNOWN_OPTION:
	case CURLE_SETOPT_OPTION_SYNTAX:
	case CURLE_SSL_ENGINE_NOTFOUND:
	case CURLE_SSL_ENGINE_SETFAILED:
	case CURLE_SSL_ENGINE_INITFAILED:
	case CURLE_RECURSIVE_API_CALL:
		return tell_unable(host, trouble);
	default:
		return tell_other(host, trouble);
	}
}
