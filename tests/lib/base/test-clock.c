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
#include "lib/base/language.h"

static void times_are_those_of_the_calendar(void **state)
{
	char text[CLOCK_TEXT], wanted[64];
	int64_t back;

	(void)state;
	for (int64_t utc = INT64_C(-4200000000); utc < INT64_C(8400000000); utc += 86400 * 7 + 3671) {
		time_t time = (time_t)utc;
		struct tm parts;
		if (time != utc || !gmtime_r(&time, &parts))
			continue; /* a time_t of 32 bits */
		strftime(wanted, sizeof(wanted), "%Y-%m-%dT%H:%M:%SZ", &parts);
		assert_string_equal(clock_format_utc(utc, text), wanted);
		assert_true(clock_parse_utc(text, strlen(text), &back) && back == utc);
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

static void reads_any_time_of_rfc_3339(void **state)
{
	static const struct {
		const char *text;
		int64_t seconds;
	} good[] = {
		{"1970-01-01T00:00:00Z", 0},
		{"2023-11-14T22:13:20Z", 1700000000},
		{"2023-11-14t22:13:20z", 1700000000},
		{"2023-11-14 22:13:20Z", 1700000000},
		{"2023-11-14T22:13:20.999999999Z", 1700000000},
		{"2023-11-14T22:13:20.1+00:00", 1700000000},
		{"2023-11-14T22:13:20-00:00", 1700000000},
		{"2023-11-15T03:43:20+05:30", 1700000000},
		{"2023-11-14T14:13:20-08:00", 1700000000},
		{"1996-12-19T16:39:57-08:00", 851042397},
		{"1985-04-12T23:20:50.52Z", 482196050},
		{"1990-12-31T23:59:60Z", 662688000},
		{"1990-12-31T15:59:60-08:00", 662688000},
		{"1937-01-01T12:00:27.87+00:20", -1041337173},
		{"2000-02-29T00:00:00Z", 951782400},
		{"2038-01-19T03:14:08Z", INT64_C(2147483648)},
		{"2100-03-01T00:00:00Z", INT64_C(4107542400)},
		{"9999-12-31T23:59:59Z", INT64_C(253402300799)},
		{"0000-01-01T00:00:00Z", INT64_C(-62167219200)},
	};
	int64_t seconds;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(good); i++) {
		assert_true(clock_parse_utc(good[i].text, strlen(good[i].text), &seconds));
		assert_true(seconds == good[i].seconds);
	}
}

static void refuses_what_is_not_a_time(void **state)
{
	static const char *const bad[] = {
		"",
		"now",
		"2023",
		"2023-11-14",
		"2023-11-14T22:13:20",
		"2023-11-14T22:13Z",
		"2023-11-14T22:13:20.Z",
		"2023-11-14T22:13:20,5Z",
		"2023-11-14T22:13:20.0000000000000000000000001Z",
		"2023-11-14T22:13:20ZZ",
		"2023-11-14T22:13:20Z ",
		" 2023-11-14T22:13:20Z",
		"2023-11-14T22:13:20+5:30",
		"2023-11-14T22:13:20+0530",
		"2023-11-14T22:13:20+24:00",
		"2023-11-14T22:13:20+00:60",
		"2023-11-14T24:00:00Z",
		"2023-11-14T22:60:20Z",
		"2023-11-14T22:13:61Z",
		"2023-11-14T22:13:60Z",
		"1990-12-31T23:59:60-08:00",
		"2023-00-14T22:13:20Z",
		"2023-13-14T22:13:20Z",
		"2023-11-00T22:13:20Z",
		"2023-11-31T22:13:20Z",
		"2023-02-29T00:00:00Z",
		"1900-02-29T00:00:00Z",
		"10000-01-01T00:00:00Z",
		"-023-11-14T22:13:20Z",
		"9999-12-31T23:59:59-00:01",
		"9999-12-31T23:59:60Z",
		"0000-01-01T00:00:00+00:01",
		"2023-11-14X22:13:20Z",
		"2023/11/14T22:13:20Z",
		"\xd9\xa2\xd9\xa0\xd9\xa2\xd9\xa3-11-14T22:13:20Z",
	};
	int64_t seconds = 42;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(clock_parse_utc(bad[i], strlen(bad[i]), &seconds));
	assert_false(clock_parse_utc("2023-11-14T22:13:20Z", 19, &seconds));
	assert_true(seconds == 42);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(times_are_those_of_the_calendar),
		cmocka_unit_test(times_at_the_edges),
		cmocka_unit_test(reads_any_time_of_rfc_3339),
		cmocka_unit_test(refuses_what_is_not_a_time),
	};

	return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
