/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libicred - a valid token on every libcurl transfer
 *
 * The hook calls the application's own libcurl, whichever flavour it is, by
 * way of a table that ICRED_CURL_FUNCTIONS makes where it is written; libicred
 * itself links none.  A hook may be used by any thread, an easy handle by one
 * at a time, as always.  The contract in full: icred_curl_new(3).
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
/* For C90 too, which has no "inline". */
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

/* What icred_curl_apply() leaves alone or does more.  icred_curl_new(3) */
enum {
	ICRED_CURL_ANY_PROTOCOL = 1u << 0,      /* CURLOPT_(REDIR_)PROTOCOLS(_STR) stay as they are   */
	ICRED_CURL_KEEP_NETRC = 1u << 1,        /* CURLOPT_NETRC stays as it is                       */
	ICRED_CURL_KEEP_UNRESTRICTED = 1u << 2, /* CURLOPT_UNRESTRICTED_AUTH stays as it is           */
	ICRED_CURL_KEEP_URL = 1u << 3,          /* CURLOPT_URL, _CURLU and _PORT stay as they are     */
	ICRED_CURL_NO_REDIRECTS = 1u << 4,      /* CURLOPT_FOLLOWLOCATION is set to 0                 */
	ICRED_CURL_RESEND = 1u << 5,            /* every body is in memory (CURLOPT_POSTFIELDS ...)   */
	ICRED_CURL_ONLY_401 = 1u << 6           /* a status of 403 never means a dead token           */
};

/* Bring the body of this handle's request back to its beginning; 0 when it is there. */
typedef int (*icred_curl_rewind_fn)(CURL *easy, void *data);

/* A hook for handles of that libcurl; `handle` must live longer. */
ICRED_MUST_CHECK struct icred_curl *icred_curl_new(icred_t *handle,
						   const struct icred_curl_functions *functions);
/* NULL is fine.  Easy handles stay valid, and keep the token that they have. */
void icred_curl_free(struct icred_curl *auth);
/* All of ICRED_CURL_..., in place of those set before; none unless told. */
void icred_curl_set_flags(struct icred_curl *auth, unsigned flags);
/* 0 if the hook is for that libcurl, or ICRED_E_INVALID. */
ICRED_MUST_CHECK int icred_curl_check(const struct icred_curl *auth,
				      const struct icred_curl_functions *functions);

/* Check the URL's origin, then put URL and token on the handle: a new request begins. */
ICRED_MUST_CHECK int icred_curl_apply(struct icred_curl *auth, CURL *easy, const char *url,
				      const char *installation);
/* 1 if the token was refused and a new one is on the handle: perform again.  Else 0; icred_error() says why. */
ICRED_MUST_CHECK int icred_curl_should_retry(struct icred_curl *auth, CURL *easy);
/* Apply, perform, and once more if need be: a CURLcode, or a negative ICRED_E_ code. */
ICRED_MUST_CHECK int icred_curl_perform(struct icred_curl *auth, CURL *easy, const char *url,
					const char *installation);
/* For each message of curl_multi_info_read(): 1 if the transfer has begun anew, 0 if it is done. */
ICRED_MUST_CHECK int icred_curl_multi_done(struct icred_curl *auth, CURLM *multi, CURLMsg *message);

/* For event loops: icred_curl_apply() without waiting.  *ret_request NULL: the handle is ready. */
ICRED_MUST_CHECK int icred_curl_start(struct icred_curl *auth, CURL *easy, const char *url,
				      const char *installation, icred_request_t **ret_request);
/* icred_curl_should_retry() without waiting: 1 with *ret_request to wait for, or 0. */
ICRED_MUST_CHECK int icred_curl_restart(struct icred_curl *auth, CURL *easy, icred_request_t **ret_request);
/* The request's token on the handle; ends the request. */
ICRED_MUST_CHECK int icred_curl_finish(struct icred_curl *auth, CURL *easy, icred_request_t *request);

/* How this handle's body comes back to its beginning; NULL: as the flags say. */
int icred_curl_set_rewind(struct icred_curl *auth, CURL *easy, icred_curl_rewind_fn rewind, void *data);
/* A piece of the answer's body, for a 403 that only its text explains. */
void icred_curl_saw(struct icred_curl *auth, CURL *easy, const void *data, size_t len);
/* Before curl_easy_cleanup(): the token off the handle, the handle out of the hook. */
void icred_curl_forget(struct icred_curl *auth, CURL *easy);

#ifdef __cplusplus
}
#endif
#endif
