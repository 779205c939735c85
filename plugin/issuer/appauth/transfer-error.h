/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request without an answer: what went wrong, and what to do. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_TRANSFER_ERROR_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_TRANSFER_ERROR_H

#include <stdbool.h>
#include <curl/curl.h>
#include <icred/module.h>

struct trouble {
	CURL *easy;
	CURLcode code;
	int limit;          /* errno of a limit that was reached, or 0 */
	const char *detail; /* libcurl's own words, or "" */
	const char *peer;
	const char *ca;    /* the bundle in use, or NULL for libcurl's default */
	bool is_connected; /* TCP got through, whatever came of TLS */
	bool is_proxied;   /* by the environment */
};

/* Record the failure; returns its ICRED_E_ code. */
int trouble_tell(const struct icred_host *host, const struct trouble *trouble);

#endif
