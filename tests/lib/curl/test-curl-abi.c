/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lib/curl/curl-types.h says of libcurl's ABI is what libcurl's headers say. */
#include "config.h"

/* Ours under other names, so that both can be here. */
#define CURL                   our_CURL
#define CURLM                  our_CURLM
#define CURLcode               our_CURLcode
#define CURLoption             our_CURLoption
#define CURLINFO               our_CURLINFO
#define CURLversion            our_CURLversion
#define CURLMSG                our_CURLMSG
#define CURLMcode              our_CURLMcode
#define CURLMsg                our_CURLMsg
#define curl_version_info_data our_version
#include "lib/curl/curl-types.h"
#undef CURL
#undef CURLM
#undef CURLcode
#undef CURLoption
#undef CURLINFO
#undef CURLversion
#undef CURLMSG
#undef CURLMcode
#undef CURLMsg
#undef curl_version_info_data

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <curl/curl.h>
#include <cmocka.h>

/* Either an enum's integer is ours, or a call through the table would go wrong. */
#define SAME_TYPE(ours, theirs) _Static_assert(__builtin_types_compatible_p(ours, theirs), #theirs)
SAME_TYPE(our_CURL, CURL);
SAME_TYPE(our_CURLM, CURLM);
SAME_TYPE(our_CURLcode, CURLcode);
SAME_TYPE(our_CURLoption, CURLoption);
SAME_TYPE(our_CURLINFO, CURLINFO);
SAME_TYPE(our_CURLversion, CURLversion);
SAME_TYPE(our_CURLMSG, CURLMSG);
SAME_TYPE(our_CURLMcode, CURLMcode);

#define SAME_PLACE(ours, theirs, field) \
	_Static_assert(offsetof(ours, field) == offsetof(theirs, field), #theirs "." #field)
SAME_PLACE(our_version, curl_version_info_data, version);
SAME_PLACE(our_version, curl_version_info_data, version_num);
SAME_PLACE(our_version, curl_version_info_data, ssl_version);
SAME_PLACE(our_CURLMsg, CURLMsg, easy_handle);
SAME_PLACE(our_CURLMsg, CURLMsg, data.result);
_Static_assert(sizeof(our_CURLMsg) == sizeof(CURLMsg), "CURLMsg");

static void test_numbers(void **state)
{
	static const struct {
		long ours, theirs;
	} numbers[] = {
		{CURL_OK, CURLE_OK},
		{CURL_NOT_BUILT_IN, CURLE_NOT_BUILT_IN},
		{CURL_UNKNOWN_OPTION, CURLE_UNKNOWN_OPTION},
		{CURL_MESSAGE_DONE, CURLMSG_DONE},
		{CURL_VERSION_FIRST, CURLVERSION_FIRST},
		{CURL_NETRC_OFF, CURL_NETRC_IGNORED},
		{CURL_PROTO_HTTP, CURLPROTO_HTTP},
		{CURL_PROTO_HTTPS, CURLPROTO_HTTPS},
		{CURL_AUTH_BEARER, CURLAUTH_BEARER},
		{CURL_SET_PORT, CURLOPT_PORT},
		{CURL_SET_NETRC, CURLOPT_NETRC},
		{CURL_SET_NOPROXY, CURLOPT_NOPROXY},
		{CURL_SET_FOLLOWLOCATION, CURLOPT_FOLLOWLOCATION},
		{CURL_SET_UNRESTRICTED_AUTH, CURLOPT_UNRESTRICTED_AUTH},
		{CURL_SET_HTTPAUTH, CURLOPT_HTTPAUTH},
		{CURL_SET_PROTOCOLS, 181}, /* deprecated, which some compilers say */
		{CURL_SET_REDIR_PROTOCOLS, 182},
		{CURL_SET_URL, CURLOPT_URL},
		{CURL_SET_XOAUTH2_BEARER, CURLOPT_XOAUTH2_BEARER},
		{CURL_SET_CURLU, CURLOPT_CURLU},
#if LIBCURL_VERSION_NUM >= 0x075500
		{CURL_SET_PROTOCOLS_STR, CURLOPT_PROTOCOLS_STR},
		{CURL_SET_REDIR_PROTOCOLS_STR, CURLOPT_REDIR_PROTOCOLS_STR},
#endif
		{CURL_GET_EFFECTIVE_URL, CURLINFO_EFFECTIVE_URL},
		{CURL_GET_RESPONSE_CODE, CURLINFO_RESPONSE_CODE},
		{CURL_GET_SIZE_UPLOAD, CURLINFO_SIZE_UPLOAD_T},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		assert_int_equal(numbers[i].ours, numbers[i].theirs);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_numbers)};

	return cmocka_run_group_tests_name("libcurl's ABI", tests, NULL, NULL);
}
