/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <limits.h>
#include "lib/base/deadline.h"
#include "lib/base/language.h"
#include "tests/lib/core.h"

/* From the program's alarm to the question of a module; one more than there are. */
#define LAYERS 7

static const int64_t times[] = {1,    2,    3,    5,     10,    19,    20,      50,       100,
				200,  500,  1000, 2000,  5000,  6000,  10000,   30000,    60000,
				3600, 9999, 7,    86400, 12345, 40000, 3600000, 86400000, INT64_MAX};

static void a_layer_keeps_back_a_part_and_leaves_the_most(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		int64_t left = times[i], margin = deadline_margin(left);
		if (margin < 0 || margin > DEADLINE_MOST || margin > left / DEADLINE_TINY)
			fail_msg("of %lld ms, %lld are kept back", (long long)left, (long long)margin);
		if (left >= (int64_t)DEADLINE_TINY * DEADLINE_LEAST)
			assert_true(margin >= DEADLINE_LEAST);
		assert_true(deadline_inner(left) == left - margin);
		assert_true(deadline_farewell(left) <= margin);
		assert_true(deadline_farewell(left) <= DEADLINE_FAREWELL);
	}
}

/* The innermost has at least three quarters of any time that a person gives, and all the layers are in order. */
static void all_layers_together_leave_enough(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
		int64_t left = times[i];
		for (int layer = 0; layer < LAYERS; layer++) {
			int64_t inner = deadline_inner(left);
			if (left >= DEADLINE_TINY)
				assert_true(inner < left);
			left = inner;
		}
		assert_true(left >= 0);
		if (times[i] >= 200)
			assert_true(left >= times[i] / 4 * 3);
	}
}

static void there_is_nothing_to_divide(void **state)
{
	static const int64_t none[] = {0, -1, -1000, INT64_MIN};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(none); i++) {
		assert_true(deadline_margin(none[i]) == 0);
		assert_true(deadline_inner(none[i]) == none[i]);
		assert_true(deadline_farewell(none[i]) == 0);
	}
}

static void a_deadline_inside_is_earlier_and_not_past(void **state)
{
	static const int64_t far[] = {1000, 2000, 30000, 86400000};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(far); i++) {
		int64_t now = clock_ms(), deadline = now + far[i], last = deadline;
		assert_true(deadline_inside(deadline, 0) == deadline);
		for (unsigned layers = 1; layers < LAYERS; layers++) {
			int64_t inside = deadline_inside(deadline, layers);
			assert_true(inside < last && inside > now + far[i] / 2);
			last = inside;
		}
		assert_true(deadline_alone(deadline) > now && deadline_alone(deadline) < deadline);
	}
	(void)deadline_inside(INT64_MAX, LAYERS);
	(void)deadline_inside(INT64_MIN, LAYERS);
	(void)deadline_alone(INT64_MAX);
	(void)deadline_alone(INT64_MIN);
	assert_true(deadline_inside(clock_ms() - 5, 1) < clock_ms());
}

static void sums_and_spans_end_where_numbers_do(void **state)
{
	static const struct {
		int64_t a, b, sum, span; /* a + b, and from a to b */
	} cases[] = {
		{0, 0, 0, 0},
		{1, 2, 3, 1},
		{-5, 3, -2, 8},
		{INT64_MAX, 1, INT64_MAX, -(INT64_MAX - 1)},
		{INT64_MAX, INT64_MAX, INT64_MAX, 0},
		{INT64_MIN, -1, INT64_MIN, INT64_MAX},
		{INT64_MIN, INT64_MAX, -1, INT64_MAX},
		{INT64_MAX, INT64_MIN, -1, INT64_MIN},
		{1, INT64_MIN, INT64_MIN + 1, INT64_MIN},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		if (clock_add(cases[i].a, cases[i].b) != cases[i].sum)
			fail_msg("case %zu: wrong sum", i);
		if (clock_span(cases[i].a, cases[i].b) != cases[i].span)
			fail_msg("case %zu: wrong span", i);
	}
	assert_int_equal(clock_left(INT64_MAX), INT_MAX);
	assert_int_equal(clock_left(INT64_MIN), 0);
	assert_int_equal(clock_left(clock_ms() - 1), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_layer_keeps_back_a_part_and_leaves_the_most),
		cmocka_unit_test(all_layers_together_leave_enough),
		cmocka_unit_test(there_is_nothing_to_divide),
		cmocka_unit_test(a_deadline_inside_is_earlier_and_not_past),
		cmocka_unit_test(sums_and_spans_end_where_numbers_do),
	};

	return cmocka_run_group_tests_name("deadline", tests, NULL, NULL);
}
