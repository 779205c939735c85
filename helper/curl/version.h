/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Is this curl one that keeps a token at its origin when it follows a redirect? */
#ifndef ICRED_HELPER_CURL_VERSION_H
#define ICRED_HELPER_CURL_VERSION_H

#include "helper/curl/plan.h"

/* Asks the program itself, which takes milliseconds.  0, or the exit status after telling. */
int version_check(const struct plan *plan, const char *path);

#endif
