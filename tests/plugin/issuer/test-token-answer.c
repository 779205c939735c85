/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service's answers, good and bad. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "plugin/issuer/appauth/answer.h"

#define NOW INT64_C(1700000000) /* 2023-11-14T22:13:20Z */

static const struct appauth_scheme scheme = {
	.token = "token",
	.expires_at = "expiresAt",
	.is_active = "isActive",
	.installation_id = "installationId",
	.organization_id = "organizationId",
	.permissions = "permissions",
	.list = "installations",
	.owner = "organization",
};

static int read_token(const char *body, struct answer_token *ret, const char **reason)
{
	*reason = "";
	return answer_token(&scheme, body, strlen(body), NOW, ret, reason);
}

static void test_token(void **state)
{
	struct answer_token token;
	const char *reason;

	(void)state;
	assert_int_equal(
		read_token("{\"id\":\"1\",\"token\":\"crs_01\",\"expiresAt\":\"2023-11-15T00:13:20.123Z\","
			   "\"isActive\":true,\"permissions\":{\"organization_info\":\"VIEW\",\"odd\":5,"
			   "\"new thing\":\"X\",\"b\":\"WRITE\"},\"installationId\":\"i-1\","
			   "\"organizationId\":\"o-1\",\"later\":{\"a\":[1,2.5,null]}} \n",
			   &token, &reason),
		0);
	assert_string_equal(token.token, "crs_01");
	assert_true(token.expires_at == NOW + 7200);
	assert_string_equal(token.installation, "i-1");
	assert_string_equal(token.organization, "o-1");
	assert_string_equal(token.permissions[0], "organization_info");
	assert_string_equal(token.permissions[1], "VIEW");
	assert_string_equal(token.permissions[2], "b");
	assert_string_equal(token.permissions[3], "WRITE");
	assert_null(token.permissions[4]);
	answer_token_free(&token);
}

static void test_least_token(void **state)
{
	struct answer_token token;
	const char *reason;

	(void)state;
	assert_int_equal(
		read_token("{\"token\":\"a\",\"expiresAt\":null,\"isActive\":null,\"permissions\":[1],"
			   "\"installationId\":7,\"organizationId\":\"a b\"}",
			   &token, &reason),
		0);
	assert_true(token.expires_at == NOW + ANSWER_LIFE - ANSWER_MARGIN);
	assert_string_equal(token.installation, "7");
	assert_string_equal(token.organization, "");
	assert_null(token.permissions[0]);
	answer_token_free(&token);
	assert_int_equal(
		read_token("{\"token\":\"a\",\"expiresAt\":\"9999-12-31T23:59:59Z\"}", &token, &reason), 0);
	answer_token_free(&token);
	answer_token_free(&(struct answer_token){.root = NULL});
}

static void test_many_permissions(void **state)
{
	char body[8192] = "{\"token\":\"a\",\"permissions\":{";
	struct answer_token token;
	const char *reason;
	size_t n = 0;

	(void)state;
	for (int i = 0; i < 200; i++)
		snprintf(body + strlen(body), sizeof(body) - strlen(body), "%s\"p%d\":\"VIEW\"", i ? "," : "",
			 i);
	snprintf(body + strlen(body), sizeof(body) - strlen(body), "}}");
	assert_int_equal(read_token(body, &token, &reason), 0);
	while (token.permissions[n])
		n++;
	assert_int_equal(n, 2 * ICRED_PERMISSIONS_MAX);
	answer_token_free(&token);
}

static void test_bad_token(void **state)
{
	static const char *const bad[] = {
		"",
		" ",
		"null",
		"5",
		"\"crs_01\"",
		"[]",
		"{}",
		"{",
		"{\"token\":\"a\"",
		"{\"token\":\"a\"}x",
		"{\"token\":\"a\"}{}",
		"{'token':'a'}",
		"{\"token\":\"a\",}",
		"{\"token\":\"\xff\"}",
		"<html>",
		"{\"token\":5}",
		"{\"token\":null}",
		"{\"token\":[\"a\"]}",
		"{\"token\":\"\"}",
		"{\"token\":\"a b\"}",
		"{\"token\":\"a\\r\\nX: y\"}",
		"{\"token\":\"a\\u0000\"}",
		"{\"token\":\"a\",\"isActive\":\"true\"}",
		"{\"token\":\"a\",\"isActive\":0}",
		"{\"token\":\"a\",\"expiresAt\":1800000000}",
		"{\"token\":\"a\",\"expiresAt\":\"\"}",
		"{\"token\":\"a\",\"expiresAt\":\"soon\"}",
		"{\"token\":\"a\",\"expiresAt\":\"2023-11-14T22:13:20Z\"}",
		"{\"token\":\"a\",\"expiresAt\":\"2030-01-01T00:00:00Z\\u0000\"}",
	};
	char large[ICRED_TOKEN_MAX + 64];
	struct answer_token token;
	const char *reason;

	(void)state;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(read_token(bad[i], &token, &reason), ICRED_E_PROTOCOL);
		assert_true(reason[0] != '\0');
	}
	snprintf(large, sizeof(large), "{\"token\":\"%0*d\"}", ICRED_TOKEN_MAX + 1, 0);
	assert_int_equal(read_token(large, &token, &reason), ICRED_E_PROTOCOL);
	assert_non_null(strstr(reason, "longer than 4096 bytes"));
	assert_int_equal(answer_token(&scheme, "{\"token\":\"a\"}\0", 14, NOW, &token, &reason),
			 ICRED_E_PROTOCOL);
	assert_int_equal(read_token("{\"token\":\"a\",\"isActive\":false}", &token, &reason),
			 ICRED_E_SUSPENDED);
}

static void test_deep(void **state)
{
	char body[4096];
	struct answer_token token;
	const char *reason;

	(void)state;
	memset(body, '[', sizeof(body) - 1);
	body[sizeof(body) - 1] = '\0';
	assert_int_equal(read_token(body, &token, &reason), ICRED_E_PROTOCOL);
}

static void test_installation(void **state)
{
	char id[ANSWER_ID_SIZE];
	const char *reason;
	const char *good = "{\"id\":\"i-1\",\"organization\":{\"id\":\"o-1\",\"fullName\":\"x\"},"
			   "\"accessTokensUrl\":\"undefined/app\"}";

	(void)state;
	assert_int_equal(answer_installation(&scheme, good, strlen(good), "o-1", id, &reason), 0);
	assert_string_equal(id, "i-1");
	assert_int_equal(answer_installation(&scheme, good, strlen(good), "o-2", id, &reason),
			 ICRED_E_PROTOCOL);
	assert_int_equal(answer_installation(&scheme, "{\"id\":\"i\"}", 10, "o-2", id, &reason), 0);
	assert_int_equal(answer_installation(&scheme, "{\"id\":5}", 8, "o-1", id, &reason), 0);
	assert_string_equal(id, "5");
	assert_int_equal(answer_installation(&scheme, "{\"id\":[]}", 9, "o-1", id, &reason),
			 ICRED_E_PROTOCOL);
	assert_int_equal(answer_installation(&scheme, "[]", 2, "o-1", id, &reason), ICRED_E_PROTOCOL);
}

static struct answer_page read_page(unsigned number, const char *pagination)
{
	struct answer_page page;
	const char *reason;
	char body[1024];

	snprintf(body, sizeof(body),
		 "{%s\"installations\":[{\"id\":\"i-1\",\"organization\":{\"id\":\"o-1\"}},5,"
		 "{\"id\":\"i-2\",\"organization\":{\"id\":\"o-2\"}},{\"id\":\"i-3\"}]}",
		 pagination);
	assert_int_equal(answer_page(&scheme, body, strlen(body), number, "o-2", &page, &reason), 0);
	assert_string_equal(page.found, "i-2");
	assert_string_equal(page.first, "i-1");
	return page;
}

static void test_pages(void **state)
{
	static const struct {
		unsigned number;
		const char *pagination;
		bool more;
		unsigned next;
	} table[] = {
		{0, "\"pagination\":{\"nextPage\":1,\"pageCount\":3},", true, 1},
		{0, "\"pagination\":{\"nextPage\":2,\"pageCount\":3},", true, 2},
		{0, "\"pagination\":{\"nextPage\":1},", true, 1},
		{2, "\"pagination\":{\"nextPage\":3,\"pageCount\":3},", false, 0},
		{1, "\"pagination\":{\"nextPage\":1,\"pageCount\":9},", false, 0},
		{1, "\"pagination\":{\"nextPage\":0,\"pageCount\":9},", false, 0},
		{0, "\"pagination\":{\"nextPage\":null,\"pageCount\":9},", false, 0},
		{0, "\"pagination\":{\"nextPage\":\"1\"},", false, 0},
		{0, "\"pagination\":{\"nextPage\":99999999999},", false, 0},
		{0, "\"pagination\":{},", false, 0},
		{4, "", true, 5},
		{4, "\"pagination\":null,", true, 5},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct answer_page page = read_page(table[i].number, table[i].pagination);

		assert_int_equal(page.more, table[i].more);
		if (page.more)
			assert_int_equal(page.next, table[i].next);
	}
}

static void test_odd_pages(void **state)
{
	static const char empty[] = "{\"installations\":[]}";
	struct answer_page page;
	const char *reason;

	(void)state;
	assert_int_equal(answer_page(&scheme, empty, sizeof(empty) - 1, 0, "o", &page, &reason), 0);
	assert_false(page.more);
	assert_int_equal(answer_page(&scheme, "[]", 2, 0, "o", &page, &reason), ICRED_E_PROTOCOL);
	assert_int_equal(answer_page(&scheme, "{}", 2, 0, "o", &page, &reason), ICRED_E_PROTOCOL);
	assert_int_equal(answer_page(&scheme, "", 0, 0, "o", &page, &reason), ICRED_E_PROTOCOL);
}

static void test_ids(void **state)
{
	static const struct {
		const char *a;
		const char *b;
		bool same;
	} table[] = {
		{"i-1", "i-1", true},
		{"i-1", "I-1", false},
		{"i-1", "i-11", false},
		{"i-1", "", false},
		{"8d0c4f5e-0000-4000-8000-00000000000a", "8D0C4F5E-0000-4000-8000-00000000000A", true},
		{"8d0c4f5e-0000-4000-8000-00000000000a", "8d0c4f5e-0000-4000-8000-00000000000b", false},
		{"8d0c4f5e-0000-4000-8000-00000000000g", "8d0c4f5e-0000-4000-8000-00000000000G", false},
		{"8d0c4f5e00000-4000-8000-00000000000a", "8D0C4F5E00000-4000-8000-00000000000A", false},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		assert_int_equal(answer_same_id(table[i].a, table[i].b), table[i].same);
		assert_int_equal(answer_same_id(table[i].b, table[i].a), table[i].same);
	}
}

/* The owner as the answer has it: ID, "" for what is not one, NULL for none. */
static void test_owner(void **state)
{
	static const struct {
		const char *value;
		const char *id;
	} table[] = {
		{"\"i-1\"", "i-1"},
		{"7", "7"},
		{"-7", "-7"},
		{"9007199254740993", "9007199254740993"},
		{"null", NULL},
		{"\"\"", ""},
		{"\"a b\"", ""},
		{"1.5", ""},
		{"true", ""},
		{"[\"i-1\"]", ""},
		{"{\"id\":\"i-1\"}", ""},
		{"\"i-1\\u0000\"", ""},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct answer_token token;
		const char *reason;
		char body[256];

		snprintf(body, sizeof(body), "{\"token\":\"a\",\"installationId\":%s}", table[i].value);
		assert_int_equal(read_token(body, &token, &reason), 0);
		if (table[i].id)
			assert_string_equal(token.installation, table[i].id);
		else
			assert_null(token.installation);
		answer_token_free(&token);
	}
}

/* A name with a NUL in it is another name, not its beginning; and whatever comes twice is refused. */
static void test_names(void **state)
{
	static const char *const good[] = {
		"{\"token\":\"a\",\"token\\u0000\":\"b\"}",
		"{\"token\\u0000x\":\"b\",\"token\":\"a\"}",
		"{\"\\u0000token\":\"b\",\"token\" : \"a\"}",
		"{\"a\\u0000\\u0000b\":{\"c\\u0000\":[1,{\"d\\u0000\":2}]},\"token\":\"a\"}",
		"{\"token\":\"a\",\"expiresAt\\u0000\":\"soon\",\"isActive\\u0000\":5}",
		"{\"\\\\u0000\":1,\"token\":\"a\",\"text\":\"\\u0000\\\":\"}",
		"{\"token\":\"a\",\"text\":\"{\\\"token\\\":1}\"}",
		"{\"token\":\"a\",\"other\":{\"token\":\"b\"}}",
		"\xef\xbb\xbf{\"token\":\"a\"}",
	};
	static const char *const bad[] = {
		"{\"token\\u0000\":\"a\"}",
		"{\"token\\u0000x\":\"a\"}",
		"{\"token\":\"a\",\"token\":\"b\"}",
		"{\"token\":\"a\",\"token\":\"a\"}",
		"{\"tok\\u0065n\":\"b\",\"token\":\"a\"}",
		"{\"token\":\"a\",\"x\":[{\"y\":1,\"y\":2}]}",
		"{\"token\":\"a\",\"x\\u0000\":1,\"x\\u0000\":2}",
		"{\"token\":\"a\"}\"x\\u0000\":1",
		"{\"token\\u0000\":\"a\"",
		"{\"token\\u0000",
		"\"\\u0000\":",
		"{\"token\":\"a\"}\xef\xbb\xbf",
		"\xef\xbb\xbf",
		"\xef\xbb\xbf\xef\xbb\xbf{\"token\":\"a\"}",
		"\xff\xfe{\"token\":\"a\"}",
		"{\"token\":\"a\\u0000\"}",
	};
	struct answer_token token;
	const char *reason;

	(void)state;
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		if (read_token(good[i], &token, &reason) != 0)
			fail_msg("%s: %s", good[i], reason);
		assert_string_equal(token.token, "a");
		answer_token_free(&token);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (read_token(bad[i], &token, &reason) != ICRED_E_PROTOCOL)
			fail_msg("%s was taken", bad[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {

		cmocka_unit_test(test_token),
		cmocka_unit_test(test_least_token),
		cmocka_unit_test(test_many_permissions),
		cmocka_unit_test(test_bad_token),
		cmocka_unit_test(test_deep),
		cmocka_unit_test(test_installation),
		cmocka_unit_test(test_pages),
		cmocka_unit_test(test_odd_pages),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_owner),
		cmocka_unit_test(test_names),
	};

	return cmocka_run_group_tests_name("answer", tests, NULL, NULL);
}
