/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JWT's text, and how text of a server is quoted. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "plugin/issuer/appauth/bearer.h"
#include "plugin/shared/quote.h"

#define NOW 1700000000

static void test_base64url(void **state)
{
	/* RFC 4648, 10, without the padding; RFC 7515, appendix C, for the two last letters. */
	static const struct {
		const char *data;
		const char *text;
	} vectors[] = {{"f", "Zg"},
		       {"fo", "Zm8"},
		       {"foo", "Zm9v"},
		       {"foob", "Zm9vYg"},
		       {"fooba", "Zm9vYmE"},
		       {"foobar", "Zm9vYmFy"},
		       {"\x03\xec\xff\xe0\xc1", "A-z_4ME"}};
	char out[32];

	(void)state;
	for (size_t i = 0; i < sizeof(vectors) / sizeof(vectors[0]); i++) {
		size_t n = jwt_base64url(out, sizeof(out), vectors[i].data, strlen(vectors[i].data));

		assert_int_equal(n, strlen(vectors[i].text));
		assert_string_equal(out, vectors[i].text);
	}
}

static void test_base64url_room(void **state)
{
	char out[9];

	(void)state;
	assert_int_equal(jwt_base64url(out, 9, "foobar", 6), 8);
	assert_int_equal(jwt_base64url(out, 8, "foobar", 6), 0);
	assert_int_equal(jwt_base64url(out, 0, "", 0), 0);
}

/* The inverse, good enough for a test. */
static size_t decode(const char *text, size_t len, char *out)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	uint32_t bits = 0;
	unsigned have = 0;
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		bits = bits << 6 | (uint32_t)(strchr(alphabet, text[i]) - alphabet);
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have & 255);
		}
	}
	out[n] = '\0';
	return n;
}

static void check_claims(const char *app, bool alg, const char *claims)
{
	char out[JWT_SIZE];
	char text[JWT_SIZE];
	char *dot;
	size_t len;

	assert_true(jwt_input(out, sizeof(out), app, NOW, alg, &len));
	assert_int_equal(len, strlen(out));
	dot = strchr(out, '.');
	assert_non_null(dot);
	assert_null(strchr(dot + 1, '.'));
	decode(out, (size_t)(dot - out), text);
	assert_string_equal(text, "{\"alg\":\"RS256\",\"typ\":\"JWT\"}");
	decode(dot + 1, strlen(dot + 1), text);
	assert_string_equal(text, claims);
}

static void test_claims(void **state)
{
	(void)state;
	check_claims("12345", true,
		     "{\"iat\":1699999940,\"exp\":1700000540,\"iss\":\"12345\",\"alg\":\"RS256\"}");
	check_claims("12345", false, "{\"iat\":1699999940,\"exp\":1700000540,\"iss\":\"12345\"}");
	check_claims(
		"\"a\\b\n\x7f", true,
		"{\"iat\":1699999940,\"exp\":1700000540,\"iss\":\"\\u0022a\\u005cb\\u000a\x7f\",\"alg\":\"RS256\"}");
	check_claims(
		"\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\xb1", true,
		"{\"iat\":1699999940,\"exp\":1700000540,\"iss\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x8c\xb1\",\"alg\":\"RS256\"}");
}

static void test_bad_app(void **state)
{
	char out[JWT_SIZE];
	char app[2000];
	size_t len;

	(void)state;
	memset(app, 'a', sizeof(app));
	app[sizeof(app) - 1] = '\0';
	assert_false(jwt_input(out, sizeof(out), app, NOW, true, &len));
	assert_false(jwt_input(out, sizeof(out), "\xff", NOW, true, &len));
	assert_false(jwt_input(out, sizeof(out), "\xc0\x80", NOW, true, &len));
	for (size_t cap = 0; cap < 120; cap++)
		assert_false(jwt_input(out, cap, "12345", NOW, true, &len));
}

static void check_quote(const char *text, const char *quoted)
{
	char out[QUOTE_SIZE];

	quote(out, sizeof(out), text, strlen(text));
	assert_string_equal(out, quoted);
}

static void test_quote(void **state)
{
	(void)state;
	check_quote("", "");
	check_quote("plain words", "plain words");
	check_quote("a\r\nb\tc\x1b[31m\x7f", "a??b?c?[31m?");
	check_quote("\xc2\x9b|\xe2\x80\xae|\xe2\x81\xa6|\xef\xbb\xbf|\xd8\x9c", "?|?|?|?|?");
	check_quote("gr\xc3\xbc\xc3\x9f \xe2\x82\xac", "gr\xc3\xbc\xc3\x9f \xe2\x82\xac");
	check_quote("\xff\xc3", "??");
	check_quote("8d0c4f5e-0000-4000-8000-000000000001", "8d0c4f5e-0000-4000-8000-000000000001");
}

static void test_redact(void **state)
{
	(void)state;
	check_quote("token crs_19c9bd53 is bad", "token [redacted] is bad");
	check_quote("token=cru_19c9bd53,x", "token=[redacted],x");
	check_quote("Bearer eyJhbGciOi.eyJpc3M.abc-_d!", "Bearer [redacted]!");
	check_quote("xcrs_1", "x[redacted]");
	check_quote("ghs_16C7e42F292c6912E7", "[redacted]");
	check_quote("0123456789012345678901234567890123456789", "[redacted]");
	check_quote("micro_the board", "mi[redacted] board");
	check_quote("cr_s crs_ cr", "cr_s crs_ cr");
}

static void test_quote_bound(void **state)
{
	char text[600];
	char out[QUOTE_SIZE];

	(void)state;
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	for (size_t cap = 4; cap <= sizeof(out); cap++) {
		size_t n;

		quote(out, cap, text, sizeof(text));
		n = strlen(out);
		assert_true(n < cap && n + 2 >= cap - 1);
		assert_string_equal(out + n - 3, "...");
		assert_int_equal((n - 3) % 2, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_base64url),   cmocka_unit_test(test_base64url_room),
		cmocka_unit_test(test_claims),      cmocka_unit_test(test_bad_app),
		cmocka_unit_test(test_quote),       cmocka_unit_test(test_redact),
		cmocka_unit_test(test_quote_bound),
	};

	return cmocka_run_group_tests_name("jwt", tests, NULL, NULL);
}
