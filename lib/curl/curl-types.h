/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the hook needs to know of libcurl's ABI, so that libicred is built
 * without its headers.  All of it is fixed for libcurl.so.4 (its ABI.md);
 * tests/lib/curl/test-curl-abi.c compares it with the headers of the day.
 */
#ifndef ICRED_LIB_CURL_CURL_TYPES_H
#define ICRED_LIB_CURL_CURL_TYPES_H

#define ICRED_CURL_TYPES

typedef void CURL;
typedef void CURLM;
typedef unsigned CURLcode; /* enums: without a negative value ... */
typedef unsigned CURLoption;
typedef unsigned CURLINFO;
typedef unsigned CURLversion;
typedef unsigned CURLMSG;
typedef int CURLMcode; /* ... and with one */

/* The beginning, which every version has. */
typedef struct {
	CURLversion age;
	const char *version;
	unsigned version_num;
	const char *host;
	int features;
	const char *ssl_version;
} curl_version_info_data;

typedef struct {
	CURLMSG msg;
	CURL *easy_handle;
	union {
		void *whatever;
		CURLcode result;
	} data;
} CURLMsg;

enum {
	CURL_OK = 0,
	CURL_NOT_BUILT_IN = 4,
	CURL_UNKNOWN_OPTION = 48,

	CURL_MESSAGE_DONE = 1,
	CURL_VERSION_FIRST = 0,

	CURL_NETRC_OFF = 0,
	CURL_PROTO_HTTP = 1,
	CURL_PROTO_HTTPS = 2,
	CURL_AUTH_BEARER = 1 << 6,

	CURL_SET_PORT = 3,
	CURL_SET_NETRC = 51,
	CURL_SET_NOPROXY = 10177,
	CURL_SET_FOLLOWLOCATION = 52,
	CURL_SET_UNRESTRICTED_AUTH = 105,
	CURL_SET_HTTPAUTH = 107,
	CURL_SET_PROTOCOLS = 181,
	CURL_SET_REDIR_PROTOCOLS = 182,
	CURL_SET_URL = 10002,
	CURL_SET_RTSP_SESSION_ID = 10190,
	CURL_SET_XOAUTH2_BEARER = 10220,
	CURL_SET_CURLU = 10282,
	CURL_SET_PROTOCOLS_STR = 10318,
	CURL_SET_REDIR_PROTOCOLS_STR = 10319,

	CURL_GET_EFFECTIVE_URL = 0x100001,
	CURL_GET_ACTIVE_SOCKET = 0x50002c,
	CURL_GET_RTSP_SESSION_ID = 0x100024,
	CURL_GET_RESPONSE_CODE = 0x200002,
	CURL_GET_SIZE_UPLOAD = 0x600007,
};

/* Since when: CURLAUTH_BEARER, CURLU, the method as an info, redirects without leaks, lists as text. */
#define CURL_HAS_BEARER    0x073d00u
#define CURL_HAS_CURLU     0x073f00u
#define CURL_SAFE_REDIRECT 0x075300u
#define CURL_HAS_LISTS     0x075500u

#include <icred/curl.h>

#endif
