/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "lib/token/life.h"
#include "tests/lib/core.h"

#define MINTED  INT64_C(1700000000)
#define SAMPLES 2000

/* Seconds before the end: the earliest and the latest moment to want a new one. */
static const struct {
	int64_t life, earliest, latest;
} lives[] = {
	{-50, 0, 0},         {0, 0, 0},
	{1, 0, 0},           {240, 120, 96},
	{600, 300, 240},     {601, 300, 240},
	{3000, 300, 240},    {7200, 720, 576},
	{86400, 8640, 6912}, {1000000000, 100000000, 80000000},
};

static void a_refresh_comes_within_the_window_of_the_formula(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(lives); i++) {
		int64_t end = MINTED + lives[i].life;
		for (int n = 0; n < SAMPLES; n++) {
			int64_t at = life_refresh_at(MINTED, end);
			assert_in_range(at - (end - lives[i].earliest), 0,
					lives[i].earliest - lives[i].latest);
		}
	}
}

static void the_jitter_uses_its_whole_range(void **state)
{
	int64_t end = MINTED + 7200, first = INT64_MAX, last = 0;

	(void)state;
	for (int n = 0; n < SAMPLES; n++) {
		int64_t at = life_refresh_at(MINTED, end);
		first = MIN(first, at);
		last = MAX(last, at);
	}
	assert_true(first < end - 720 + 20);
	assert_true(last > end - 576 - 20);
}

static void a_token_is_usable_to_its_last_second_but_one(void **state)
{
	static const struct {
		int64_t left;
		unsigned min_ttl;
		bool usable;
	} cases[] = {
		{-1, 0, false}, {0, 0, false},     {1, 0, true},     {1, 1, true},
		{1, 2, false},  {299, 300, false}, {300, 300, true}, {300, UINT32_MAX, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(life_usable(MINTED - 7200, MINTED + cases[i].left, MINTED, cases[i].min_ttl),
				 cases[i].usable);
}

/* A token of two hours, by clocks that were set since; and times that are none. */
static void the_time_left_has_two_ends(void **state)
{
	static const struct {
		int64_t minted_at, expires_at, now, left;
	} cases[] = {
		{MINTED, MINTED + 7200, MINTED, 7200},
		{MINTED, MINTED + 7200, MINTED + 7199, 1},
		{MINTED, MINTED + 7200, MINTED + 7200, 0},
		{MINTED, MINTED + 7200, MINTED + 100000, 0},
		{MINTED, MINTED + 7200, MINTED - 1, 7200},
		{MINTED, MINTED + 7200, MINTED - CLOCK_TOLERANCE, 7200},
		{MINTED, MINTED + 7200, MINTED - CLOCK_TOLERANCE - 1, 0},
		{MINTED, MINTED + 7200, MINTED - 10800, 0},
		{MINTED, MINTED + 7200, 0, 0},
		{MINTED, MINTED + 7200, INT64_MIN, 0},
		{MINTED, MINTED + 7200, INT64_MAX, 0},
		{MINTED, MINTED, MINTED - 10, 0},
		{MINTED, MINTED - 50, MINTED - 100, 0},
		{INT64_MIN, INT64_MAX, MINTED, 0},
		{INT64_MIN, INT64_MIN, INT64_MIN, 0},
		{INT64_MAX, INT64_MAX, MINTED, 0},
		{INT64_MAX, INT64_MIN, MINTED, 0},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int64_t left = life_left(cases[i].minted_at, cases[i].expires_at, cases[i].now);
		if (left != cases[i].left)
			fail_msg("case %zu has %lld s left", i, (long long)left);
		(void)life_refresh_at(cases[i].minted_at, cases[i].expires_at);
	}
}

static void a_span_has_two_ends(void **state)
{
	static const struct {
		int64_t age, span;
		bool within;
	} cases[] = {
		{0, 60, true},
		{59, 60, true},
		{60, 60, false},
		{-1, 60, true},
		{-CLOCK_TOLERANCE, 60, true},
		{-CLOCK_TOLERANCE - 1, 60, false},
		{-3600, 60, false},
		{INT64_MIN / 2, INT64_MAX, false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(life_within(MINTED - cases[i].age, MINTED, cases[i].span), cases[i].within);
}

/* As nanosleep(2) and its kin want it, whatever the size of time_t. */
static void milliseconds_fit_in_a_timespec(void **state)
{
	static const int64_t cases[] = {
		0, 1, 999, 1000, 1001, 86400000, INT64_C(2147483647999), INT64_C(2147483648000), INT64_MAX,
	};
	int64_t longest = sizeof(time_t) < sizeof(int64_t) ? INT32_MAX : INT64_MAX;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct timespec time = clock_spec(cases[i]);
		assert_int_equal(time.tv_sec, MIN(cases[i] / 1000, longest));
		assert_int_equal(time.tv_nsec, cases[i] % 1000 * 1000000);
	}
}

static void a_failed_refresh_rests_by_a_clock_that_may_be_set(void **state)
{
	struct secret_pool *pool = secret_pool_new();
	struct token_body *body = test_body(pool, "a", MINTED, MINTED + 7200);
	int64_t last = MINTED + 7000;

	(void)state;
	assert_false(token_fresh(body, last, 0));
	atomic_store(&body->failed_at, last);
	assert_true(token_fresh(body, last, 0));
	assert_true(token_fresh(body, last + REFRESH_AGAIN - 1, 0));
	assert_false(token_fresh(body, last + REFRESH_AGAIN, 0));
	atomic_store(&body->failed_at, last + CLOCK_TOLERANCE + 1);
	assert_false(token_fresh(body, last, 0));
	token_body_unref(body);
	secret_pool_unref(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refresh_comes_within_the_window_of_the_formula),
		cmocka_unit_test(the_jitter_uses_its_whole_range),
		cmocka_unit_test(a_token_is_usable_to_its_last_second_but_one),
		cmocka_unit_test(the_time_left_has_two_ends),
		cmocka_unit_test(a_span_has_two_ends),
		cmocka_unit_test(milliseconds_fit_in_a_timespec),
		cmocka_unit_test(a_failed_refresh_rests_by_a_clock_that_may_be_set),
	};

	return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
