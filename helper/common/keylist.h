/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The app's keys as a table or a JSON array. */
#ifndef ICRED_HELPER_COMMON_KEYLIST_H
#define ICRED_HELPER_COMMON_KEYLIST_H

#include <stdbool.h>
#include <stddef.h>
#include <icred/icred.h>

#include "helper/common/json-write.h"
#include "helper/common/output.h"

struct keylist {
	struct output *out;
	bool json, hex;
	size_t count; /* how many keys there were */
	const char *indent;
	struct json writer;
};

/* 0, or what icred_key_each returned; the array is closed in either case. */
int keylist_print(struct keylist *list, icred_t *handle, const char *indent);

#endif
