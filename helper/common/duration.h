/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as people read them. */
#ifndef ICRED_HELPER_COMMON_DURATION_H
#define ICRED_HELPER_COMMON_DURATION_H

#include <stddef.h>
#include <stdint.h>

#define DURATION_TEXT 32 /* what duration_format needs at most */

/* "1h 05m", "4m 03s", "12s"; "expired" from 0 down. */
const char *duration_format(int64_t seconds, char text[DURATION_TEXT]);

#endif
