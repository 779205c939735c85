/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request that got no answer: what libcurl's code means, and what to do. */
#include "config.h"

#include <errno.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/system-words.h"
#include "plugin/issuer/appauth/http.h"
#include "plugin/shared/quote.h"

/* Codes of libcurl 8 by their numbers, as the headers of 7 do not have them. */
enum {
	CURLE_8_TOO_LARGE = 100,    /* 8.6: what the server sends, such as a header, has no room */
	CURLE_8_ECH_REQUIRED = 101, /* 8.8 */
};

#define CERT_TIME_LEN 19 /* "2026-01-31 12:00:00" */

/* A line of a certificate's description that has one of its dates. */
static bool cert_date(const char *line, const char *label, int64_t *ret_utc)
{
	char text[CERT_TIME_LEN + 2];
	size_t n = strlen(label);

	if (strncasecmp(line, label, n) != 0 || strlen(line + n) < CERT_TIME_LEN)
		return false;
	memcpy(text, line + n, CERT_TIME_LEN);
	memcpy(text + CERT_TIME_LEN, "Z", 2);
	return clock_parse_utc(text, CERT_TIME_LEN + 1, ret_utc);
}

static int report_certificate(const struct icred_host *host, const struct transfer_error *e)
{
	bool is_old = strstr(e->detail, "has expired");
	bool is_young = strstr(e->detail, "not yet valid") || strstr(e->detail, "not activated");
	struct curl_certinfo *chain = NULL;
	int64_t now = (int64_t)time(NULL), at;

	if (strstr(e->detail, "target host"))
		return host->fail(host, ICRED_E_NETWORK,
				  "the TLS certificate of %s is for another host; check the setting api, and "
				  "that no proxy or portal answers instead",
				  e->peer);
	/* Not every TLS library says which of these it was. */
	if (curl_easy_getinfo(e->easy, CURLINFO_CERTINFO, &chain) == CURLE_OK && chain)
		for (int i = 0; i < chain->num_of_certs; i++)
			for (const struct curl_slist *l = chain->certinfo[i]; l; l = l->next) {
				is_old |= cert_date(l->data, "Expire date:", &at) && at < now;
				is_young |= cert_date(l->data, "Start date:", &at) && at > now;
			}
	if (is_old)
		return host->fail(
			host, ICRED_E_NETWORK,
			"the TLS certificate of %s has expired; check this machine's clock and NTP, or ask the "
			"operator of the server to renew it",
			e->peer);
	if (is_young)
		return host->fail(
			host, ICRED_E_NETWORK,
			"the TLS certificate of %s is not valid yet; check this machine's clock and NTP",
			e->peer);
	return host->fail(
		host, ICRED_E_NETWORK,
		"the TLS certificate of %s is not signed by an authority of %s; if the authority is "
		"your own, name its bundle in the setting ca",
		e->peer, e->ca ? e->ca : "the system's bundle");
}

/* Did libcurl complete this step?  Each of its times is 0 until then. */
static bool has_passed(const struct transfer_error *e, CURLINFO step)
{
	curl_off_t time = 0;

	return curl_easy_getinfo(e->easy, step, &time) == CURLE_OK && time > 0;
}

/* What libcurl was waiting for, from the last step to the first. */
static int report_timeout(const struct icred_host *host, const struct transfer_error *e)
{
	if (has_passed(e, CURLINFO_STARTTRANSFER_TIME_T))
		return host->fail(
			host, ICRED_E_TIMEOUT,
			"timed out reading the answer of %s; try again, or raise the setting timeout",
			e->peer);
	if (has_passed(e, CURLINFO_PRETRANSFER_TIME_T))
		return host->fail(
			host, ICRED_E_TIMEOUT,
			"timed out waiting for the answer of %s; try again, or raise the setting timeout",
			e->peer);
	if (e->is_proxied && has_passed(e, CURLINFO_NAMELOOKUP_TIME_T))
		return host->fail(host, ICRED_E_TIMEOUT,
				  "timed out connecting to %s through the proxy in the environment; check "
				  "https_proxy, or raise the setting timeout",
				  e->peer);
	if (e->is_connected)
		return host->fail(
			host, ICRED_E_TIMEOUT,
			"timed out in the TLS handshake with %s; check that the setting api names an "
			"https server, or raise the setting timeout",
			e->peer);
	if (has_passed(e, CURLINFO_NAMELOOKUP_TIME_T))
		return host->fail(
			host, ICRED_E_TIMEOUT,
			"timed out connecting to %s; check the network and the setting api, or raise the "
			"setting timeout",
			e->peer);
	return host->fail(
		host, ICRED_E_TIMEOUT,
		"timed out looking up %s: the name server did not answer; check the network and DNS, or "
		"raise the setting timeout",
		e->is_proxied ? "the proxy in the environment" : e->peer);
}

/* There was no connection, or it ended early. */
static int report_connection(const struct icred_host *host, const struct transfer_error *e, const char *said)
{
	long number = 0;

	if (e->code == CURLE_COULDNT_RESOLVE_PROXY || e->code == CURLE_PROXY)
		return host->fail(host, ICRED_E_NETWORK,
				  "cannot use the proxy for %s; check https_proxy in the environment",
				  e->peer);
	if (e->code == CURLE_COULDNT_RESOLVE_HOST && strstr(e->detail, "thread failed"))
		return host->fail(host, ICRED_E_NO_MEMORY, "cannot look up the name of %s: %s", e->peer,
				  errno_words(start_errno(EAGAIN))); /* libcurl starts a thread for it */
	if (e->code == CURLE_COULDNT_RESOLVE_HOST)
		return host->fail(host, ICRED_E_NETWORK,
				  "cannot find the host %s; check the network, DNS and the setting api",
				  e->peer);
	if (e->code == CURLE_COULDNT_CONNECT) {
		curl_easy_getinfo(e->easy, CURLINFO_OS_ERRNO, &number);
		if (errno_code((int)number, ICRED_E_NETWORK) == ICRED_E_NO_MEMORY)
			return host->fail(host, ICRED_E_NO_MEMORY, "cannot connect to %s: %s", e->peer,
					  errno_words((int)number));
		return host->fail(host, ICRED_E_NETWORK,
				  "cannot connect to %s%s%s; check the network and the setting api%s",
				  e->peer, number ? ": " : "", number ? strerror((int)number) : "",
				  e->is_proxied ? ", and https_proxy in the environment" : "");
	}
	curl_easy_getinfo(e->easy, CURLINFO_HTTP_CONNECTCODE, &number);
	if (number >= 300)
		return host->fail(
			host, ICRED_E_NETWORK,
			"the proxy in the environment refused a connection to %s (%ld); check https_proxy",
			e->peer, number);
	return host->fail(host, ICRED_E_NETWORK, "the connection to %s failed (%s); try again", e->peer,
			  said);
}

int transfer_error_report(const struct icred_host *host, const struct transfer_error *e)
{
	const char *words = e->detail[0] ? e->detail : curl_easy_strerror(e->code);
	int code = (int)e->code;
	char said[QUOTE_SIZE];

	quote(said, sizeof(said), words, strlen(words));
	if (e->limit && code != CURLE_OPERATION_TIMEDOUT)
		return host->fail(host, errno_code(e->limit, ICRED_E_NETWORK),
				  "cannot make a request to %s: %s", e->peer, errno_words(e->limit));
	/* GnuTLS's own words, or its number where libcurl has no more. */
	if (strstr(e->detail, "memory allocation") || strstr(e->detail, "verify failed: -25"))
		code = CURLE_OUT_OF_MEMORY;
	/* This code is for the scheme of a URL, and for the answers HTTP/0.9, "HTTP/9.9 200" and "HTTP/1.1 099", too. */
	if (code == CURLE_UNSUPPORTED_PROTOCOL &&
	    (strstr(e->detail, "HTTP/0.9") || strstr(e->detail, "response") ||
	     strstr(e->detail, "Lying server")))
		code = CURLE_WEIRD_SERVER_REPLY;
	switch (code) {
	case CURLE_OUT_OF_MEMORY:
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory during a request to %s", e->peer);
	case CURLE_OPERATION_TIMEDOUT:
		return report_timeout(host, e);
	case CURLE_PEER_FAILED_VERIFICATION:
		return report_certificate(host, e);
	case CURLE_SSL_CACERT_BADFILE:
		return host->fail(
			host, ICRED_E_INVALID,
			"cannot use the bundle %s: it cannot be read or contains no certificate; check the "
			"setting ca",
			e->ca ? e->ca : "of the system");
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
		return host->fail(
			host, ICRED_E_NETWORK,
			"no TLS connection to %s (%s); check the setting api, and that no proxy is in "
			"between",
			e->peer, said);
	case CURLE_PARTIAL_FILE:
		return host->fail(host, ICRED_E_PROTOCOL, "the answer of %s was cut short; try again",
				  e->peer);
	case CURLE_FILESIZE_EXCEEDED:
	case CURLE_WRITE_ERROR:
	case CURLE_8_TOO_LARGE:
		return host->fail(host, ICRED_E_PROTOCOL,
				  "the answer of %s is larger than any token's; check the setting api",
				  e->peer);
	case CURLE_WEIRD_SERVER_REPLY:
	case CURLE_BAD_CONTENT_ENCODING:
	case CURLE_HTTP2:
	case CURLE_HTTP3:
		return host->fail(host, ICRED_E_PROTOCOL,
				  "the answer of %s is not HTTP; check the setting api", e->peer);
	case CURLE_UNSUPPORTED_PROTOCOL:
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
		/* No request was made: this libcurl cannot, or was asked wrongly. */
		return host->fail(host, ICRED_E_INTERNAL, "this libcurl (%s) cannot make a request to %s: %s",
				  curl_version_info(CURLVERSION_NOW)->version, e->peer, said);
	default:
		return report_connection(host, e, said);
	}
}
