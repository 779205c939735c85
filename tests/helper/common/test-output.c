/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the programs print: JSON, text made safe for a terminal, fingerprints. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "helper/common/keylist.h"
#include "helper/common/output.h"
#include "lib/base/language.h"

static void assert_output(const char *expected)
{
	struct output *out = output_stdout();

	output_bytes(out, "", 1);
	assert_false(out->failed);
	assert_string_equal(out->data, expected);
	output_wipe(out);
}

static void test_json(void **state)
{
	struct json j = {output_stdout(), false};

	(void)state;
	json_open(&j, NULL, '{');
	json_string(&j, "a\"b", "q\"\\\n\x01\x7f");
	json_string(&j, "none", NULL);
	json_open(&j, "list", '[');
	json_number(&j, NULL, INT64_MIN);
	json_number(&j, NULL, 0);
	json_bool(&j, NULL, true);
	json_open(&j, NULL, '{');
	json_close(&j, '}');
	json_close(&j, ']');
	json_string(&j, "end", "");
	json_close(&j, '}');
	assert_output("{\"a\\\"b\":\"q\\\"\\\\\\u000a\\u0001\\u007f\",\"none\":null,"
		      "\"list\":[-9223372036854775808,0,true,{}],\"end\":\"\"}");
}

static void test_json_utf8(void **state)
{
	static const char *const bad[] = {
		"\x80", "\xff", "\xc0\x80", "\xe0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xc3"};
	struct json j = {output_stdout(), false};
	size_t i;

	(void)state;
	json_string(&j, NULL, "\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91");
	assert_output("\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x94\x91\"");
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		j.started = false;
		json_string(&j, NULL, bad[i]);
		output_bytes(j.out, "", 1);
		assert_non_null(strstr(j.out->data, "\\ufffd"));
		assert_null(strpbrk(j.out->data, "\x80\xff\xc0\xe0\xed\xf4\xc3"));
		output_wipe(j.out);
	}
}

static void test_clean(void **state)
{
	(void)state;
	output_clean(output_stdout(), "a\033[31m\r\n\x9b\xc2\x9b\xc3\xa9\xe2\x80\xae\x7f", 0);
	assert_output("a?[31m?????\xc3\xa9????");
	output_clean(output_stdout(), "a\xd8\x9c\xd8\x9b", 0); /* U+061C, then U+061B */
	assert_output("a??\xd8\x9b");
	output_clean(output_stdout(), "\xc3\xa9", 3);
	assert_output("\xc3\xa9  ");
}

static void test_growth(void **state)
{
	static const char chunk[65537];
	struct output *out = output_stdout();
	size_t i;

	(void)state;
	for (i = 0; i < 100000; i++)
		output_bytes(out, "0123456789", 10);
	assert_int_equal(out->len, 1000000);
	for (i = 0; i < out->len; i++)
		assert_int_equal(out->data[i], '0' + (int)(i % 10));
	while (!out->failed)
		output_bytes(out, chunk, sizeof(chunk));
	assert_true(out->len <= OUTPUT_MAX);
	assert_int_equal(output_write(out, -1), -1);
	output_wipe(out);
}

static void test_write(void **state)
{
	struct output *out = output_stdout();
	char got[8] = "";
	int pipes[2];

	(void)state;
	assert_int_equal(output_write(out, -1), 0);
	assert_int_equal(pipe(pipes), 0);
	output_text(out, "token\n");
	assert_int_equal(output_write(out, pipes[1]), 0);
	assert_int_equal(read(pipes[0], got, sizeof(got)), 6);
	assert_string_equal(got, "token\n");
	assert_int_equal(close(pipes[1]), 0); /* it is ours to close: it may be standard error */
	close(pipes[0]);
	assert_int_equal(pipe(pipes), 0);
	close(pipes[0]);
	output_text(out, "token\n");
	assert_int_equal(output_write(out, pipes[1]), -1);
	assert_int_equal(errno, EPIPE);
	close(pipes[1]);
	output_wipe(out);
}

static void test_fingerprint(void **state)
{
	static const char hex[] = "d5fd8e11b67969a69a69a69a69a69a69a69a69a69a69a69a69a69a69a69a69a0";
	static const char base64[] = "1f2OEbZ5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA=";
	static const char *const bad[] = {
		"",
		"SHA256:",
		"1f2O",
		"1f2OEbZ5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA==",
		"1f2OEbZ5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaB=",
		"d5fd8e11b67969a69a69a69a69a69a69a69a69a69a69a69a69a69a69a69a69a",
		"d5fd8e11b67969a69a69a69a69a69a69a69a69a69a69a69a69a69a69a69a69a000",
	};
	char text[FINGERPRINT_BASE64], digits[FINGERPRINT_HEX];
	size_t i;

	(void)state;
	assert_int_equal(fingerprint_base64(hex, text), 0);
	assert_string_equal(text, base64);
	assert_int_equal(fingerprint_hex(base64, digits), 0);
	assert_string_equal(digits, hex);
	assert_int_equal(fingerprint_base64("sha256:1f2OEbZ5aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaA", text), 0);
	assert_string_equal(text, base64);
	assert_int_equal(fingerprint_hex("D5:FD:8E:11:B6:79:69:A6:9A:69:A6:9A:69:A6:9A:69:"
					 "A6:9A:69:A6:9A:69:A6:9A:69:A6:9A:69:A6:9A:69:A0",
					 digits),
			 0);
	assert_string_equal(digits, hex);
	for (i = 0; i < ARRAY_SIZE(bad); i++)
		assert_int_equal(fingerprint_base64(bad[i], text), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),  cmocka_unit_test(test_json_utf8),
		cmocka_unit_test(test_clean), cmocka_unit_test(test_growth),
		cmocka_unit_test(test_write), cmocka_unit_test(test_fingerprint),
	};

	return cmocka_run_group_tests_name("output", tests, NULL, NULL);
}
