/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "lib/base/text.h"
#include "lib/protocol/record.h"
#include "tests/lib/core.h"

static unsigned char blob[TEST_BLOB_MAX];

static struct record sample(void)
{
	return (struct record){
		.identity = {"icr", "https://api.carbonregistry.com", "12345", ICRED_TARGET_ORGANIZATION,
			     "acme"},
		.secret = "crs_abcDEF-._~+/0123==",
		.minted_at = 1700000000,
		.expires_at = 1700007200,
		.installation = "8d0c4f5e",
		.organization = "acme",
		.permissions = {"projects", "VIEW", "credits", "EDIT", NULL},
	};
}

static size_t write_record(const struct record *record)
{
	struct wire wire = {.bytes = blob, .cap = sizeof(blob)};

	record_write(&wire, record);
	assert_false(wire.overflow);
	return wire.len;
}

static void a_record_comes_back_whole(void **state)
{
	struct record in = sample(), out;

	(void)state;
	assert_true(record_read(blob, write_record(&in), &out));
	assert_true(identity_equal(&in.identity, &out.identity));
	assert_string_equal(out.secret, in.secret);
	assert_int_equal(out.minted_at, in.minted_at);
	assert_int_equal(out.expires_at, in.expires_at);
	assert_string_equal(out.installation, in.installation);
	assert_string_equal(out.organization, in.organization);
	for (size_t i = 0; i < 4; i++)
		assert_string_equal(out.permissions[i], in.permissions[i]);
	assert_null(out.permissions[4]);
}

static void what_the_issuer_did_not_tell_is_empty(void **state)
{
	struct record in = sample(), out;

	(void)state;
	in.installation = in.organization = NULL;
	in.permissions[0] = NULL;
	assert_true(record_read(blob, write_record(&in), &out));
	assert_string_equal(out.installation, "");
	assert_string_equal(out.organization, "");
	assert_null(out.permissions[0]);
}

static void there_is_an_end_of_permissions(void **state)
{
	struct record in = sample(), out;
	struct wire more = {.bytes = blob, .cap = sizeof(blob)};

	(void)state;
	for (size_t i = 0; i < (size_t)2 * ICRED_PERMISSIONS_MAX; i++)
		in.permissions[i] = i % 2 ? "VIEW" : "name";
	in.permissions[2 * ICRED_PERMISSIONS_MAX] = NULL;
	more.len = write_record(&in);
	assert_true(record_read(blob, more.len, &out));
	assert_string_equal(out.permissions[2 * ICRED_PERMISSIONS_MAX - 1], "VIEW");
	assert_null(out.permissions[2 * ICRED_PERMISSIONS_MAX]);
	in.permissions[0] = "x";
	in.permissions[2] = NULL;
	record_write(&more, &in); /* the same fields again: one permission too many */
	assert_false(more.overflow);
	assert_false(record_read(blob, more.len, &out));
}

/* A copy of just that length, so that a tool sees a byte too many being read. */
static struct token_body *body_of(struct secret_pool *pool, const unsigned char *bytes, size_t len)
{
	unsigned char *copy = malloc(len ? len : 1), *secret;
	struct record record;
	bool whole;

	assert_non_null(copy);
	memcpy(copy, bytes, len);
	whole = record_read(copy, len, &record);
	free(copy);
	secret = secret_alloc(pool, len);
	assert_non_null(secret);
	memcpy(secret, bytes, len);
	struct token_body *body = token_body_new(secret, len);
	assert_int_equal(whole, body != NULL);
	return body;
}

static void a_cut_record_is_refused_or_says_less(void **state)
{
	struct secret_pool *pool = secret_pool_new();
	struct record in = sample();
	size_t len = write_record(&in), taken = 0;

	(void)state;
	for (size_t cut = 0; cut < len; cut++) {
		struct token_body *body = body_of(pool, blob, cut);
		if (!body)
			continue;
		taken++;
		assert_true(identity_equal(&body->record.identity, &in.identity));
		assert_string_equal(body->record.secret, in.secret);
		assert_true(body->record.expires_at == in.expires_at);
		token_body_unref(body);
	}
	/* Behind the times, and each of: installation, organization, the first permission. */
	assert_int_equal(taken, 4);
	secret_pool_unref(pool);
}

static void a_flipped_bit_does_no_harm(void **state)
{
	struct secret_pool *pool = secret_pool_new();
	struct record in = sample();
	size_t len = write_record(&in);

	(void)state;
	for (size_t bit = 0; bit < len * 8; bit++) {
		struct token_body *body;
		blob[bit / 8] ^= (unsigned char)(1u << bit % 8);
		body = body_of(pool, blob, len);
		if (body) {
			assert_true(is_b64token(body->record.secret));
			(void)token_fresh(body, in.minted_at, 0);
			token_body_unref(body);
		}
		blob[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	secret_pool_unref(pool);
}

static void impossible_records_are_refused(void **state)
{
	struct record in = sample(), out, changed[13];
	struct wire wire = {.bytes = blob, .cap = sizeof(blob)};
	size_t len;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(changed); i++)
		changed[i] = in;
	changed[0].identity.target = 0;
	changed[1].identity.target = ICRED_TARGET_APP + 1;
	changed[2].minted_at = INT64_MIN;
	changed[3].expires_at = INT64_MAX;
	changed[4].expires_at = -1;
	changed[5].secret = "a b";
	changed[6].secret = NULL;
	changed[7].identity.id = NULL;
	changed[8].minted_at = 0;
	changed[9].minted_at = in.expires_at;
	changed[10].minted_at = INT64_MAX;
	changed[11].expires_at = in.minted_at - 1;
	changed[12].expires_at = INT64_MIN;
	for (size_t i = 0; i < ARRAY_SIZE(changed); i++)
		if (record_read(blob, write_record(&changed[i]), &out))
			fail_msg("impossible record %zu was taken", i);
	len = write_record(&in);
	assert_true(record_read(blob, len, &out));
	wire_put_number(&wire, 1, RECORD_VERSION + 1); /* its version is its first field */
	assert_false(record_read(blob, len, &out));
}

/* What a worker of the version before or after sends becomes a record of ours; a cache's stays foreign. */
static void a_neighbouring_version_is_converted_for_the_caches(void **state)
{
	static unsigned char converted[sizeof(blob)];
	static const struct {
		int64_t version;
		bool taken;
	} versions[] = {
		{RECORD_VERSION - 2, false}, {RECORD_VERSION - 1, true},  {RECORD_VERSION, true},
		{RECORD_VERSION + 1, true},  {RECORD_VERSION + 2, false}, {INT64_MIN, false},
		{INT64_MAX, false},
	};
	struct record in = sample(), out;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		struct wire first = {.bytes = blob, .cap = sizeof(blob)};
		struct wire to = {.bytes = converted, .cap = sizeof(converted)}, shorter = to;
		size_t len = write_record(&in);
		wire_put_number(&first, 1, versions[i].version); /* its version is its first field */
		assert_true(record_read(blob, len, &out) == (versions[i].version == RECORD_VERSION));
		assert_true(record_is_foreign(blob, len) == (versions[i].version != RECORD_VERSION));
		assert_false(record_is_foreign(blob, 11)); /* not even its version is whole */
		assert_true(record_convert(blob, len, &to) == versions[i].taken);
		if (!versions[i].taken)
			continue;
		assert_int_equal(to.len, len);
		assert_true(record_read(converted, to.len, &out));
		assert_true(identity_equal(&out.identity, &in.identity));
		assert_string_equal(out.secret, in.secret);
		shorter.cap = to.len - 1;
		assert_false(record_convert(blob, len, &shorter));
	}
}

static void fields_of_a_newer_version_are_left_aside(void **state)
{
	struct record in = sample(), out;
	struct wire wire = {.bytes = blob, .cap = sizeof(blob)};

	(void)state;
	wire.len = write_record(&in);
	wire_put_string(&wire, 999, "new");
	wire_put(&wire, 0, "", 0);
	assert_true(record_read(blob, wire.len, &out));
	assert_string_equal(out.secret, in.secret);
}

static void only_a_b64token_is_a_token(void **state)
{
	static const struct {
		const char *text;
		bool ok;
	} cases[] = {
		{"a", true},         {"crs_0-9._~+/aZ", true},
		{"a=", true},        {"a====", true},
		{"", false},         {"=", false},
		{"==", false},       {"a=b", false},
		{"=a", false},       {"a b", false},
		{" a", false},       {"a ", false},
		{"a\n", false},      {"a\r\nHost: x", false},
		{"a\t", false},      {"a\x7f", false},
		{"a,b", false},      {"a:b", false},
		{"a\"", false},      {"a\\", false},
		{"a%41", false},     {"{}", false},
		{"\xc3\xa4", false}, {"a\x80", false},
	};
	char text[ICRED_TOKEN_MAX + 2];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		if (is_b64token(cases[i].text) != cases[i].ok)
			fail_msg("\"%s\" is %s", cases[i].text, cases[i].ok ? "refused" : "taken");
	memset(text, 'x', sizeof(text));
	text[ICRED_TOKEN_MAX] = '\0';
	assert_true(is_b64token(text));
	text[ICRED_TOKEN_MAX] = 'x';
	text[ICRED_TOKEN_MAX + 1] = '\0';
	assert_false(is_b64token(text));
	text[ICRED_TOKEN_MAX] = '=';
	assert_false(is_b64token(text));
}

static void every_part_of_an_identity_tells(void **state)
{
	struct identity all[] = {
		sample().identity,     sample().identity,     sample().identity,
		sample().identity,     sample().identity,     sample().identity,
		{"", "", "", 1, "ab"}, {"", "", "a", 1, "b"}, {"", "a", "", 1, "b"},
	};
	char name[IDENTITY_NAME_MAX], other[IDENTITY_NAME_MAX];

	(void)state;
	all[1].issuer = "github";
	all[2].api = "https://api.carbonregistry.com/";
	all[3].app = "1234";
	all[4].target = ICRED_TARGET_INSTALLATION;
	all[5].id = "Acme";
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		identity_name(&all[i], name);
		assert_int_equal(strlen(name), strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-"));
		for (size_t n = 0; n < ARRAY_SIZE(all); n++) {
			identity_name(&all[n], other);
			assert_int_equal(identity_equal(&all[i], &all[n]), i == n);
			assert_int_equal(strcmp(name, other) == 0, i == n);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_record_comes_back_whole),
		cmocka_unit_test(what_the_issuer_did_not_tell_is_empty),
		cmocka_unit_test(there_is_an_end_of_permissions),
		cmocka_unit_test(a_cut_record_is_refused_or_says_less),
		cmocka_unit_test(a_flipped_bit_does_no_harm),
		cmocka_unit_test(impossible_records_are_refused),
		cmocka_unit_test(a_neighbouring_version_is_converted_for_the_caches),
		cmocka_unit_test(fields_of_a_newer_version_are_left_aside),
		cmocka_unit_test(only_a_b64token_is_a_token),
		cmocka_unit_test(every_part_of_an_identity_tells),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
