/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The URLs below an API's base. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include <icred/module.h>

#include "plugin/issuer/appauth/url.h"

static void check_base(const char *api, const char *prefix, const char *text, const char *peer)
{
	struct url_base base = {.plain = false};

	assert_null(url_base_read(api, prefix, &base));
	assert_string_equal(base.text, text);
	assert_string_equal(base.peer, peer);
}

static void test_base(void **state)
{
	(void)state;
	check_base("https://a.example", NULL, "https://a.example", "a.example");
	check_base("https://a.example/", "", "https://a.example", "a.example");
	check_base("https://a.example:8443//", "/", "https://a.example:8443", "a.example:8443");
	check_base("https://a.example/", "/v0.5/", "https://a.example/v0.5", "a.example");
	check_base("https://a.example/v1/", "/v1", "https://a.example/v1", "a.example");
	check_base("https://icr", "/icr", "https://icr/icr", "icr");
	check_base("https://a.example/icr", "/v1", "https://a.example/icr/v1", "a.example");
	check_base("https://[::1]:8443", NULL, "https://[::1]:8443", "[::1]:8443");
	check_base("http://127.0.0.1:80", NULL, "http://127.0.0.1:80", "127.0.0.1");
}

static void test_bad_base(void **state)
{
	static const char *const bad[] = {"",
					  "a.example",
					  "ftp://a.example",
					  "file:///etc/passwd",
					  "https://",
					  "https://u@a.example",
					  "https://u:p@a.example",
					  "https://a.example/?x",
					  "https://a.example/#x",
					  "https://a.example/\r\nx",
					  "https://a b/"};
	static const char *const prefixes[] = {"v1",     "..",   "/../x", "/a//b", "/a?b",
					       "/a%2fb", "/a b", "/a\nb", "/.v"};
	struct url_base base = {.plain = false};

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_non_null(url_base_read(bad[i], NULL, &base));
	for (size_t i = 0; i < sizeof(prefixes) / sizeof(prefixes[0]); i++)
		assert_non_null(url_base_read("https://a.example", prefixes[i], &base));
}

static void check_url(const char *path, const char *id, const char *text)
{
	struct url_base base = {.text = "https://a.example/v1"};
	char url[URL_SIZE];

	assert_true(url_make(&base, path, id, url));
	assert_string_equal(url, text);
}

static void test_make(void **state)
{
	(void)state;
	check_url("/app/accessTokens", "", "https://a.example/v1/app/accessTokens");
	check_url("/i/{id}/t", "8d-0_c.~", "https://a.example/v1/i/8d-0_c.~/t");
	check_url("/i/{id}/t", "../a?b#c%2f d", "https://a.example/v1/i/..%2Fa%3Fb%23c%252f%20d/t");
	check_url("/i/{id}/t", "\xc3\xa9\r\n{id}", "https://a.example/v1/i/%C3%A9%0D%0A%7Bid%7D/t");
}

static void test_id(void **state)
{
	char text[ICRED_ID_MAX + 2];

	(void)state;
	assert_true(url_is_id("..."));
	assert_true(url_is_id("a"));
	assert_false(url_is_id(""));
	assert_false(url_is_id(NULL));
	assert_false(url_is_id("."));
	assert_false(url_is_id(".."));
	memset(text, '/', sizeof(text));
	text[ICRED_ID_MAX] = '\0';
	assert_true(url_is_id(text));
	check_url("/", "", "https://a.example/v1/");
	text[ICRED_ID_MAX] = '/';
	text[ICRED_ID_MAX + 1] = '\0';
	assert_false(url_is_id(text));
}

static void test_long(void **state)
{
	struct url_base base = {.plain = false};
	char id[ICRED_ID_MAX + 1];
	char url[URL_SIZE];

	(void)state;
	memset(id, '/', ICRED_ID_MAX);
	id[ICRED_ID_MAX] = '\0';
	memset(base.text, 'a', 1500);
	assert_false(url_make(&base, "/{id}", id, url));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base), cmocka_unit_test(test_bad_base), cmocka_unit_test(test_make),
		cmocka_unit_test(test_id),   cmocka_unit_test(test_long),
	};

	return cmocka_run_group_tests_name("url", tests, NULL, NULL);
}
