/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "lib/base/clock.h"

static void times_are_those_of_the_calendar(void **state)
{
	char text[CLOCK_TEXT], wanted[64];

	(void)state;
	for (int64_t utc = INT64_C(-4200000000); utc < INT64_C(8400000000); utc += 86400 * 7 + 3671) {
		time_t time = (time_t)utc;
		struct tm parts;
		if (time != utc || !gmtime_r(&time, &parts))
			continue; /* a time_t of 32 bits */
		strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%SZ", &parts);
		assert_string_equal(clock_format_utc(utc, text), wanted);
	}
}

static void times_at_the_edges(void **state)
{
	char text[CLOCK_TEXT];

	(void)state;
	assert_string_equal(clock_format_utc(0, text), "1970-01-01T00:00:00Z");
	assert_string_equal(clock_format_utc(-1, text), "1969-12-31T23:59:59Z");
	assert_string_equal(clock_format_utc(951782400, text), "2000-02-29T00:00:00Z");
	assert_string_equal(clock_format_utc(1709251199, text), "2024-02-29T23:59:59Z");
	assert_string_equal(clock_format_utc(1767225599, text), "2025-12-31T23:59:59Z");
	assert_string_equal(clock_format_utc(4107542400, text), "2100-03-01T00:00:00Z");
	assert_in_range(strlen(clock_format_utc(INT64_MAX, text)), 20, CLOCK_TEXT - 1);
	assert_in_range(strlen(clock_format_utc(INT64_MIN, text)), 20, CLOCK_TEXT - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_those_of_the_calendar),
		cmocka_unit_test(times_at_the_edges),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
