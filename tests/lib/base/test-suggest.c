/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "lib/base/suggest.h"
#include "tests/lib/core.h"

static const char names[] = "token status key profile forget curl curl-config import list remove";

/* The name that is suggested for a typed word; "" for none. */
static const char *similar(const char *typed)
{
	static struct suggestion suggestion;

	suggestion = suggest_for(typed, strlen(typed));
	suggest_names(&suggestion, names);
	return suggest_text(&suggestion);
}

static void test_mistakes(void **state)
{
	static const struct {
		const char *typed, *text;
	} cases[] = {
		{"tokn", "; did you mean token?"},   /* a letter is missing, */
		{"tokeen", "; did you mean token?"}, /* one too many,        */
		{"tokan", "; did you mean token?"},  /* wrong,               */
		{"tokne", "; did you mean token?"},  /* in the wrong place   */
		{"TOKEN", "; did you mean token?"},  /* large                */
		{"tok", "; did you mean token?"},    /* cut short            */
		{"sttaus", "; did you mean status?"},
		{"curl_config", "; did you mean curl-config?"},
		{"curlconfig", "; did you mean curl-config?"},
		{"crul", "; did you mean curl?"},
		{"ky", "; did you mean key?"},
		{"lsit", "; did you mean list?"},
		{"profiel", "; did you mean profile?"},
		{"imprt", "; did you mean import?"},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(similar(cases[i].typed), cases[i].text);
}

static void test_nothing_similar(void **state)
{
	static const char *const cases[] = {
		"",       "x",
		"to",     "k",
		"mint",   "delete",
		"show",   "entirely-different",
		"t0k3n5", "a-word-that-is-longer-than-any-name-there-could-be-of-anything",
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_string_equal(similar(cases[i]), "");
}

/* At both ends of what is compared, and with names that are too long to be. */
static void test_bounds(void **state)
{
	char longest[SUGGEST_WORD_MAX + 3] = "", near[SUGGEST_WORD_MAX + 1];
	struct suggestion suggestion;

	(void)state;
	memset(longest, 'a', SUGGEST_WORD_MAX);
	memcpy(near, longest, sizeof(near));
	near[3] = 'b';
	suggestion = suggest_for(near, SUGGEST_WORD_MAX);
	suggestion.prefix = "--";
	suggest_name(&suggestion, longest, SUGGEST_WORD_MAX);
	assert_non_null(strstr(suggest_text(&suggestion), longest));
	assert_memory_equal(suggest_text(&suggestion), "; did you mean --aaa", 20);
	memset(longest, 'a', SUGGEST_WORD_MAX + 2);
	suggestion = suggest_for(near, SUGGEST_WORD_MAX);
	suggest_name(&suggestion, longest, SUGGEST_WORD_MAX + 2);
	assert_string_equal(suggest_text(&suggestion), "");
	suggestion = suggest_for(longest, SUGGEST_WORD_MAX + 1);
	suggest_name(&suggestion, near, SUGGEST_WORD_MAX);
	assert_string_equal(suggest_text(&suggestion), "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_mistakes),
		cmocka_unit_test(test_nothing_similar),
		cmocka_unit_test(test_bounds),
	};

	return cmocka_run_group_tests_name("suggest", tests, NULL, NULL);
}
