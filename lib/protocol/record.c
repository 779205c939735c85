/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "lib/protocol/record.h"

enum {
	TAG_VERSION = 1,
	TAG_ISSUER,
	TAG_API,
	TAG_APP,
	TAG_TARGET,
	TAG_ID,
	TAG_SECRET,
	TAG_MINTED,
	TAG_EXPIRES,
	TAG_INSTALLATION,
	TAG_ORGANIZATION,
	TAG_PERMISSION, /* each followed by its TAG_LEVEL */
	TAG_LEVEL,
};

bool identity_equal(const struct identity *a, const struct identity *b)
{
	return a->target == b->target && same_string(a->id, b->id) && same_string(a->app, b->app) &&
	       same_string(a->api, b->api) && same_string(a->issuer, b->issuer);
}

uint64_t identity_hash(const struct identity *identity)
{
	const char *parts[] = {identity->issuer, identity->api, identity->app, identity->id};
	uint64_t hash = hash_bytes(HASH_SEED, &identity->target, sizeof(identity->target));

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		hash = hash_bytes(hash, parts[i], strlen(parts[i]) + 1);
	return hash;
}

void identity_name(const struct identity *identity, char name[IDENTITY_NAME_MAX])
{
	snprintf(name, IDENTITY_NAME_MAX, "%016llx", (unsigned long long)identity_hash(identity));
}

/* A field of so many bytes, with its head and a string's NUL. */
#define FIELD(len) (4 + (len) + 1)
/* Issuer, API, app, target, ID and so on; a URL has 2048 bytes at most. */
_Static_assert(FIELD(64) + FIELD(2048) + 4 * FIELD(ICRED_ID_MAX) + 4 * FIELD(8) + FIELD(ICRED_TOKEN_MAX) +
			       2 * ICRED_PERMISSIONS_MAX * FIELD(ICRED_PERMISSION_MAX) <=
		       ICRED_BLOB_MAX,
	       "a record with everything at its most must fit in a cache");

/* What is empty is left out, so that a record that was read is not longer when it is written again. */
static const char *text_or_none(const char *text)
{
	return text && *text ? text : NULL;
}

void record_write(struct wire *wire, const struct record *record)
{
	wire_put_number(wire, TAG_VERSION, RECORD_VERSION);
	wire_put_string(wire, TAG_ISSUER, record->identity.issuer);
	wire_put_string(wire, TAG_API, record->identity.api);
	wire_put_string(wire, TAG_APP, record->identity.app);
	wire_put_number(wire, TAG_TARGET, record->identity.target);
	wire_put_string(wire, TAG_ID, record->identity.id);
	wire_put_string(wire, TAG_SECRET, record->secret);
	wire_put_number(wire, TAG_MINTED, record->minted_at);
	wire_put_number(wire, TAG_EXPIRES, record->expires_at);
	wire_put_string(wire, TAG_INSTALLATION, text_or_none(record->installation));
	wire_put_string(wire, TAG_ORGANIZATION, text_or_none(record->organization));
	for (size_t i = 0; record->permissions[i] && record->permissions[i + 1]; i += 2) {
		wire_put_string(wire, TAG_PERMISSION, record->permissions[i]);
		wire_put_string(wire, TAG_LEVEL, record->permissions[i + 1]);
	}
}

/* A record with all that one must have, of possible times: an interval, with room to add and subtract. */
static bool is_whole(const struct record *record)
{
	const struct identity *identity = &record->identity;

	return identity->issuer && identity->api && identity->app && identity->id &&
	       identity->target >= ICRED_TARGET_INSTALLATION && identity->target <= ICRED_TARGET_APP &&
	       record->minted_at > 0 && record->expires_at > record->minted_at &&
	       record->expires_at <= RECORD_TIME_MAX && record->secret && is_b64token(record->secret);
}

/* A record whose version is one of these. */
static bool read_versions(const void *blob, size_t len, int64_t least, int64_t most,
			  struct record *ret_record)
{
	struct reader reader = wire_reader(blob, len);
	struct record record = {.installation = "", .organization = ""};
	const char **texts[] = {[TAG_ISSUER] = &record.identity.issuer,
				[TAG_API] = &record.identity.api,
				[TAG_APP] = &record.identity.app,
				[TAG_ID] = &record.identity.id,
				[TAG_SECRET] = &record.secret,
				[TAG_INSTALLATION] = &record.installation,
				[TAG_ORGANIZATION] = &record.organization};
	size_t permissions = 0;
	int64_t version = 0;
	struct field field;

	while (wire_next(&reader, &field)) {
		switch (field.tag) {
		case TAG_VERSION:
			version = field_number(&reader, &field);
			break;
		case TAG_TARGET:
			record.identity.target = field_int(&reader, &field);
			break;
		case TAG_MINTED:
			record.minted_at = field_number(&reader, &field);
			break;
		case TAG_EXPIRES:
			record.expires_at = field_number(&reader, &field);
			break;
		case TAG_PERMISSION:
		case TAG_LEVEL: /* they alternate */
			if (permissions >= (size_t)2 * ICRED_PERMISSIONS_MAX ||
			    (permissions % 2 == 1) != (field.tag == TAG_LEVEL))
				return false;
			record.permissions[permissions++] = field_string(&reader, &field);
			break;
		default:
			if (field.tag < ARRAY_SIZE(texts) && texts[field.tag])
				*texts[field.tag] = field_string(&reader, &field);
		}
	}
	if (reader.damaged || version < least || version > most || permissions % 2 || !is_whole(&record))
		return false;
	*ret_record = record;
	return true;
}

bool record_read(const void *blob, size_t len, struct record *ret_record)
{
	return read_versions(blob, len, RECORD_VERSION, RECORD_VERSION, ret_record);
}

bool record_is_foreign(const void *blob, size_t len)
{
	struct reader reader = wire_reader(blob, len);
	struct field field;
	int64_t version;

	if (!wire_next(&reader, &field) || field.tag != TAG_VERSION)
		return false;
	version = field_number(&reader, &field);
	return !reader.damaged && version != RECORD_VERSION;
}

bool record_convert(const void *blob, size_t len, struct wire *to)
{
	struct record record;

	if (!read_versions(blob, len, RECORD_VERSION - 1, RECORD_VERSION + 1, &record))
		return false;
	record_write(to, &record);
	return !to->overflow;
}
