/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The app's keys as people read and write them: their fingerprints, and a list as a table or a JSON array. */
#ifndef ICRED_HELPER_COMMON_KEYLIST_H
#define ICRED_HELPER_COMMON_KEYLIST_H

#include <icred/icred.h>

#include "helper/common/output.h"

#define FINGERPRINT_BYTES  32
#define FINGERPRINT_BASE64 45 /* with padding and NUL */
#define FINGERPRINT_HEX    65

/*
 * Base64 (with or without padding) or hex (with or without colons), with or
 * without "SHA256:" before it, to padded base64; -1 if it is none of these.
 */
int fingerprint_base64(const char *text, char ret_base64[FINGERPRINT_BASE64]);
int fingerprint_hex(const char *text, char ret_hex[FINGERPRINT_HEX]);

struct keylist {
	struct output *out;
	bool json, hex;
	size_t count; /* how many keys there were */
	struct json writer;
};

/* 0, or what icred_key_each returned; the array is closed in either case. */
int keylist_print(struct keylist *list, icred_t *handle);

#endif
