/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which variables send a request through a proxy. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "plugin/issuer/appauth/http.h"

static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
				    "http_proxy",  "HTTP_PROXY",  "no_proxy",  "NO_PROXY"};

static void clear(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		unsetenv(names[i]);
}

static void test_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		clear();
		assert_false(proxy_is_used("host"));
		setenv(names[i], "", 1);
		assert_false(proxy_is_used("host"));
		setenv(names[i], "http://p:3128", 1);
		assert_int_equal(proxy_is_used("host"), i < 4);
	}
}

static void test_excluded(void **state)
{
	static const struct {
		const char *list;
		const char *peer;
		bool is_used;
	} rows[] = {
		{"", "host", true},
		{"*", "host", false},
		{"host", "host", false},
		{"HOST", "host:8443", false},
		{"a, host ,b", "host", false},
		{"a b\thost", "host", false},
		{".example.org", "api.example.org", false},
		{"example.org", "api.example.org:443", false},
		{".example.org", "example.org", false},
		{"ple.org", "api.example.org", true},
		{"api.example.org", "example.org", true},
		{"127.0.0.1", "127.0.0.1:5", false},
		{"127.0.0.1", "127.0.0.11:5", true},
		{"::1", "[::1]:5", false},
		{"::2", "[::1]", true},
		{",", "host", true},
		{".", "host", true},
		{"**", "host", true},
	};

	(void)state;
	clear();
	setenv("https_proxy", "http://p:3128", 1);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		setenv("no_proxy", rows[i].list, 1);
		if (proxy_is_used(rows[i].peer) != rows[i].is_used)
			fail_msg("no_proxy='%s' for %s", rows[i].list, rows[i].peer);
	}
	unsetenv("no_proxy");
	setenv("NO_PROXY", "host", 1);
	assert_false(proxy_is_used("host"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_named), cmocka_unit_test(test_excluded)};

	return cmocka_run_group_tests_name("proxy", tests, NULL, NULL);
}
