/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "core.h"
#include "life.h"

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
		assert_int_equal(life_usable(MINTED + cases[i].left, MINTED, cases[i].min_ttl),
				 cases[i].usable);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_refresh_comes_within_the_window_of_the_formula),
		cmocka_unit_test(the_jitter_uses_its_whole_range),
		cmocka_unit_test(a_token_is_usable_to_its_last_second_but_one),
	};

	return cmocka_run_group_tests_name("life", tests, NULL, NULL);
}
