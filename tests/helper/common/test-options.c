/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "helper/common/options.h"
#include "lib/base/language.h"

#define WORDS_MAX 16
static char storage[WORDS_MAX][64];
static char *words[WORDS_MAX + 1];

/* A command line in one string, words separated by single blanks; "''" is an empty word. */
static int parse(struct options *o, const char *line)
{
	int count = 1;
	size_t len;

	memset(o, 0, sizeof(*o));
	for (; *line && count < WORDS_MAX; line += len + (line[len] == ' '), count++) {
		len = strcspn(line, " ");
		assert_true(len < sizeof(storage[0]));
		memcpy(storage[count], line, len);
		storage[count][len] = '\0';
		words[count] = storage[count];
		if (strcmp(words[count], "''") == 0)
			storage[count][0] = '\0';
	}
	words[count] = NULL;
	return options_parse(o, count, words);
}

static void test_before_and_after(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "-p work token --app=12 --json -i abc"), 1);
	assert_string_equal(words[0], "token");
	assert_string_equal(o.profile, "work");
	assert_string_equal(o.app, "12");
	assert_string_equal(o.installation, "abc");
	assert_true(o.json);
	assert_int_equal(parse(&o, "-vvpwork key -o org import --label x -"), 3);
	assert_string_equal(words[1], "import");
	assert_string_equal(words[2], "-");
	assert_int_equal(o.verbose, 2);
	assert_string_equal(o.profile, "work");
	assert_string_equal(o.organization, "org");
	assert_string_equal(o.label, "x");
	assert_true(o.seen & OPTION_LABEL);
}

static void test_durations(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "--timeout 2m --min-ttl=1h token"), 1);
	assert_int_equal(o.timeout_ms, 120000);
	assert_int_equal(o.min_ttl, 3600);
	assert_int_equal(parse(&o, "-qt 5 token"), -1);
	assert_non_null(strstr(o.complaint, "-qt"));
	assert_int_equal(parse(&o, "--timeout 0 token"), -1);
	assert_int_equal(parse(&o, "--timeout 61m token"), -1);
	assert_int_equal(parse(&o, "--timeout -1 token"), -1);
	assert_int_equal(parse(&o, "--min-ttl 25h token"), -1);
	assert_non_null(strstr(o.complaint, "25h"));
}

static void test_timeout_of_the_profile(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "token"), 1);
	assert_int_equal(options_timeout_ms(&o, "90"), 90000);
	assert_int_equal(options_timeout_ms(&o, "1h"), 3600000);
	assert_int_equal(options_timeout_ms(&o, "61m"), 3600000);
	assert_int_equal(options_timeout_ms(&o, "8760h"), 3600000);
	assert_int_equal(parse(&o, "--timeout 5 token"), 1);
	assert_int_equal(options_timeout_ms(&o, "2h"), 5000);
}

static void test_double_dash(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "token -- --json -"), 3);
	assert_false(o.json);
	assert_string_equal(words[1], "--json");
}

static void test_refused(void **state)
{
	static const char *const bad[] = {
		"--bogus",
		"--prof work",
		"-Z",
		"-p",
		"--app",
		"--app ''",
		"--app= token",
		"--json=yes",
		"-i a -o b token",
		"-i a --as-app token",
		"-qv token",
		"-A",
		"-V",
		"-x",
	};
	struct options o;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		assert_int_equal(parse(&o, bad[i]), -1);
		assert_true(o.complaint[0]);
	}
}

/* A program that asked for JSON gets it for a bad command line too, wherever it asked. */
static void test_json_of_a_bad_line(void **state)
{
	struct options o;

	(void)state;
	assert_int_equal(parse(&o, "--bogus token --json"), -1);
	assert_true(o.json);
	assert_int_equal(parse(&o, "--json --bogus token"), -1);
	assert_true(o.json);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_before_and_after),
		cmocka_unit_test(test_durations),
		cmocka_unit_test(test_timeout_of_the_profile),
		cmocka_unit_test(test_double_dash),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_json_of_a_bad_line),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
