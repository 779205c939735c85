/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a token may consist of.  Needs libc alone, for modules. */
#ifndef ICRED_LIB_BASE_B64TOKEN_H
#define ICRED_LIB_BASE_B64TOKEN_H

#include <stdbool.h>

/* RFC 6750's b64token, of at most ICRED_TOKEN_MAX bytes: fit for a header, and for quotation marks. */
bool is_b64token(const char *text);

#endif
