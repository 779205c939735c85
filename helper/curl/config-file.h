/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files of curl's --config. */
#ifndef ICRED_HELPER_CURL_CONFIG_FILE_H
#define ICRED_HELPER_CURL_CONFIG_FILE_H

#include "helper/curl/plan.h"

/*
 * Read one ("-": standard input), and write into out what curl will read
 * instead: the same options in one unmistakable form, so that a file which
 * changes meanwhile, or that curl would read otherwise, is not trusted.
 */
int config_file(struct plan *plan, const char *name, struct output *out);
/* The whole text of a file, "-" for standard input, to be freed; `what` names its kind in messages. */
int config_load(struct plan *plan, const char *name, const char *what, char **ret_text);
/* " = VALUE" as a config file has it. */
void config_write_value(struct output *out, const char *value);

#endif
