/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libicred - a valid token on every libcurl transfer
 *
 * The hook calls the application's own libcurl, through a table that
 * ICRED_CURL_FUNCTIONS creates in the source file that uses it; libicred
 * itself does not link libcurl.  Any thread may use a hook; only one thread at
 * a time may use an easy handle.  See icred_curl_new(3).
 */
#ifndef ICRED_CURL_H
#define ICRED_CURL_H

#ifndef ICRED_CURL_TYPES /* the library itself is built without libcurl's headers */
#include <curl/curl.h>
#endif
#include <icred/icred.h>

#ifdef __cplusplus
extern "C" {
#endif

struct icred_curl;

struct icred_curl_functions {
	size_t size;
	CURLcode (*easy_setopt)(CURL *easy, CURLoption option, ...);
	CURLcode (*easy_getinfo)(CURL *easy, CURLINFO info, ...);
	CURLcode (*easy_perform)(CURL *easy);
	CURLMcode (*multi_add_handle)(CURLM *multi, CURL *easy);
	CURLMcode (*multi_remove_handle)(CURLM *multi, CURL *easy);
	curl_version_info_data *(*version_info)(CURLversion age);
};

#ifndef ICRED_CURL_TYPES
/* __inline__, because C90 does not have "inline". */
static __inline__ const struct icred_curl_functions *icred_curl_table(void)
{
	static const struct icred_curl_functions functions = {
		sizeof(struct icred_curl_functions),
		(curl_easy_setopt),
		(curl_easy_getinfo),
		(curl_easy_perform),
		(curl_multi_add_handle),
		(curl_multi_remove_handle),
		(curl_version_info),
	};

	return &functions;
}
/* The libcurl that this translation unit is linked to. */
#define ICRED_CURL_FUNCTIONS (icred_curl_table())
#endif

/* Flags of icred_curl_set_flags().  icred_curl_new(3) */
enum {
	ICRED_CURL_ANY_PROTOCOL = 1u << 0,      /* do not set CURLOPT_(REDIR_)PROTOCOLS(_STR)         */
	ICRED_CURL_KEEP_NETRC = 1u << 1,        /* do not set CURLOPT_NETRC                           */
	ICRED_CURL_KEEP_UNRESTRICTED = 1u << 2, /* do not set CURLOPT_UNRESTRICTED_AUTH               */
	ICRED_CURL_KEEP_URL = 1u << 3,          /* do not set CURLOPT_URL, _CURLU and _PORT           */
	ICRED_CURL_NO_REDIRECTS = 1u << 4,      /* set CURLOPT_FOLLOWLOCATION to 0                    */
	ICRED_CURL_RESEND = 1u << 5,            /* every body is in memory (CURLOPT_POSTFIELDS ...)   */
	ICRED_CURL_ONLY_401 = 1u << 6           /* status 403 never means that the token is invalid   */
};

/* Set the body of this handle's request back to its beginning; return 0 on success. */
typedef int (*icred_curl_rewind_fn)(CURL *easy, void *data);

/* Create a hook for handles of that libcurl; `handle` must be closed after the hook is freed. */
ICRED_MUST_CHECK struct icred_curl *icred_curl_new(icred_t *handle,
						   const struct icred_curl_functions *functions);
/* NULL is allowed.  Easy handles stay valid, and keep their token. */
void icred_curl_free(struct icred_curl *auth);
/* Replace all flags, ICRED_CURL_...; none is set by default. */
void icred_curl_set_flags(struct icred_curl *auth, unsigned flags);
/* 0 if the hook is for that libcurl, or ICRED_E_INVALID. */
ICRED_MUST_CHECK int icred_curl_check(const struct icred_curl *auth,
				      const struct icred_curl_functions *functions);

/* Start a request: check the URL's origin, then set the URL and the token on the handle. */
ICRED_MUST_CHECK int icred_curl_apply(struct icred_curl *auth, CURL *easy, const char *url,
				      const char *installation);
/* 1 if the token was refused and a new one is on the handle: perform again.  Else 0; see icred_error(). */
ICRED_MUST_CHECK int icred_curl_should_retry(struct icred_curl *auth, CURL *easy);
/* Apply, perform, and repeat once if the token was refused: a CURLcode, or a negative ICRED_E_ code. */
ICRED_MUST_CHECK int icred_curl_perform(struct icred_curl *auth, CURL *easy, const char *url,
					const char *installation);
/* For each message of curl_multi_info_read(): 1 if the transfer was started again, 0 if it is done. */
ICRED_MUST_CHECK int icred_curl_multi_done(struct icred_curl *auth, CURLM *multi, CURLMsg *message);

/* For event loops: icred_curl_apply() without waiting.  If *ret_request is NULL, the handle is ready. */
ICRED_MUST_CHECK int icred_curl_start(struct icred_curl *auth, CURL *easy, const char *url,
				      const char *installation, icred_request_t **ret_request);
/* icred_curl_should_retry() without waiting: 1 with a *ret_request to wait for, or 0. */
ICRED_MUST_CHECK int icred_curl_restart(struct icred_curl *auth, CURL *easy, icred_request_t **ret_request);
/* End the request, and set its token on the handle. */
ICRED_MUST_CHECK int icred_curl_finish(struct icred_curl *auth, CURL *easy, icred_request_t *request);

/* Set how this handle's body returns to its beginning; NULL: as the flags say. */
int icred_curl_set_rewind(struct icred_curl *auth, CURL *easy, icred_curl_rewind_fn rewind, void *data);
/* Pass a part of the answer's body, which may say whether a 403 means an invalid token. */
void icred_curl_saw(struct icred_curl *auth, CURL *easy, const void *data, size_t len);
/* Call before curl_easy_cleanup(): remove the token from the handle, and the handle from the hook. */
void icred_curl_forget(struct icred_curl *auth, CURL *easy);

#ifdef __cplusplus
}
#endif
#endif
