/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <limits.h>
#include <pthread.h>
#include "tests/lib/core.h"

static void every_code_has_a_name_and_a_sentence_of_its_own(void **state)
{
	(void)state;
	for (int code = 0; code >= ERROR_LAST; code--) {
		assert_string_not_equal(icred_kind(code), "unknown");
		assert_true(strlen(icred_strerror(code)) > 5);
		for (int other = 0; other > code; other--) {
			assert_string_not_equal(icred_kind(code), icred_kind(other));
			assert_string_not_equal(icred_strerror(code), icred_strerror(other));
		}
	}
}

static void numbers_that_are_no_code_are_unknown(void **state)
{
	static const int codes[] = {1, INT_MAX, ERROR_LAST - 1, INT_MIN};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		assert_string_equal(icred_kind(codes[i]), "unknown");
		assert_string_equal(icred_strerror(codes[i]), "an unknown error");
	}
}

static void a_new_failure_forgets_all_of_the_old_one(void **state)
{
	(void)state;
	note_error(ICRED_E_RATE_LIMITED, "wait");
	set_error_where("issuer icr", "/etc/icred/default.conf", 7);
	set_error_retry_at(1700000000);
	assert_string_equal(icred_error()->module, "issuer icr");
	assert_string_equal(icred_error()->file, "/etc/icred/default.conf");
	assert_int_equal(icred_error()->line, 7);
	assert_int_equal(icred_error()->retry_at, 1700000000);

	assert_int_equal(set_error(ICRED_E_LOCKED, "unlock %s", "it"), ICRED_E_LOCKED);
	assert_int_equal(icred_error()->code, ICRED_E_LOCKED);
	assert_string_equal(icred_error()->message, "unlock it");
	assert_string_equal(icred_error()->module, "");
	assert_string_equal(icred_error()->file, "");
	assert_int_equal(icred_error()->line, 0);
	assert_int_equal(icred_error()->retry_at, 0);
}

static void a_message_is_one_printable_line_of_bounded_length(void **state)
{
	char text[2000];

	(void)state;
	note_error(ICRED_E_PROTOCOL, "said \"%s\"", "a\nb\r\x1b[31mc\td\x7f");
	assert_string_equal(icred_error()->message, "said \"a b ?[31mc d?\"");
	memset(text, 'x', sizeof(text) - 1);
	text[sizeof(text) - 1] = '\0';
	note_error(ICRED_E_PROTOCOL, "%s", text);
	assert_int_equal(strlen(icred_error()->message), sizeof(((struct failure *)NULL)->message) - 1);
	set_error_where(text, "a\nfile", 1);
	assert_int_equal(strlen(icred_error()->module), sizeof(((struct failure *)NULL)->module) - 1);
	assert_string_equal(icred_error()->file, "a file");
}

static void a_message_may_quote_the_one_it_replaces(void **state)
{
	(void)state;
	note_error(ICRED_E_NETWORK, "no route");
	note_error(ICRED_E_TIMEOUT, "gave up: %s", icred_error()->message);
	assert_string_equal(icred_error()->message, "gave up: no route");
}

static void a_failure_moves_by_value(void **state)
{
	struct failure kept;

	(void)state;
	note_error(ICRED_E_DENIED, "no");
	set_error_where("key file", "f", 3);
	set_error_retry_at(9);
	failure_save(&kept);
	note_error(ICRED_E_NO_MEMORY, "out of memory");
	assert_int_equal(icred_error()->code, ICRED_E_NO_MEMORY);
	assert_int_equal(failure_restore(&kept), ICRED_E_DENIED);
	assert_string_equal(icred_error()->message, "no");
	assert_string_equal(icred_error()->module, "key file");
	assert_int_equal(icred_error()->line, 3);
	assert_int_equal(icred_error()->retry_at, 9);
}

static void *fail_elsewhere(void *data)
{
	int *code_before = data;

	*code_before = icred_error()->code;
	note_error(ICRED_E_NETWORK, "elsewhere");
	return NULL;
}

static void each_thread_has_its_own(void **state)
{
	int code_before = 1;
	pthread_t thread;

	(void)state;
	note_error(ICRED_E_LOCKED, "here");
	assert_int_equal(pthread_create(&thread, NULL, fail_elsewhere, &code_before), 0);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(code_before, ICRED_OK);
	assert_string_equal(icred_error()->message, "here");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_code_has_a_name_and_a_sentence_of_its_own),
		cmocka_unit_test(numbers_that_are_no_code_are_unknown),
		cmocka_unit_test(a_new_failure_forgets_all_of_the_old_one),
		cmocka_unit_test(a_message_is_one_printable_line_of_bounded_length),
		cmocka_unit_test(a_message_may_quote_the_one_it_replaces),
		cmocka_unit_test(a_failure_moves_by_value),
		cmocka_unit_test(each_thread_has_its_own),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
