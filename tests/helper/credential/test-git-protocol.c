/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "helper/credential/credential.h"
#include "helper/credential/git-protocol.h"

/* A buffer of exactly the size that is promised, so that the sanitizer sees a byte too far. */
static char *copy;

static int parse(const char *text, size_t len, struct gitproto *ret)
{
	free(copy);
	copy = malloc(len + 1);
	assert_non_null(copy);
	memcpy(copy, text, len);
	copy[len] = 'X';
	return gitproto_parse(copy, len, ret);
}

#define PARSE(literal, ret) parse(literal, sizeof(literal) - 1, ret)

static int drop_copy(void **state)
{
	(void)state;
	free(copy);
	copy = NULL;
	return 0;
}

static void test_plain(void **state)
{
	struct gitproto g;

	(void)state;
	assert_int_equal(
		PARSE("protocol=https\nhost=h.example:8443\npath=a/b\nusername=u\npassword=p=q\n\n", &g), 0);
	assert_string_equal(g.protocol, "https");
	assert_string_equal(g.host, "h.example:8443");
	assert_string_equal(g.path, "a/b");
	assert_string_equal(g.username, "u");
	assert_string_equal(g.password, "p=q");
	assert_null(g.credential);
	assert_false(g.can_authtype);
}

static void test_any_order_and_unknown_keys(void **state)
{
	struct gitproto g;

	(void)state;
	assert_int_equal(
		PARSE("wwwauth[]=Basic\nhost=a\nfuture=1\nstate[]=x\n=odd\nprotocol=https\nhost=b", &g), 0);
	assert_string_equal(g.host, "b");
	assert_string_equal(g.protocol, "https");
}

static void test_ends(void **state)
{
	struct gitproto g;

	(void)state;
	assert_int_equal(PARSE("", &g), 0);
	assert_null(g.host);
	assert_int_equal(PARSE("\n", &g), 0);
	assert_int_equal(PARSE("host=a\n\nhost=b\n", &g), 0);
	assert_string_equal(g.host, "a");
	assert_int_equal(PARSE("protocol=https\r\nhost=a\r\n\r\nhost=b", &g), 0);
	assert_string_equal(g.protocol, "https");
	assert_string_equal(g.host, "a");
}

static void test_capabilities(void **state)
{
	struct gitproto g;

	(void)state;
	assert_int_equal(PARSE("capability[]=state\ncapability[]=authtype\n", &g), 0);
	assert_true(g.can_authtype);
	assert_int_equal(PARSE("capability[]=authtype\ncapability[]=\n", &g), 0);
	assert_false(g.can_authtype);
	assert_int_equal(PARSE("capability[]=\ncapability[]=authtype\n", &g), 0);
	assert_true(g.can_authtype);
	assert_int_equal(PARSE("capability=authtype\ncapability[]=authtypes\n", &g), 0);
	assert_false(g.can_authtype);
}

static void test_refused(void **state)
{
	struct gitproto g = {.host = "untouched"};

	(void)state;
	assert_int_equal(PARSE("host=a\rb\n", &g), -1);
	assert_int_equal(PARSE("host=a\r\r\n", &g), -1);
	assert_int_equal(PARSE("host=a\r", &g), -1);
	assert_int_equal(PARSE("host=a\0b\n", &g), -1);
	assert_int_equal(PARSE("host=a\nx=\0\n", &g), -1);
	assert_int_equal(PARSE("host=a\nnothing\n", &g), -1);
	assert_int_equal(PARSE("url=nonsense\n", &g), -1);
	assert_int_equal(PARSE("url=://h/\n", &g), -1);
	assert_int_equal(PARSE("url=https://h%0ahost=evil/\n", &g), -1);
	assert_int_equal(PARSE("url=https://h/%0D\n", &g), -1);
	assert_int_equal(PARSE("url=https://u%00:p@h/\n", &g), -1);
	assert_int_equal(PARSE("url=https://h/%4\n", &g), -1);
	assert_int_equal(PARSE("url=https://h%4/\n", &g), -1);
	assert_int_equal(PARSE("url=https://h/%zz\n", &g), -1);
	assert_string_equal(g.host, "untouched");
}

/* A line of len bytes, its LF among them if it has one. */
static int parse_long(size_t len, int with_lf, struct gitproto *ret)
{
	static const char tail[] = "host=forged\n";
	char *text = malloc(len + sizeof(tail));
	int r;

	assert_non_null(text);
	memset(text, 'a', len);
	memcpy(text, "wwwauth[]=", 10);
	if (with_lf)
		text[len - 1] = '\n';
	memcpy(text + len, tail, sizeof(tail));
	r = parse(text, len + (with_lf ? sizeof(tail) - 1 : 0), ret);
	free(text);
	return r;
}

static void test_long_lines(void **state)
{
	struct gitproto g;

	(void)state;
	assert_int_equal(parse_long(GITPROTO_LINE_MAX, 1, &g), 0);
	assert_string_equal(g.host, "forged");
	assert_int_equal(parse_long(GITPROTO_LINE_MAX + 1, 1, &g), -1);
	assert_int_equal(parse_long(GITPROTO_LINE_MAX - 1, 0, &g), 0);
	assert_null(g.host);
	assert_int_equal(parse_long(GITPROTO_LINE_MAX, 0, &g), -1);
	assert_int_equal(parse_long(GITPROTO_MAX + 1, 0, &g), -1);
}

static void test_url(void **state)
{
	struct gitproto g;

	(void)state;
	assert_int_equal(
		PARSE("password=old\ncapability[]=authtype\nurl=https://u%40x:p%3a@h.example:1//a/b%20c//?q\n",
		      &g),
		0);
	assert_true(g.can_authtype);
	assert_string_equal(g.protocol, "https");
	assert_string_equal(g.username, "u@x");
	assert_string_equal(g.password, "p:");
	assert_string_equal(g.host, "h.example:1");
	assert_string_equal(g.path, "a/b c");
	assert_int_equal(PARSE("password=old\nurl=https://h", &g), 0);
	assert_string_equal(g.host, "h");
	assert_null(g.path);
	assert_null(g.password);
	assert_null(g.username);
	assert_int_equal(PARSE("url=https://only@h/\nusername=later\n", &g), 0);
	assert_string_equal(g.username, "later");
	assert_int_equal(PARSE("url=https://good@h@evil/\n", &g), 0);
	assert_false(credential_host_valid(g.host));
	assert_int_equal(PARSE("url=https://h?x@evil/\n", &g), 0);
	assert_string_equal(g.host, "h");
	assert_int_equal(PARSE("url=https://h%2fevil/\n", &g), 0);
	assert_false(credential_host_valid(g.host));
	assert_int_equal(PARSE("url=https:///path\n", &g), 0);
	assert_false(credential_host_valid(g.host));
}

static void test_complete(void **state)
{
	(void)state;
	assert_false(gitproto_complete("", 0));
	assert_false(gitproto_complete("a=b\n", 4));
	assert_false(gitproto_complete("a=b\r\n\r", 6));
	assert_true(gitproto_complete("a=b\r\n\r\n", 7));
	assert_true(gitproto_complete("a=b\n\n", 5));
	assert_true(gitproto_complete("\n", 1));
	assert_true(gitproto_complete("\r\n", 2));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(test_plain, drop_copy),
		cmocka_unit_test_teardown(test_any_order_and_unknown_keys, drop_copy),
		cmocka_unit_test_teardown(test_ends, drop_copy),
		cmocka_unit_test_teardown(test_capabilities, drop_copy),
		cmocka_unit_test_teardown(test_refused, drop_copy),
		cmocka_unit_test_teardown(test_long_lines, drop_copy),
		cmocka_unit_test_teardown(test_url, drop_copy),
		cmocka_unit_test(test_complete),
	};

	return cmocka_run_group_tests_name("gitproto", tests, NULL, NULL);
}
