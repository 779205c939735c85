/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "lib/base/text.h"
#include "tests/lib/core.h"

static void test_utf8(void **state)
{
	static const struct {
		const char *text;
		size_t len, decoded;
		uint32_t c;
	} cases[] = {
		{"a", 1, 1, 'a'},
		{"\xc3\xa9", 2, 2, 0xe9},
		{"\xe2\x82\xac", 3, 3, 0x20ac},
		{"\xf4\x8f\xbf\xbf", 4, 4, 0x10ffff},
		{"\xe2\x82\xac", UTF8_STRING, 3, 0x20ac},
		{"", UTF8_STRING, 1, 0},
		{"", 0, 0, 0},
		{"\xc3", 1, 0, 0},
		{"\xc3\xa9", 1, 0, 0},
		{"\xc3\x28", 2, 0, 0},
		{"\x80", 1, 0, 0},
		{"\xc0\x80", 2, 0, 0},
		{"\xe0\x80\xaf", 3, 0, 0},
		{"\xed\xa0\x80", 3, 0, 0},
		{"\xf4\x90\x80\x80", 4, 0, 0},
		{"\xf8\x88\x80\x80\x80", 5, 0, 0},
		{"\xe2\x82", UTF8_STRING, 0, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		uint32_t c = 0;

		assert_int_equal(utf8_decode(cases[i].text, cases[i].len, &c), cases[i].decoded);
		assert_int_equal(c, cases[i].c);
	}
}

static void test_clean(void **state)
{
	static const struct {
		const char *text, *clean;
	} cases[] = {
		{"", ""},
		{"two\tlines\r\n\033[31m", "two lines  ?[31m"},
		{"\x7f\x01", "??"},
		{"caf\xc3\xa9", "caf\xc3\xa9"},
		{"\xc2\x9b\x33m", "?3m"},    /* CSI in one character */
		{"\xe2\x80\xaetxt", "?txt"}, /* from right to left */
		{"\xff\xfe", "\xff\xfe"},
		{"0123456789abcdefghi", "0123456789abcdefghi"},
		{"0123456789abcdefghij", "0123456789abcdefghi"},
		{"0123456789abcdefgh\xc3\xa9", "0123456789abcdefgh"},
	};
	char to[20];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		text_clean(to, sizeof(to), cases[i].text);
		assert_string_equal(to, cases[i].clean);
		text_clean(to, sizeof(to), to);
		assert_string_equal(to, cases[i].clean);
	}
	text_clean(to, 1, "x");
	assert_string_equal(to, "");
	text_clean(NULL, 0, "x");
}

static void test_hash(void **state)
{
	(void)state;
	assert_true(hash_bytes(HASH_SEED, "", 0) == HASH_SEED);
	assert_true(hash_bytes(HASH_SEED, "foobar", 6) == UINT64_C(0x85944171f73967e8));
	assert_true(hash_bytes(hash_bytes(HASH_SEED, "foo", 3), "bar", 3) == UINT64_C(0x85944171f73967e8));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_utf8),
		cmocka_unit_test(test_clean),
		cmocka_unit_test(test_hash),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
