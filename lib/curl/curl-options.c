/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The functions of libcurl that the application gives, and what the hook sets with them. */
#include "config.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>
#include <sys/auxv.h>

#include "lib/base/error.h"
#include "lib/curl/curl-hook.h"

/* What every table has: version 1.0's.  A program may be newer or older than this library. */
#define TABLE_MIN                                              \
	(offsetof(struct icred_curl_functions, version_info) + \
	 sizeof(((struct icred_curl_functions *)0)->version_info))

static bool are_of_one_object(const struct icred_curl_functions *functions)
{
	const void *const addresses[] = {
		(const void *)functions->easy_setopt,         (const void *)functions->easy_getinfo,
		(const void *)functions->easy_perform,        (const void *)functions->multi_add_handle,
		(const void *)functions->multi_remove_handle, (const void *)functions->version_info,
	};
	const void *first = NULL;
	Dl_info info, program;

	if (!dladdr((const void *)getauxval(AT_ENTRY), &program))
		program.dli_fbase = NULL;
	for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
		/* In a program a function's address may be that of a stub of its own, which says nothing. */
		if (!dladdr(addresses[i], &info) || info.dli_fbase == program.dli_fbase)
			continue;
		if (first && info.dli_fbase != first)
			return false;
		first = info.dli_fbase;
	}
	return true;
}

int curl_table_read(const struct icred_curl_functions *given, struct icred_curl_functions *ret_functions)
{
	struct icred_curl_functions own;
	const curl_version_info_data *version;

	if (given->size < TABLE_MIN)
		return set_error(ICRED_E_INVALID,
				 "icred_curl: the table of functions is not one of ICRED_CURL_FUNCTIONS");
	copy_sized(&own, sizeof(own), given);
	if (!own.easy_setopt || !own.easy_getinfo || !own.easy_perform || !own.multi_add_handle ||
	    !own.multi_remove_handle || !own.version_info)
		return set_error(ICRED_E_INVALID, "icred_curl: a function is missing in the table");
	if (!are_of_one_object(&own))
		return set_error(ICRED_E_INVALID,
				 "icred_curl: the functions in the table are of two different libcurls");
	version = own.version_info(CURL_VERSION_FIRST);
	if (!version || version->version_num < CURL_HAS_BEARER)
		return set_error(ICRED_E_UNSUPPORTED,
				 "libcurl %s is too old for bearer tokens; use 7.61 or later",
				 version ? version->version : "");
	*ret_functions = own;
	return ICRED_OK;
}

_export_ int icred_curl_check(const struct icred_curl *auth, const struct icred_curl_functions *functions)
{
	const curl_version_info_data *ours, *theirs;

	if (!auth || !functions || functions->size < TABLE_MIN)
		return set_error(ICRED_E_INVALID, "icred_curl_check: auth and functions must not be NULL");
	if (functions->easy_setopt == auth->functions.easy_setopt &&
	    functions->easy_perform == auth->functions.easy_perform)
		return ICRED_OK;
	ours = auth->functions.version_info(CURL_VERSION_FIRST);
	theirs = functions->version_info(CURL_VERSION_FIRST);
	return set_error(ICRED_E_INVALID,
			 "the hook is for libcurl %s (%s), and the handles here are of libcurl %s (%s); "
			 "make a hook for each",
			 ours->version, ours->ssl_version ? ours->ssl_version : "no TLS", theirs->version,
			 theirs->ssl_version ? theirs->ssl_version : "no TLS");
}

static unsigned flags_of(struct icred_curl *auth)
{
	return atomic_load_explicit(&auth->flags, memory_order_relaxed);
}

int curl_usable(struct icred_curl *auth)
{
	if (auth->version >= CURL_SAFE_REDIRECT || (flags_of(auth) & ICRED_CURL_NO_REDIRECTS))
		return ICRED_OK;
	return set_error(
		ICRED_E_UNSUPPORTED,
		"libcurl %s follows a redirect to another port or scheme with the token; use 7.83 or "
		"later, or ICRED_CURL_NO_REDIRECTS",
		auth->functions.version_info(CURL_VERSION_FIRST)->version);
}

/* The handle, and the first failure on it. */
struct setter {
	const struct icred_curl_functions *functions;
	CURL *easy;
	CURLcode code;
	unsigned option;
};

static void note_code(struct setter *setter, unsigned option, CURLcode code)
{
	if (!code || setter->code)
		return;
	setter->code = code;
	setter->option = option;
}

static void set_long(struct setter *setter, unsigned option, long value)
{
	note_code(setter, option, setter->functions->easy_setopt(setter->easy, option, value));
}

static void set_pointer(struct setter *setter, unsigned option, const void *value)
{
	note_code(setter, option, setter->functions->easy_setopt(setter->easy, option, value));
}

/* Http is the URL's own wish, and the profile's: it allows that for loopback addresses only. */
static void set_protocols(struct setter *setter, const struct icred_curl *auth,
			  const struct curl_state *state)
{
	bool plain = strcmp(state->origin.scheme, "http") == 0;

	if (auth->version >= CURL_HAS_LISTS) {
		set_pointer(setter, CURL_SET_PROTOCOLS_STR, plain ? "http" : "https");
		set_pointer(setter, CURL_SET_REDIR_PROTOCOLS_STR, plain ? "http,https" : "https");
	} else {
		set_long(setter, CURL_SET_PROTOCOLS, plain ? CURL_PROTO_HTTP : CURL_PROTO_HTTPS);
		set_long(setter, CURL_SET_REDIR_PROTOCOLS,
			 plain ? CURL_PROTO_HTTP | CURL_PROTO_HTTPS : CURL_PROTO_HTTPS);
	}
}

int curl_set_options(struct icred_curl *auth, const struct curl_state *state)
{
	struct setter setter = {&auth->functions, state->easy, CURL_OK, 0};
	unsigned flags = flags_of(auth);
	CURLcode code;

	/* The URL that was checked is the one that is requested: neither a CURLU nor a port goes before it. */
	if (!(flags & ICRED_CURL_KEEP_URL)) {
		if (auth->version >= CURL_HAS_CURLU)
			set_pointer(&setter, CURL_SET_CURLU, NULL);
		set_pointer(&setter, CURL_SET_URL, state->url);
		set_long(&setter, CURL_SET_PORT, 0);
	}
	if (!(flags & ICRED_CURL_ANY_PROTOCOL))
		set_protocols(&setter, auth, state);
	if (!(flags & ICRED_CURL_KEEP_NETRC)) {
		code = auth->functions.easy_setopt(state->easy, CURL_SET_NETRC, (long)CURL_NETRC_OFF);
		/* A libcurl that was built without netrc has none to ignore. */
		if (code != CURL_UNKNOWN_OPTION && code != CURL_NOT_BUILT_IN)
			note_code(&setter, CURL_SET_NETRC, code);
	}
	if (!(flags & ICRED_CURL_KEEP_UNRESTRICTED))
		set_long(&setter, CURL_SET_UNRESTRICTED_AUTH, 0);
	/* Plain http is for this very machine: a proxy would take the token off it, in the clear. */
	if (strcmp(state->origin.scheme, "http") == 0)
		set_pointer(&setter, CURL_SET_NOPROXY, "*");
	if (flags & ICRED_CURL_NO_REDIRECTS)
		set_long(&setter, CURL_SET_FOLLOWLOCATION, 0);
	/* Alone: with a second bit libcurl would ask without a token first. */
	set_long(&setter, CURL_SET_HTTPAUTH, CURL_AUTH_BEARER);
	if (!setter.code)
		set_pointer(&setter, CURL_SET_XOAUTH2_BEARER, icred_token_secret(state->token));
	return setter.code ? set_error(ICRED_E_INTERNAL, "libcurl does not take option %u: error %u",
				       setter.option, setter.code)
			   : ICRED_OK;
}
