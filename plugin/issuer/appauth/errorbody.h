/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of an answer that is not a success: what wrote it, and what it says. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_ERRORBODY_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_ERRORBODY_H

#include "plugin/issuer/appauth/appauth.h"
#include "plugin/issuer/appauth/http.h"
#include "plugin/shared/quote.h"

/*
 * Only the service itself knows about keys, apps and installations.  A proxy, a portal or a gateway in between
 * answers with pages, texts and JSON of its own, under the same statuses.
 */
enum errorbody_author {
	ERRORBODY_UNKNOWN, /* empty, plain text, or the JSON of another program */
	ERRORBODY_PAGE,    /* a web page: not the service                */
	ERRORBODY_SERVICE, /* an error object of the service             */
};

struct errorbody {
	enum errorbody_author author;
	long status;           /* what the service's object says; else 0 */
	char text[QUOTE_SIZE]; /* its message, fit for a message of ours; or "" */
};

struct errorbody errorbody_read(const struct appauth_scheme *scheme, const struct http_reply *reply);

/* Does the text contain one of these, in any letter case?  The list ends with NULL. */
bool errorbody_says(const struct errorbody *body, const char *const words[]);

#endif
