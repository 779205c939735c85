/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <limits.h>
#include "lib/base/wire.h"
#include "tests/lib/core.h"

#define HEAD 4

static void fields_come_back_in_their_order(void **state)
{
	unsigned char bytes[256];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};
	struct reader reader;
	struct field field;

	(void)state;
	wire_put_string(&wire, 1, "text");
	wire_put_string(&wire, 2, NULL);
	wire_put_number(&wire, 3, INT64_MIN);
	wire_put(&wire, 65535, "", 0);
	wire_put_string(&wire, 4, "");
	assert_false(wire.overflow);

	reader = wire_reader(bytes, wire.len);
	assert_true(wire_next(&reader, &field));
	assert_int_equal(field.tag, 1);
	assert_string_equal(field_string(&reader, &field), "text");
	assert_true(wire_next(&reader, &field)); /* NULL has left nothing */
	assert_int_equal(field.tag, 3);
	assert_true(field_number(&reader, &field) == INT64_MIN);
	assert_true(wire_next(&reader, &field));
	assert_int_equal(field.tag, 65535);
	assert_int_equal(field.len, 0);
	assert_true(wire_next(&reader, &field));
	assert_string_equal(field_string(&reader, &field), "");
	assert_false(wire_next(&reader, &field));
	assert_false(reader.damaged);
}

static void a_number_that_does_not_fit_is_damage(void **state)
{
	static const struct {
		int64_t number;
		bool fits_int, fits_unsigned;
	} cases[] = {
		{0, true, true},
		{-1, true, false},
		{INT_MAX, true, true},
		{INT_MIN, true, false},
		{(int64_t)INT_MAX + 1, false, true},
		{(int64_t)INT_MIN - 1, false, false},
		{UINT_MAX, false, true},
		{(int64_t)UINT_MAX + 1, false, false},
		{(INT64_C(1) << 32) + 1, false, false},
		{INT64_MAX, false, false},
		{INT64_MIN, false, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t number = cases[i].number;
		struct field field = {1, sizeof(number), (const unsigned char *)&number};
		struct reader first = wire_reader(NULL, 0), second = wire_reader(NULL, 0);
		assert_true(field_int(&first, &field) == (cases[i].fits_int ? number : 0));
		assert_int_equal(first.damaged, !cases[i].fits_int);
		assert_true(field_unsigned(&second, &field) == (cases[i].fits_unsigned ? number : 0));
		assert_int_equal(second.damaged, !cases[i].fits_unsigned);
	}
}

static void what_does_not_fit_stops_all_writing(void **state)
{
	unsigned char bytes[HEAD + 8 + HEAD + 3];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes) - 1};

	(void)state;
	memset(bytes, 0xee, sizeof(bytes));
	wire_put_number(&wire, 1, 5);
	wire_put(&wire, 2, "abc", 3);
	assert_true(wire.overflow);
	assert_int_equal(wire.len, HEAD + 8);
	assert_int_equal(bytes[HEAD + 8], 0xee);
	wire_put(&wire, 3, "", 0); /* would fit, but the gap must show */
	assert_int_equal(wire.len, HEAD + 8);

	wire = (struct wire){.bytes = bytes, .cap = sizeof(bytes)};
	wire_put_number(&wire, 1, 5);
	wire_put(&wire, 2, "abc", 3);
	assert_false(wire.overflow);
	assert_int_equal(wire.len, sizeof(bytes));
}

static void a_field_is_at_most_what_its_length_can_say(void **state)
{
	unsigned char *bytes = malloc(2 * WIRE_MAX), *value = calloc(1, WIRE_MAX);
	struct wire wire = {.bytes = bytes, .cap = (size_t)2 * WIRE_MAX};
	struct reader reader;
	struct field field;

	(void)state;
	assert_non_null(bytes);
	assert_non_null(value);
	wire_put(&wire, 1, value, 65535);
	assert_false(wire.overflow);
	reader = wire_reader(bytes, wire.len);
	assert_true(wire_next(&reader, &field));
	assert_int_equal(field.len, 65535);
	wire_put(&wire, 1, value, 65536);
	assert_true(wire.overflow);
	free(bytes);
	free(value);
}

static void a_cut_is_damage_unless_it_is_between_fields(void **state)
{
	unsigned char bytes[64];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	(void)state;
	wire_put_string(&wire, 1, "one");
	wire_put_number(&wire, 2, 2);
	for (size_t len = 0; len <= wire.len; len++) {
		/* A copy of just that length, so that a tool sees a byte too many being read. */
		unsigned char *cut = malloc(len ? len : 1);
		struct reader reader = wire_reader(cut, len);
		struct field field;
		assert_non_null(cut);
		memcpy(cut, bytes, len);
		while (wire_next(&reader, &field))
			;
		assert_int_equal(reader.damaged, len != 0 && len != HEAD + 4 && len != wire.len);
		assert_false(wire_next(&reader, &field));
		free(cut);
	}
}

static void a_string_has_one_nul_at_its_end(void **state)
{
	static const struct {
		const char *bytes;
		size_t len;
		bool ok;
	} cases[] = {
		{"ab\0", 3, true}, {"\0", 1, true}, {"ab", 2, false}, {"", 0, false}, {"a\0b\0", 4, false}};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct reader reader = wire_reader("", 0);
		struct field field = {1, cases[i].len, (const unsigned char *)cases[i].bytes};
		const char *text = field_string(&reader, &field);
		assert_int_equal(reader.damaged, !cases[i].ok);
		assert_string_equal(text, cases[i].ok ? cases[i].bytes : "");
	}
}

static void a_number_has_its_whole_width(void **state)
{
	static const unsigned char bytes[16] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1};

	(void)state;
	for (size_t len = 0; len <= sizeof(bytes); len++) {
		struct reader reader = wire_reader("", 0);
		struct field field = {1, len, bytes};
		int64_t number = field_number(&reader, &field);
		assert_int_equal(reader.damaged, len != 8);
		assert_true(number == (len == 8 ? INT64_C(0x0101010101010101) : 0));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_come_back_in_their_order),
		cmocka_unit_test(a_number_that_does_not_fit_is_damage),
		cmocka_unit_test(what_does_not_fit_stops_all_writing),
		cmocka_unit_test(a_field_is_at_most_what_its_length_can_say),
		cmocka_unit_test(a_cut_is_damage_unless_it_is_between_fields),
		cmocka_unit_test(a_string_has_one_nul_at_its_end),
		cmocka_unit_test(a_number_has_its_whole_width),
	};

	return cmocka_run_group_tests_name("wire", tests, NULL, NULL);
}
