/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which host and which path a credential helper answers for. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "helper/credential/credential.h"
#include "lib/base/language.h"

static void test_host(void **state)
{
	static const char *const bad[] = {"",    "a/b",  "a@b",  "a b",  "a?b",
					  "a#b", "a\\b", "a%41", "a\tb", "\xc3\xa9"};
	size_t i;

	(void)state;
	assert_true(credential_host_valid("api.example-1.com:443"));
	assert_true(credential_host_valid("[::1]:8443"));
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_false(credential_host_valid(bad[i]));
}

static void test_path(void **state)
{
	(void)state;
	assert_int_equal(credential_path_match("org/repo", "org", 3), 3);
	assert_int_equal(credential_path_match("org/repo", "/org/", 5), 3);
	assert_int_equal(credential_path_match("/org/repo", "org", 3), 3);
	assert_int_equal(credential_path_match("org", "org", 3), 3);
	assert_int_equal(credential_path_match("org/repo.git", "org/repo", 8), 8);
	assert_int_equal(credential_path_match("org/repo.git/info/lfs", "org/repo", 8), 8);
	assert_int_equal(credential_path_match("organism/repo", "org", 3), 0);
	assert_int_equal(credential_path_match("org.github/repo", "org", 3), 0);
	assert_int_equal(credential_path_match("or", "org", 3), 0);
	assert_int_equal(credential_path_match("org/repo", "/", 1), 0);
	assert_int_equal(credential_path_match("org/repo", "", 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host),
		cmocka_unit_test(test_path),
	};

	return cmocka_run_group_tests_name("credential", tests, NULL, NULL);
}
