/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where the API is, and the URLs below it. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_URL_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_URL_H

#include <stdbool.h>
#include <stddef.h>

#define URL_SIZE      2048
#define URL_PEER_SIZE 288

struct url_base {
	char text[URL_SIZE];      /* without a slash at its end                    */
	char peer[URL_PEER_SIZE]; /* host, and the port if it is not the usual one: for messages */
	bool plain;               /* http, which the core allows for loopback only */
};

/* NULL, or what is wrong with the settings. */
const char *url_base_read(const char *api, const char *prefix, struct url_base *ret_base);

/* An ID that can be one segment of a path. */
bool url_is_id(const char *id);

/* base + path, with the ID in the place of "{id}"; false if it does not fit. */
bool url_make(const struct url_base *base, const char *path, const char *id, char url[URL_SIZE]);

#endif
