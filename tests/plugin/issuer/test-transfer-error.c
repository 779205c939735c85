/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What each of libcurl's codes means, those of later versions too. */
#include "config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>
#include <icred/icred.h>

#include "plugin/issuer/appauth/http.h"
#include "tests/plugin/fake-host.h"

static const struct icred_host host = {.size = sizeof(host), .fail = host_fail};

static void test_codes(void **state)
{
	static const struct {
		int curl;
		int limit;
		const char *detail;
		int code;
		const char *words;
	} table[] = {
		{CURLE_OUT_OF_MEMORY, 0, "", ICRED_E_NO_MEMORY, "out of memory"},
		{CURLE_SSL_CACERT_BADFILE, ENOMEM, "", ICRED_E_NO_MEMORY, "out of memory"},
		{CURLE_SSL_CACERT_BADFILE, EMFILE, "", ICRED_E_NO_MEMORY, "too many open files"},
		{CURLE_SSL_CACERT_BADFILE, 0, "", ICRED_E_INVALID, "the bundle"},
		{CURLE_SSL_CONNECT_ERROR, 0, "Internal error in memory allocation.", ICRED_E_NO_MEMORY,
		 "memory"},
		{CURLE_SSL_CONNECT_ERROR, 0, "server cert verify failed: -25", ICRED_E_NO_MEMORY, "memory"},
		{CURLE_PEER_FAILED_VERIFICATION, ENOMEM, "", ICRED_E_NO_MEMORY, "out of memory"},
		{CURLE_COULDNT_CONNECT, ENFILE, "", ICRED_E_NO_MEMORY, "too many open files"},
		{CURLE_COULDNT_RESOLVE_HOST, 0, "getaddrinfo() thread failed to start", ICRED_E_NO_MEMORY,
		 "threads"},
		{CURLE_OPERATION_TIMEDOUT, ENOMEM, "", ICRED_E_TIMEOUT, ""},
		{CURLE_COULDNT_RESOLVE_HOST, 0, "", ICRED_E_NETWORK, "DNS"},
		{CURLE_COULDNT_RESOLVE_PROXY, 0, "", ICRED_E_NETWORK, "https_proxy"},
		{CURLE_PROXY, 0, "", ICRED_E_NETWORK, "https_proxy"},
		{CURLE_COULDNT_CONNECT, 0, "", ICRED_E_NETWORK, "cannot connect"},
		{CURLE_PEER_FAILED_VERIFICATION, 0, "", ICRED_E_NETWORK, "certificate"},
		{CURLE_SSL_CONNECT_ERROR, 0, "x", ICRED_E_NETWORK, "no TLS connection"},
		{CURLE_SSL_CERTPROBLEM, 0, "x", ICRED_E_NETWORK, "no TLS connection"},
		{CURLE_SSL_CIPHER, 0, "x", ICRED_E_NETWORK, "no TLS connection"},
		{CURLE_SSL_CLIENTCERT, 0, "x", ICRED_E_NETWORK, "no TLS connection"},
		{CURLE_SSL_INVALIDCERTSTATUS, 0, "x", ICRED_E_NETWORK, "no TLS connection"},
		{101 /* CURLE_ECH_REQUIRED */, 0, "x", ICRED_E_NETWORK, "no TLS connection"},
		{CURLE_SEND_ERROR, 0, "", ICRED_E_NETWORK, "failed ("},
		{CURLE_RECV_ERROR, 0, "", ICRED_E_NETWORK, "failed ("},
		{CURLE_GOT_NOTHING, 0, "", ICRED_E_NETWORK, "failed ("},
		{CURLE_HTTP2_STREAM, 0, "", ICRED_E_NETWORK, "failed ("},
		{150 /* of a libcurl to come */, 0, "x", ICRED_E_NETWORK, "failed ("},
		{100 /* CURLE_TOO_LARGE */, 0, "", ICRED_E_PROTOCOL, "larger than any token's"},
		{CURLE_FILESIZE_EXCEEDED, 0, "", ICRED_E_PROTOCOL, "larger than any token's"},
		{CURLE_WRITE_ERROR, 0, "", ICRED_E_PROTOCOL, "larger than any token's"},
		{CURLE_PARTIAL_FILE, 0, "", ICRED_E_PROTOCOL, "cut short"},
		{CURLE_WEIRD_SERVER_REPLY, 0, "", ICRED_E_PROTOCOL, "is not HTTP"},
		{CURLE_UNSUPPORTED_PROTOCOL, 0, "Received HTTP/0.9 when not allowed", ICRED_E_PROTOCOL,
		 "is not HTTP"},
		{CURLE_UNSUPPORTED_PROTOCOL, 0, "Unsupported response code in HTTP response",
		 ICRED_E_PROTOCOL, "is not HTTP"},
		{CURLE_UNSUPPORTED_PROTOCOL, 0, "Unsupported HTTP version (9.9) in response",
		 ICRED_E_PROTOCOL, "is not HTTP"},
		{CURLE_BAD_CONTENT_ENCODING, 0, "", ICRED_E_PROTOCOL, "is not HTTP"},
		{CURLE_HTTP2, 0, "", ICRED_E_PROTOCOL, "is not HTTP"},
		{CURLE_HTTP3, 0, "", ICRED_E_PROTOCOL, "is not HTTP"},
		{CURLE_UNSUPPORTED_PROTOCOL, 0, "Protocol \"https\" disabled", ICRED_E_INTERNAL,
		 "this libcurl"},
		{CURLE_FAILED_INIT, 0, "", ICRED_E_INTERNAL, "this libcurl"},
		{CURLE_NOT_BUILT_IN, 0, "", ICRED_E_INTERNAL, "this libcurl"},
		{CURLE_URL_MALFORMAT, 0, "", ICRED_E_INTERNAL, "this libcurl"},
		{CURLE_UNKNOWN_OPTION, 0, "", ICRED_E_INTERNAL, "this libcurl"},
		{CURLE_BAD_FUNCTION_ARGUMENT, 0, "", ICRED_E_INTERNAL, "this libcurl"},
		{CURLE_ABORTED_BY_CALLBACK, 0, "", ICRED_E_INTERNAL, "this libcurl"},
		{CURLE_RECURSIVE_API_CALL, 0, "", ICRED_E_INTERNAL, "this libcurl"},
	};
	CURL *easy = curl_easy_init();

	(void)state;
	assert_non_null(easy);
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct transfer_error error = {.easy = easy,
					       .code = (CURLcode)table[i].curl,
					       .limit = table[i].limit,
					       .detail = table[i].detail,
					       .peer = "host"};
		int code = transfer_error_report(&host, &error);

		if (code != table[i].code || !strstr(message, table[i].words))
			fail_msg("code %d gives %d: %s", table[i].curl, code, message);
	}
	curl_easy_cleanup(easy);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_codes)};

	return cmocka_run_group_tests_name("transfer-error", tests, NULL, NULL);
}
