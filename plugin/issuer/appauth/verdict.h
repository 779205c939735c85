/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An answer that is not the one we want: its kind, and what to do. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_VERDICT_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_VERDICT_H

#include <stdbool.h>
#include <stdint.h>
#include <icred/module.h>

#include "plugin/issuer/appauth/appauth.h"
#include "plugin/issuer/appauth/errorbody.h"
#include "plugin/issuer/appauth/http.h"

struct verdict {
	const struct appauth_scheme *scheme;
	const struct icred_mint_request *request;
	const struct http_reply *reply;
	const char *peer;
	int64_t now;
};

bool verdict_is_success(const struct http_reply *reply);
/* The server may not take this JWT, but perhaps a new one. */
bool verdict_is_refusal(const struct appauth_scheme *scheme, const struct http_reply *reply);

/* Record the failure that the answer means; returns its ICRED_E_ code. */
int verdict_tell(const struct icred_host *host, const struct verdict *verdict);
/* A success by its status whose body is of no use, for this reason. */
int verdict_tell_body(const struct icred_host *host, const struct verdict *verdict, int code,
		      const char *reason);

#endif
