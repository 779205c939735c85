/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Headers that curl would read from a file, as --header @FILE: each is one more place for an Authorization. */
#ifndef ICRED_HELPER_CURL_HEADER_FILE_H
#define ICRED_HELPER_CURL_HEADER_FILE_H

#include "helper/curl/plan.h"

/* Is it an option for headers, and is its value "@FILE"? */
bool header_is_file(const struct curl_option *option, const char *value);
/*
 * Check each header of the value's file as if it had an option of its own, and
 * write those options as lines of a config file.  0, or the exit status after telling.
 */
int header_file(struct plan *plan, const struct curl_option *option, const char *value, struct output *out);

#endif
