/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stddef.h>
#include <cmocka.h>

#include "helper/common/output.h"
#include "lib/base/language.h"
#include "lib/base/number.h"

static void test_parse(void **state)
{
	unsigned seconds = 7;

	(void)state;
	assert_true(parse_duration("90", 3600, &seconds));
	assert_int_equal(seconds, 90);
	assert_true(parse_duration("90s", 3600, &seconds));
	assert_int_equal(seconds, 90);
	assert_true(parse_duration("5m", 3600, &seconds));
	assert_int_equal(seconds, 300);
	assert_true(parse_duration("1h", 3600, &seconds));
	assert_int_equal(seconds, 3600);
	assert_true(parse_duration("0", 3600, &seconds));
	assert_int_equal(seconds, 0);
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"",
		"s",
		"-1",
		"+1",
		"1 ",
		" 1",
		"1.5m",
		"1d",
		"1H",
		"1h1m",
		"1e3",
		"0x10",
		"3601",
		"61m",
		"2h",
		"4294967296",
		"5mm",
		"1\n",
		"\xb2h",
		"4294967295h",
		"18446744073709551617",
		"99999999999999999999999999",
	};
	unsigned seconds = 7;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(parse_duration(bad[i], 3600, &seconds));
	assert_int_equal(seconds, 7);
}

static void test_format(void **state)
{
	char text[DURATION_TEXT];

	(void)state;
	assert_string_equal(duration_format(-5, text), "expired");
	assert_string_equal(duration_format(0, text), "expired");
	assert_string_equal(duration_format(59, text), "59s");
	assert_string_equal(duration_format(243, text), "4m 03s");
	assert_string_equal(duration_format(3900, text), "1h 05m");
	duration_format(INT64_MAX, text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_format),
	};

	return cmocka_run_group_tests_name("duration", tests, NULL, NULL);
}
