/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A token with all that is known of it, as the worker sends it and a cache keeps it. */
#ifndef ICRED_LIB_PROTOCOL_RECORD_H
#define ICRED_LIB_PROTOCOL_RECORD_H

#include <icred/module.h>

#include "lib/base/wire.h"

/* Of records in the caches, where one of another version is not used.  HACKING.md says when it is raised. */
#ifndef RECORD_VERSION
#define RECORD_VERSION 1
#endif

#define RECORD_TIME_MAX (INT64_C(1) << 40) /* UTC, seconds: some 30,000 years from now */

/* Whose token it is; two tokens with the same identity replace each other. */
struct identity {
	const char *issuer; /* the issuer module's name */
	const char *api;    /* its base URL, as the profile has it */
	const char *app;
	int target; /* enum icred_target */
	const char *id;
};

struct record {
	struct identity identity;
	const char *secret;
	int64_t minted_at, expires_at; /* UTC, seconds */
	const char *installation, *organization;
	const char *permissions[2 * ICRED_PERMISSIONS_MAX + 2]; /* name, level, ...; NULL-terminated */
};

bool identity_equal(const struct identity *a, const struct identity *b);
/* The name of its cache entry: short, and no more than a hint, as records hold the identity. */
#define IDENTITY_NAME_MAX 24
void identity_name(const struct identity *identity, char name[IDENTITY_NAME_MAX]);
uint64_t identity_hash(const struct identity *identity);

void record_write(struct wire *wire, const struct record *record);
/* The record points into the blob.  False for anything but a whole, valid record of this version. */
bool record_read(const void *blob, size_t len, struct record *ret_record);
/* Is it a record at all, as far as its first field says, and of another version? */
bool record_is_foreign(const void *blob, size_t len);
/* Write the record that a worker sent, which may be of the version before or after, as one of this version. */
bool record_convert(const void *blob, size_t len, struct wire *to);

#endif
