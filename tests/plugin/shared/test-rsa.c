/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* plugin/shared/rsa.c and plugin/shared/pem.c: which keys fit, and the messages about those that do not. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <icred/icred.h>
#include "plugin/shared/rsa.h"

#define PEM_CAP (2 * RSA_PEM_MAX)

static gnutls_x509_privkey_t rsa; /* 2048 bits */
static char pkcs1[PEM_CAP];       /* the same as text */
static char pkcs8[PEM_CAP];
static char text[PEM_CAP]; /* for a test to change */

static gnutls_x509_privkey_t generate(gnutls_pk_algorithm_t algorithm, unsigned bits)
{
	gnutls_x509_privkey_t key;

	assert_int_equal(gnutls_x509_privkey_init(&key), 0);
	assert_int_equal(gnutls_x509_privkey_generate(key, algorithm, bits, 0), 0);
	return key;
}

static void export1(gnutls_x509_privkey_t key, char *pem)
{
	size_t len = PEM_CAP - 1;

	assert_int_equal(gnutls_x509_privkey_export(key, GNUTLS_X509_FMT_PEM, pem, &len), 0);
	pem[len] = 0;
}

static void export8(gnutls_x509_privkey_t key, const char *password, unsigned flags, char *pem)
{
	size_t len = PEM_CAP - 1;

	assert_int_equal(
		gnutls_x509_privkey_export_pkcs8(key, GNUTLS_X509_FMT_PEM, password, flags, pem, &len), 0);
	pem[len] = 0;
}

/* Replace the first `from` in text[], or every one. */
static void replace(const char *from, const char *to, int all)
{
	char *copy = strdup(text), *rest = copy, *hit;
	size_t used = 0;

	assert_non_null(copy);
	while ((hit = strstr(rest, from)) != NULL) {
		used += (size_t)snprintf(text + used, PEM_CAP - used, "%.*s%s", (int)(hit - rest), rest, to);
		rest = hit + strlen(from);
		if (!all)
			break;
	}
	snprintf(text + used, PEM_CAP - used, "%s", rest);
	free(copy);
}

/* Each refusal: its code, a telling word, and one line. */
static void refused(const char *pem, size_t len, const char *word)
{
	struct rsa_info info = {.bits = 1};
	char why[RSA_WHY_SIZE] = "";
	struct rsa_key *key = NULL;

	assert_int_equal(rsa_check(pem, len, &info, why, sizeof(why)), ICRED_E_INVALID);
	if (!strstr(why, word))
		print_error("wanted '%s' in: %s\n", word, why);
	assert_non_null(strstr(why, word));
	assert_null(strchr(why, '\n'));
	assert_true(strlen(why) < RSA_WHY_SIZE - 1);
	assert_int_equal(info.bits, 1);
	assert_int_equal(rsa_open(pem, len, &key, why, sizeof(why)), ICRED_E_INVALID);
	assert_null(key);
	assert_int_equal(rsa_open(pem, len, &key, NULL, 0), ICRED_E_INVALID);
}

static void refused_text(const char *pem, const char *word)
{
	refused(pem, strlen(pem), word);
}

/* The fingerprint by another way: through the parameters, not the key. */
static void fingerprint_of(gnutls_x509_privkey_t key, char out[RSA_FINGERPRINT_SIZE])
{
	gnutls_datum_t m, e, d, p, q, u, e1, e2, der, b64;
	gnutls_pubkey_t public;
	unsigned char hash[32];

	assert_int_equal(gnutls_x509_privkey_export_rsa_raw2(key, &m, &e, &d, &p, &q, &u, &e1, &e2), 0);
	assert_int_equal(gnutls_pubkey_init(&public), 0);
	assert_int_equal(gnutls_pubkey_import_rsa_raw(public, &m, &e), 0);
	assert_int_equal(gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &der), 0);
	assert_int_equal(gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, hash), 0);
	const gnutls_datum_t raw = {hash, sizeof(hash)};
	assert_int_equal(gnutls_base64_encode2(&raw, &b64), 0);
	snprintf(out, RSA_FINGERPRINT_SIZE, "%.*s", (int)b64.size, (const char *)b64.data);
	gnutls_pubkey_deinit(public);
	gnutls_datum_t *all[] = {&m, &e, &d, &p, &q, &u, &e1, &e2, &der, &b64};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		gnutls_free(all[i]->data);
}

static void accepted(const char *pem, unsigned bits)
{
	char why[RSA_WHY_SIZE] = "", wanted[RSA_FINGERPRINT_SIZE];
	struct rsa_info info;

	if (rsa_check(pem, strlen(pem), &info, why, sizeof(why)) != 0)
		fail_msg("refused: %s", why);
	assert_int_equal(info.bits, bits);
	assert_int_equal(strlen(info.fingerprint), 44);
	if (bits != 2048)
		return;
	fingerprint_of(rsa, wanted);
	assert_string_equal(info.fingerprint, wanted);
}

static void test_good(void **state)
{
	(void)state;
	accepted(pkcs1, 2048);
	accepted(pkcs8, 2048);
	snprintf(text, sizeof(text), "Bag Attributes\n    friendlyName: app\n\n%.20000s\n\n", pkcs8);
	accepted(text, 2048);
}

static void test_large(void **state)
{
	gnutls_x509_privkey_t key = generate(GNUTLS_PK_RSA, 3072);

	(void)state;
	export8(key, NULL, GNUTLS_PKCS_PLAIN, text);
	accepted(text, 3072);
	gnutls_x509_privkey_deinit(key);
}

static void verify(const char *data, const unsigned char *signature, size_t len)
{
	const gnutls_datum_t what = {(unsigned char *)(uintptr_t)data, (unsigned)strlen(data)};
	const gnutls_datum_t by = {(unsigned char *)(uintptr_t)signature, (unsigned)len};
	gnutls_pubkey_t public;
	gnutls_privkey_t private;

	assert_int_equal(gnutls_privkey_init(&private), 0);
	assert_int_equal(gnutls_privkey_import_x509(private, rsa, GNUTLS_PRIVKEY_IMPORT_COPY), 0);
	assert_int_equal(gnutls_pubkey_init(&public), 0);
	assert_int_equal(gnutls_pubkey_import_privkey(public, private, 0, 0), 0);
	assert_int_equal(gnutls_pubkey_verify_data2(public, GNUTLS_SIGN_RSA_SHA256, 0, &what, &by), 0);
	gnutls_pubkey_deinit(public);
	gnutls_privkey_deinit(private);
}

static void test_sign(void **state)
{
	unsigned char signature[RSA_SIGNATURE_MAX], twice[RSA_SIGNATURE_MAX];
	char why[RSA_WHY_SIZE];
	struct rsa_key *key;
	size_t len = 7;

	(void)state;
	assert_int_equal(rsa_open(pkcs8, strlen(pkcs8), &key, why, sizeof(why)), 0);
	assert_int_equal(rsa_bits(key), 2048);
	assert_int_equal(rsa_sign(key, "a.b", 3, signature, 255, &len, why, sizeof(why)), ICRED_E_INTERNAL);
	assert_int_equal(len, 7);
	assert_int_equal(rsa_sign(key, "a.b", 3, signature, 256, &len, why, sizeof(why)), 0);
	assert_int_equal(len, 256);
	verify("a.b", signature, len);
	/* PKCS#1 v1.5 has no salt: the same text gives the same signature. */
	assert_int_equal(rsa_sign(key, "a.b", 3, twice, sizeof(twice), &len, why, sizeof(why)), 0);
	assert_memory_equal(signature, twice, 256);
	assert_null(rsa_free(key));
	assert_null(rsa_free(NULL));
}

static void test_other_algorithms(void **state)
{
	gnutls_x509_privkey_t key;

	(void)state;
	key = generate(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
	export8(key, NULL, GNUTLS_PKCS_PLAIN, text);
	refused_text(text, "EC key");
	export1(key, text);
	refused_text(text, "EC key");
	gnutls_x509_privkey_deinit(key);

	key = generate(GNUTLS_PK_DSA, 2048);
	export8(key, NULL, GNUTLS_PKCS_PLAIN, text);
	refused_text(text, "DSA key");
	export1(key, text);
	refused_text(text, "DSA key");
	gnutls_x509_privkey_deinit(key);

	key = generate(GNUTLS_PK_EDDSA_ED25519, 0);
	export8(key, NULL, GNUTLS_PKCS_PLAIN, text);
	refused_text(text, "Ed25519");
	gnutls_x509_privkey_deinit(key);

	key = generate(GNUTLS_PK_RSA_PSS, 2048);
	export8(key, NULL, GNUTLS_PKCS_PLAIN, text);
	refused_text(text, "RSA-PSS only");
	gnutls_x509_privkey_deinit(key);
}

/* What openssl ecparam -genkey writes. */
static void test_ec_parameters(void **state)
{
	(void)state;
	refused_text("-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
		     "-----BEGIN EC PRIVATE KEY-----\nAAAA\n-----END EC PRIVATE KEY-----\n",
		     "EC key");
}

static void test_small(void **state)
{
	gnutls_x509_privkey_t key = generate(GNUTLS_PK_RSA, 1024);

	(void)state;
	export1(key, text);
	refused_text(text, "1024-bit: ICR and RFC 7518 require 2048");
	refused_text(text, "dashboard");
	gnutls_x509_privkey_deinit(key);
}

static void test_encrypted(void **state)
{
	(void)state;
	export8(rsa, "secret", GNUTLS_PKCS_PBES2_AES_128, text);
	refused_text(text, "encrypted");
	snprintf(text, sizeof(text), "%s", pkcs1);
	replace("KEY-----\n", "KEY-----\nProc-Type: 4,ENCRYPTED\nDEK-Info: AES-128-CBC,00FF00FF\n\n", 0);
	refused_text(text, "encrypted");
	refused_text(text, "openssl rsa -in");
	/* Without a passphrase to be wrong: the label says that it is plain. */
	export8(rsa, "secret", GNUTLS_PKCS_PBES2_AES_128, text);
	replace("ENCRYPTED PRIVATE", "PRIVATE", 1);
	refused_text(text, "damaged");
}

static void with_passphrase(const char *passphrase, int wanted, const char *word)
{
	char why[RSA_WHY_SIZE] = "";
	struct rsa_key *key = NULL;

	assert_int_equal(rsa_open_encrypted(text, strlen(text), passphrase, &key, why, sizeof(why)), wanted);
	assert_true((key != NULL) == (wanted == 0));
	if (!strstr(why, word))
		print_error("wanted '%s' in: %s\n", word, why);
	assert_non_null(strstr(why, word));
	assert_null(strstr(why, "open sesame"));
	rsa_free(key);
}

static void test_passphrase(void **state)
{
	static const unsigned ways[] = {GNUTLS_PKCS_PBES2_AES_128, GNUTLS_PKCS_PBES2_AES_256,
					GNUTLS_PKCS_PBES2_3DES, GNUTLS_PKCS_PKCS12_3DES};

	(void)state;
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		export8(rsa, "open sesame", ways[i], text);
		with_passphrase("open sesame", 0, "");
		with_passphrase("open barley", ICRED_E_DENIED, "passphrase is wrong");
		with_passphrase("", ICRED_E_DENIED, "passphrase is wrong");
	}
	replace("-----END", "-----EN", 0);
	with_passphrase("open sesame", ICRED_E_INVALID, "truncated");
	snprintf(text, sizeof(text), "%s", pkcs8);
	with_passphrase("not needed", 0, "");
	refused_text("-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n",
		     "encrypted");
	snprintf(text, sizeof(text),
		 "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----\n");
	with_passphrase("open sesame", ICRED_E_INVALID, "damaged");
}

static void test_adopt(void **state)
{
	gnutls_x509_privkey_t ec =
		generate(GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1));
	char why[RSA_WHY_SIZE] = "", wanted[RSA_FINGERPRINT_SIZE];
	struct rsa_info info = {.bits = 0};
	struct rsa_key *key = NULL;
	gnutls_privkey_t private;

	(void)state;
	assert_int_equal(gnutls_privkey_init(&private), 0);
	assert_int_equal(gnutls_privkey_import_x509(private, ec, 0), 0);
	assert_int_equal(rsa_adopt(private, &key, why, sizeof(why)), ICRED_E_INVALID);
	assert_non_null(strstr(why, "EC key"));
	assert_null(key);
	gnutls_privkey_deinit(private);
	gnutls_x509_privkey_deinit(ec);
	assert_int_equal(gnutls_privkey_init(&private), 0);
	assert_int_equal(gnutls_privkey_import_x509(private, rsa, 0), 0);
	assert_int_equal(rsa_adopt(private, &key, why, sizeof(why)), 0);
	assert_int_equal(rsa_describe(key, &info, why, sizeof(why)), 0);
	fingerprint_of(rsa, wanted);
	assert_string_equal(info.fingerprint, wanted);
	rsa_free(key);
}

static void test_truncated(void **state)
{
	(void)state;
	refused(pkcs1, strlen(pkcs1) / 2, "truncated");
	refused(pkcs1, strlen(pkcs1) - 8, "truncated");
	refused(pkcs1, 20, "truncated");
	refused_text(pkcs1 + 40, "BEGIN line is missing");
	snprintf(text, sizeof(text), "%.400s\n-----END RSA PRIVATE KEY-----\n", pkcs1);
	refused_text(text, "truncated");
	refused_text("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----\n", "truncated");
	refused_text("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n", "truncated");
}

/* Whole as a PEM, but one digit of the private part is another. */
static void test_damaged(void **state)
{
	char *at;

	(void)state;
	snprintf(text, sizeof(text), "%s", pkcs1);
	at = text + strlen(text) / 2;
	*at = *at == 'A' ? 'B' : 'A';
	struct rsa_info info;
	char why[RSA_WHY_SIZE];
	assert_int_equal(rsa_check(text, strlen(text), &info, why, sizeof(why)), ICRED_E_INVALID);
	assert_non_null(strstr(why, "damaged"));
}

static void test_line_ends(void **state)
{
	(void)state;
	snprintf(text, sizeof(text), "%s", pkcs1);
	replace("\n", "\r\n", 1);
	refused_text(text, "tr -d '\\r' <");
	snprintf(text, sizeof(text), "%s", pkcs1);
	replace("\n", "\\n", 1);
	refused_text(text, "literal \\n");
}

static void test_other_pems(void **state)
{
	(void)state;
	refused_text("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n", "certificate,");
	refused_text("-----BEGIN TRUSTED CERTIFICATE-----\nAAAA\n-----END TRUSTED CERTIFICATE-----\n",
		     "certificate,");
	refused_text("-----BEGIN CERTIFICATE REQUEST-----\nAAAA\n-----END CERTIFICATE REQUEST-----\n",
		     "request");
	refused_text("-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "public key");
	refused_text("-----BEGIN RSA PUBLIC KEY-----\nAAAA\n-----END RSA PUBLIC KEY-----\n", "public key");
	refused_text("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----\n",
		     "ssh-keygen -p");
	refused_text("-----BEGIN PGP MESSAGE-----\nAAAA\n-----END PGP MESSAGE-----\n", "not a private key");
	refused_text("ssh-rsa AAAAB3NzaC1yc2E me@host\n", "public key");
	refused_text("PuTTY-User-Key-File-3: ssh-rsa\n", "puttygen");
	refused_text("hello\n", "not a key in PEM format");
}

static void test_no_text(void **state)
{
	unsigned char der[PEM_CAP];
	size_t len = sizeof(der);

	(void)state;
	refused("", 0, "empty");
	refused_text(" \n\n", "empty");
	assert_int_equal(gnutls_x509_privkey_export(rsa, GNUTLS_X509_FMT_DER, der, &len), 0);
	refused((const char *)der, len, "DER");
	memcpy(text, pkcs1, strlen(pkcs1) + 1);
	text[strlen(pkcs1) / 2] = 0;
	refused(text, strlen(pkcs1), "NUL");
	refused("0", 1, "not a key in PEM format");
}

static void test_too_large(void **state)
{
	size_t len = strlen(pkcs1);

	(void)state;
	memset(text, ' ', sizeof(text));
	memcpy(text, pkcs1, len);
	refused(text, RSA_PEM_MAX + 1, "32 KiB");
	memset(text, '\n', sizeof(text));
	memcpy(text, pkcs1, len);
	text[RSA_PEM_MAX] = 0;
	accepted(text, 2048);
}

static void test_several(void **state)
{
	(void)state;
	snprintf(text, sizeof(text), "%.20000s%.20000s", pkcs1, pkcs8);
	refused_text(text, "several keys");
	snprintf(text, sizeof(text), "%.20000s-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
		 pkcs1);
	refused_text(text, "more than the key");
}

static int set_up(void **state)
{
	(void)state;
	rsa = generate(GNUTLS_PK_RSA, 2048);
	export1(rsa, pkcs1);
	export8(rsa, NULL, GNUTLS_PKCS_PLAIN, pkcs8);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	gnutls_x509_privkey_deinit(rsa);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good),          cmocka_unit_test(test_large),
		cmocka_unit_test(test_sign),          cmocka_unit_test(test_other_algorithms),
		cmocka_unit_test(test_ec_parameters), cmocka_unit_test(test_small),
		cmocka_unit_test(test_encrypted),     cmocka_unit_test(test_passphrase),
		cmocka_unit_test(test_adopt),         cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_damaged),       cmocka_unit_test(test_line_ends),
		cmocka_unit_test(test_other_pems),    cmocka_unit_test(test_no_text),
		cmocka_unit_test(test_too_large),     cmocka_unit_test(test_several),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
