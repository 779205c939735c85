/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* May a token go there? */
#ifndef ICRED_HELPER_COMMON_OUTSIDE_H
#define ICRED_HELPER_COMMON_OUTSIDE_H

#include <stdbool.h>
#include <icred/icred.h>

#include "helper/common/options.h"

/* 0 if the profile's tokens may go to this URL's origin, or the exit status after telling. */
int outside_check(const struct options *o, icred_t *handle, const char *url);
bool outside_is_http(const char *url);

#endif
