/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plugin/key/pkcs11/: which URIs are taken, and who is asked for a PIN when; no token locks itself over us. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "plugin/key/pkcs11/pkcs11.h"
#include "tests/plugin/fake-host.h"

static char question[512];
static const char *answer; /* NULL: dismissed */
static unsigned asked, answers;
static char pin_file[] = "/tmp/icred-pin.XXXXXX";

static int host_prompt(const struct icred_host *host, int style, const char *text, char *reply, size_t cap)
{
	assert_int_equal(style, ICRED_PROMPT_ECHO_OFF);
	if (!answers)
		return host_fail(host, ICRED_E_LOCKED, "not interactive");
	snprintf(question, sizeof(question), "%s", text);
	asked++;
	if (!answer)
		return host_fail(host, ICRED_E_CANCELLED, "dismissed");
	snprintf(reply, cap, "%s", answer);
	return 0;
}

static struct icred_host host = {
	.size = sizeof(host),
	.fail = host_fail,
	.secret_alloc = host_secret_alloc,
	.secret_free = host_secret_free,
	.prompt = host_prompt,
};

static struct token new_token(const char *file, unsigned interactive)
{
	struct token token = {.host = &host};

	snprintf(token.uri.pin_file, sizeof(token.uri.pin_file), "%s", file);
	host.interactive = interactive;
	answers = interactive;
	message[0] = question[0] = '\0';
	answer = "1234";
	asked = 0;
	return token;
}

static void gives(struct token *token, int attempt, unsigned flags, const char *wanted)
{
	char pin[GNUTLS_PKCS11_MAX_PIN_LEN] = "";

	assert_int_equal(token_pin(token, attempt, "pkcs11:", "card", flags, pin, sizeof(pin)), 0);
	assert_string_equal(pin, wanted);
	assert_int_equal(token->failure, 0);
}

static void refuses(struct token *token, int attempt, unsigned flags, int code, const char *word)
{
	char pin[GNUTLS_PKCS11_MAX_PIN_LEN] = "";

	assert_int_equal(token_pin(token, attempt, "pkcs11:", "card", flags, pin, sizeof(pin)),
			 GNUTLS_E_PKCS11_PIN_ERROR);
	assert_string_equal(pin, "");
	assert_int_equal(token->failure, code);
	if (!strstr(message, word))
		print_error("wanted '%s' in: %s\n", word, message);
	assert_non_null(strstr(message, word));
}

static void test_person(void **state)
{
	struct token token = new_token("", 1);

	(void)state;
	gives(&token, 0, GNUTLS_PIN_USER, "1234");
	assert_string_equal(question, "PIN of the token card:");
	gives(&token, 0, GNUTLS_PIN_USER | GNUTLS_PIN_COUNT_LOW, "1234");
	assert_non_null(strstr(question, "Only a few tries"));
	gives(&token, 0, GNUTLS_PIN_USER | GNUTLS_PIN_COUNT_LOW | GNUTLS_PIN_FINAL_TRY, "1234");
	assert_non_null(strstr(question, "LAST TRY"));
	assert_int_equal(asked, 3);
	refuses(&token, 1, GNUTLS_PIN_USER, ICRED_E_DENIED, "tried once");
	refuses(&token, 0, GNUTLS_PIN_USER | GNUTLS_PIN_WRONG, ICRED_E_DENIED, "tried once");
	assert_int_equal(asked, 3);
	refuses(&token, 0, GNUTLS_PIN_SO, ICRED_E_DENIED, "security officer");
	answer = NULL;
	refuses(&token, 0, GNUTLS_PIN_USER, ICRED_E_CANCELLED, "dismissed");
}

static void test_not_interactive(void **state)
{
	struct token token = new_token("", 0);

	(void)state;
	refuses(&token, 0, GNUTLS_PIN_USER, ICRED_E_LOCKED, "cannot ask for the PIN");
	refuses(&token, 0, GNUTLS_PIN_USER | GNUTLS_PIN_FINAL_TRY, ICRED_E_LOCKED, "next wrong PIN");
	/* Without a person, but with an answer: not at the risk of the token. */
	answers = 1;
	gives(&token, 0, GNUTLS_PIN_USER | GNUTLS_PIN_COUNT_LOW, "1234");
	refuses(&token, 0, GNUTLS_PIN_USER | GNUTLS_PIN_FINAL_TRY, ICRED_E_LOCKED, "next wrong PIN");
	assert_int_equal(asked, 1);
	token.host = NULL;
	assert_int_equal(token_pin(&token, 0, "", "", 0, message, sizeof(message)),
			 GNUTLS_E_PKCS11_PIN_ERROR);
}

static void test_file(void **state)
{
	struct token token = new_token(pin_file, 0);

	(void)state;
	refuses(&token, 0, GNUTLS_PIN_USER | GNUTLS_PIN_COUNT_LOW, ICRED_E_LOCKED, "wrong PIN since");
	assert_non_null(strstr(message, pin_file));
	refuses(&token, 0, GNUTLS_PIN_USER | GNUTLS_PIN_FINAL_TRY, ICRED_E_LOCKED, "next wrong PIN");
	gives(&token, 0, GNUTLS_PIN_USER, "98765");
	refuses(&token, 1, GNUTLS_PIN_USER, ICRED_E_DENIED, pin_file);
	refuses(&token, 0, GNUTLS_PIN_USER, ICRED_E_DENIED,
		"refused the PIN"); /* in a later request as well */
	assert_int_equal(asked, 0);
	token = new_token(pin_file, 1);
	gives(&token, 0, GNUTLS_PIN_USER, "98765");
	gives(&token, 0, GNUTLS_PIN_USER | GNUTLS_PIN_COUNT_LOW, "1234");
	assert_non_null(strstr(question, "Only a few tries"));
	gives(&token, 0, GNUTLS_PIN_USER | GNUTLS_PIN_FINAL_TRY, "1234");
	assert_non_null(strstr(question, "LAST TRY"));
	refuses(&token, 1, GNUTLS_PIN_USER | GNUTLS_PIN_WRONG, ICRED_E_DENIED, "refused the PIN;");
	gives(&token, 0, GNUTLS_PIN_USER, "98765"); /* a person's mistake is not the file's */
	token = new_token("/nonexistent/pin", 0);
	refuses(&token, 0, GNUTLS_PIN_USER, ICRED_E_LOCKED, "/nonexistent/pin");
}

static void takes(const char *text, const char *base, const char *module, const char *file)
{
	struct token_uri uri;
	char why[RSA_WHY_SIZE] = "", full[TOKEN_URI_CAP + 16];

	if (token_uri_parse(text, &uri, why, sizeof(why)))
		fail_msg("%s: %s", text, why);
	assert_string_equal(uri.base, base);
	snprintf(full, sizeof(full), "%s;type=private", base);
	assert_string_equal(uri.private, full);
	assert_string_equal(uri.module, module);
	assert_string_equal(uri.pin_file, file);
}

static void refuses_uri(const char *text)
{
	struct token_uri uri;
	char why[RSA_WHY_SIZE] = "";

	assert_int_equal(token_uri_parse(text, &uri, why, sizeof(why)), ICRED_E_INVALID);
	assert_true(strlen(why) > 20);
}

static void test_uri(void **state)
{
	static const char *const bad[] = {
		"",
		"pkcs11",
		"pkcs11:",
		"pkcs11:token=a",
		"pkcs11:object=a",
		"pkcs11:?pin-source=/p",
		"pkcs11:token=a;object=b;type=cert",
		"pkcs11:token=a;object=b?pin-value=1",
		"pkcs11:token=a;object=b?pin-source=p",
		"pkcs11:token=a;object=b?pin-source=%2",
		"pkcs11:token=a;object=b?pin-source=/a%00b",
		"pkcs11:token=a;object=b?pin-source=/a%zz",
		"pkcs11:token=a;object=b?module-path=",
		"pkcs11:token=a;object=b?module-path=/a&module-path=/b",
		"pkcs11:token=a;object=b?pin-source=/a&pin-source=/b",
		"pkcs11:token=a;object=b?x=y",
		"pkcs11:token=a b;object=c",
		"pkcs11:token=a;object=b ",
		"pkcs11: token=a;object=b",
		"pkcs11:token =a;object=b",
		"pkcs11:token=a\tb;object=c",
		"pkcs11:token=a\x7f;object=c",
		"pkcs11:token=a%;object=c",
		"pkcs11:token=a%2;object=c",
		"pkcs11:token=a%2g;object=c",
		"pkcs11:token=a;id=%",
		"pkcs11:token=a;object=b;object=c",
		"pkcs11:token=a;object=b;serial",
		"pkcs11:token=a;object=b;slot-id=-1",
		"pkcs11:token=a;object=b;slot-id=0x1",
		"pkcs11:token=a;object=b;slot-id=",
		"pkcs11:token=a;object=b;slot-id=99999999999999999999",
		"pkcs11:token=a;object=b;library-version=2.x",
		"pkcs11:token=a;object=b;library-version=",
		"pkcs11:token=a;object=b;library-version=.",
		"pkcs11:token=a;object=b;library-version=2.",
		"pkcs11:token=a;object=b;library-version=.2",
		"pkcs11:token=a;object=b;library-version=1.2.3",
		"pkcs11:token=a;object=b;library-version=256.1",
		"pkcs11:token=a;object=b;library-version=1.4294967296",
		"pkcs11:token=a;object=b;vendor=c",
		"pkcs11:TOKEN=a;object=b",
		"pkcs11:token=0123456789abcdef0123456789abcdef0;object=b",
		"pkcs11:serial=0123456789abcdef0;object=b",
	};
	char text[2048] = "pkcs11:token=a;object=";

	(void)state;
	takes("pkcs11:token=a;object=b", "pkcs11:token=a;object=b", "", "");
	takes("pkcs11:type=private;serial=1;id=%01%02;", "pkcs11:serial=1;id=%01%02", "", "");
	takes("pkcs11:token=a;object=b?pin-source=file:/p%20q&module-path=/m.so&x-y=z",
	      "pkcs11:token=a;object=b", "/m.so", "/p q");
	takes("pkcs11:token=My%20Token%25;object=b%3b;;slot-id=12;library-version=2.40?",
	      "pkcs11:token=My%20Token%25;object=b%3b;slot-id=12;library-version=2.40", "", "");
	takes("pkcs11:token=%30123456789abcdef0123456789abcdef;id=b\xc3\xa9",
	      "pkcs11:token=%30123456789abcdef0123456789abcdef;id=b\xc3\xa9", "", "");
	takes("pkcs11:token=a;object=b?pin-source=file:///p", "pkcs11:token=a;object=b", "", "/p");
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses_uri(bad[i]);
	memset(text + 22, 'x', sizeof(text) - 23);
	refuses_uri(text);
	text[TOKEN_URI_CAP - 32] = '\0';
	takes(text, text, "", "");
}

static int set_up(void **state)
{
	int fd = mkstemp(pin_file);

	(void)state;
	return fd < 0 || write(fd, "98765\nmore\n", 11) != 11 || close(fd) < 0;
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(pin_file);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_person),
		cmocka_unit_test(test_not_interactive),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_uri),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
