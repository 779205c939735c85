/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The icred_key_ functions, as far as they come without a worker. */
#include "config.h"
#include "lib/base/key-limits.h"
#include "tests/lib/core.h"

static icred_t *handle;

static int set_up(void **state)
{
	struct icred_options options = {.size = sizeof(options), .app = "12345"};

	(void)state;
	setenv("ICRED_CONFIG_DIR", "/nonexistent", 1);
	setenv("ICRED_LIBEXEC_DIR", "/nonexistent", 1);
	return icred_open(&handle, NULL, &options);
}

static int tear_down(void **state)
{
	(void)state;
	icred_close(handle);
	return 0;
}

static void a_label_has_at_most_so_many_bytes(void **state)
{
	char label[LABEL_MAX + 2], *fingerprint = NULL;
	int r;

	(void)state;
	memset(label, 'x', sizeof(label));
	label[LABEL_MAX + 1] = '\0';
	assert_int_equal(icred_key_import(handle, "x", 1, label, &fingerprint), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, "the label is longer than 512 bytes");
	label[LABEL_MAX] = '\0';
	r = icred_key_import(handle, "x", 1, label, &fingerprint); /* there is no worker to start */
	assert_true(r < 0 && r != ICRED_E_INVALID);
	assert_null(fingerprint);
}

static void a_pem_has_at_most_so_many_bytes(void **state)
{
	static char pem[PEM_MAX + 1];
	char *fingerprint = NULL;

	(void)state;
	assert_int_equal(icred_key_fingerprint(handle, pem, sizeof(pem), &fingerprint), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, "larger than any key (32 KiB)");
	assert_null(fingerprint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_label_has_at_most_so_many_bytes, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_pem_has_at_most_so_many_bytes, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("keys", tests, NULL, NULL);
}
