/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of an app's JSON Web Token (RFC 7519), but for the signature, which is the key stack's. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_JWT_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_JWT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JWT_SIZE  4096 /* of the whole text, NUL included            */
#define JWT_PAST  60   /* iat: so long ago, for clocks that are late */
#define JWT_LIFE  540  /* exp: below the service's 600, for clocks that are early */
#define JWT_SPARE 60   /* a JWT with less life than this is not used again */

/* RFC 4648, 5, without padding; the length, or 0 if it does not fit. NUL-terminated. */
size_t jwt_base64url(char *out, size_t cap, const void *data, size_t len);

/* The header and the claims as the signature covers them; false if app is no UTF-8 or does not fit. */
bool jwt_input(char *out, size_t cap, const char *app, int64_t now, bool alg_claim, size_t *ret_len);

#endif
