/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing JSON into an output; a name of NULL stands for a member of an array. */
#ifndef ICRED_HELPER_COMMON_JSON_WRITE_H
#define ICRED_HELPER_COMMON_JSON_WRITE_H

#include <stdbool.h>
#include <stdint.h>

#include "helper/common/output.h"

struct json {
	struct output *out;
	bool started; /* the object or array has a member already */
};

void json_open(struct json *j, const char *name, char bracket);
void json_close(struct json *j, char bracket);
/* Bytes that are no UTF-8 become U+FFFD; NULL becomes null. */
void json_string(struct json *j, const char *name, const char *value);
void json_number(struct json *j, const char *name, int64_t value);
void json_bool(struct json *j, const char *name, bool value);

#endif
