/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/abstract.h>
#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <icred/icred.h>
#include <icred/module.h>
#include "plugin/shared/rsa.h"

_Static_assert(RSA_SIGNATURE_MAX == ICRED_SIGNATURE_MAX, "each key that is taken can sign for the worker");

#define SHA256_SIZE 32

struct rsa_key {
	gnutls_privkey_t key;
	unsigned bits;
};

struct rsa_source {
	const char *pem;
	size_t len;
	enum pem_encryption encryption;
	const char *passphrase;
};

#define ENCRYPT_ANEW "encrypt it anew with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in app.pem -out new.pem"
#define NOT_RSA      "the server takes RSA keys only: generate an RSA key of 2048 bits or more for the app"

__attribute__((format(printf, 4, 5))) static int rsa_fail(int code, char *why, size_t cap, const char *format,
							  ...)
{
	va_list args;

	if (!why || !cap)
		return code;
	va_start(args, format);
	vsnprintf(why, cap, format, args);
	va_end(args);
	return code;
}

static int rsa_gnutls_fail(int error, const char *what, char *why, size_t cap)
{
	if (error == GNUTLS_E_MEMORY_ERROR)
		return rsa_fail(ICRED_E_NO_MEMORY, why, cap, "out of memory");
	return rsa_fail(ICRED_E_INTERNAL, why, cap, "%s: %s", what, gnutls_strerror(error));
}

/* GnuTLS takes its input through a datum without const, but only reads it. */
static gnutls_datum_t rsa_datum(const void *data, size_t len)
{
	gnutls_datum_t datum = {(unsigned char *)(uintptr_t)data, (unsigned)len};

	return datum;
}

static int rsa_unreadable(int error, char *why, size_t cap)
{
	switch (error) {
	case GNUTLS_E_MEMORY_ERROR:
		return rsa_gnutls_fail(error, "", why, cap);
	case GNUTLS_E_UNKNOWN_PK_ALGORITHM:
	case GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM:
	case GNUTLS_E_ECC_UNSUPPORTED_CURVE:
	case GNUTLS_E_ECC_NO_SUPPORTED_CURVES:
		return rsa_fail(ICRED_E_INVALID, why, cap, "this is not an RSA key; " NOT_RSA);
	default:
		return rsa_fail(ICRED_E_INVALID, why, cap,
				"the key is truncated or damaged (%s); copy the whole file again",
				gnutls_strerror(error));
	}
}

static int rsa_bad_algorithm(int algorithm, char *why, size_t cap)
{
	switch (algorithm) {
	case GNUTLS_PK_RSA:
		return 0;
	case GNUTLS_PK_RSA_PSS:
		return rsa_fail(
			ICRED_E_INVALID, why, cap,
			"this key is for RSA-PSS only and can't sign RS256; generate a plain RSA key of 2048 "
			"bits or more for the app");
	case GNUTLS_PK_ECDSA:
		return rsa_fail(ICRED_E_INVALID, why, cap, "this is an EC key; " NOT_RSA);
	case GNUTLS_PK_DSA:
		return rsa_fail(ICRED_E_INVALID, why, cap, "this is a DSA key; " NOT_RSA);
	case GNUTLS_PK_EDDSA_ED25519:
		return rsa_fail(ICRED_E_INVALID, why, cap, "this is an Ed25519 key; " NOT_RSA);
	default:
		return rsa_fail(ICRED_E_INVALID, why, cap, "this is not an RSA key; " NOT_RSA);
	}
}

static int rsa_bad_size(unsigned bits, char *why, size_t cap)
{
	if (bits < RSA_BITS_MIN)
		return rsa_fail(
			ICRED_E_INVALID, why, cap,
			"%u-bit: ICR and RFC 7518 want 2048; generate a new key in the app's dashboard",
			bits);
	if (bits > RSA_BITS_MAX)
		return rsa_fail(
			ICRED_E_INVALID, why, cap,
			"%u-bit: more than 16384 is not supported; generate a key of 2048 to 4096 bits",
			bits);
	return 0;
}

static int rsa_undecryptable(int error, char *why, size_t cap)
{
	switch (error) {
	case GNUTLS_E_DECRYPTION_FAILED:
		return rsa_fail(ICRED_E_DENIED, why, cap,
				"the passphrase is wrong; give the one that the key was encrypted with");
	case GNUTLS_E_UNKNOWN_CIPHER_TYPE:
	case GNUTLS_E_UNKNOWN_HASH_ALGORITHM:
		return rsa_fail(ICRED_E_INVALID, why, cap,
				"the key is encrypted in a way that is not known here; " ENCRYPT_ANEW);
	case GNUTLS_E_ASN1_DER_ERROR:
	case GNUTLS_E_ASN1_GENERIC_ERROR: /* scrypt looks to GnuTLS like that */
		return rsa_fail(ICRED_E_INVALID, why, cap,
				"the key is damaged, or encrypted in a way that is not known here; copy the "
				"whole file again, or " ENCRYPT_ANEW);
	default:
		return rsa_unreadable(error, why, cap);
	}
}

static int rsa_decrypt(const struct rsa_source *source, gnutls_x509_privkey_t key)
{
	const gnutls_datum_t text = rsa_datum(source->pem, source->len);

	switch (source->encryption) {
	case PEM_ENCRYPTED_PKCS8:
		return gnutls_x509_privkey_import_pkcs8(key, &text, GNUTLS_X509_FMT_PEM, source->passphrase,
							0);
	case PEM_ENCRYPTED_OPENSSL:
		return gnutls_x509_privkey_import_openssl(key, &text, source->passphrase);
	default:
		return gnutls_x509_privkey_import(key, &text, GNUTLS_X509_FMT_PEM);
	}
}

static int rsa_read(const struct rsa_source *source, gnutls_x509_privkey_t key, unsigned *ret_bits, char *why,
		    size_t cap)
{
	unsigned bits = 0;
	int rc;

	rc = rsa_decrypt(source, key);
	if (rc < 0)
		return source->encryption ? rsa_undecryptable(rc, why, cap) : rsa_unreadable(rc, why, cap);
	rc = rsa_bad_algorithm(gnutls_x509_privkey_get_pk_algorithm2(key, &bits), why, cap);
	if (!rc)
		rc = rsa_bad_size(bits, why, cap);
	if (!rc)
		*ret_bits = bits;
	return rc;
}

/* Takes the X.509 key over, in success and failure. */
static int rsa_wrap(gnutls_x509_privkey_t raw, unsigned bits, struct rsa_key **ret_key, char *why, size_t cap)
{
	struct rsa_key *key = calloc(1, sizeof(*key));
	int rc;

	rc = key ? gnutls_privkey_init(&key->key) : GNUTLS_E_MEMORY_ERROR;
	if (!rc)
		rc = gnutls_privkey_import_x509(key->key, raw, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE);
	if (rc < 0) {
		gnutls_x509_privkey_deinit(raw);
		rsa_free(key);
		return rsa_gnutls_fail(rc, "the key can't be used", why, cap);
	}
	key->bits = bits;
	*ret_key = key;
	return 0;
}

static int rsa_load(const struct rsa_source *source, int thorough, struct rsa_key **ret_key, char *why,
		    size_t cap)
{
	gnutls_x509_privkey_t raw;
	unsigned bits = 0;
	int rc;

	rc = gnutls_x509_privkey_init(&raw);
	if (rc < 0)
		return rsa_gnutls_fail(rc, "the key can't be read", why, cap);
	rc = rsa_read(source, raw, &bits, why, cap);
	if (!rc && thorough && gnutls_x509_privkey_verify_params(raw) < 0)
		rc = rsa_fail(
			ICRED_E_INVALID, why, cap,
			"the key is damaged: its numbers do not fit each other; copy the whole file again");
	if (rc) {
		gnutls_x509_privkey_deinit(raw);
		return rc;
	}
	return rsa_wrap(raw, bits, ret_key, why, cap);
}

static int rsa_load_plain(const char *pem, size_t len, int thorough, struct rsa_key **ret_key, char *why,
			  size_t cap)
{
	const struct rsa_source source = {pem, len, PEM_PLAIN, NULL};
	int rc = pem_check(pem, len, why, cap);

	return rc ? rc : rsa_load(&source, thorough, ret_key, why, cap);
}

int rsa_open(const char *pem, size_t len, struct rsa_key **ret_key, char *why, size_t why_cap)
{
	return rsa_load_plain(pem, len, 0, ret_key, why, why_cap);
}

int rsa_open_encrypted(const char *pem, size_t len, const char *passphrase, struct rsa_key **ret_key,
		       char *why, size_t why_cap)
{
	struct rsa_source source = {pem, len, PEM_PLAIN, passphrase};
	int rc = pem_check_encrypted(pem, len, &source.encryption, why, why_cap);

	return rc ? rc : rsa_load(&source, 0, ret_key, why, why_cap);
}

int rsa_adopt(struct gnutls_privkey_st *private, struct rsa_key **ret_key, char *why, size_t why_cap)
{
	struct rsa_key *key;
	unsigned bits = 0;
	int rc;

	rc = rsa_bad_algorithm(gnutls_privkey_get_pk_algorithm(private, &bits), why, why_cap);
	if (!rc)
		rc = rsa_bad_size(bits, why, why_cap);
	if (rc)
		return rc;
	key = calloc(1, sizeof(*key));
	if (!key)
		return rsa_gnutls_fail(GNUTLS_E_MEMORY_ERROR, "", why, why_cap);
	key->key = private;
	key->bits = bits;
	*ret_key = key;
	return 0;
}

struct rsa_key *rsa_free(struct rsa_key *key)
{
	if (!key)
		return NULL;
	if (key->key)
		gnutls_privkey_deinit(key->key);
	free(key);
	return NULL;
}

unsigned rsa_bits(const struct rsa_key *key)
{
	return key->bits;
}

static int rsa_fingerprint(const gnutls_datum_t *der, char fingerprint[RSA_FINGERPRINT_SIZE])
{
	unsigned char hash[SHA256_SIZE];
	const gnutls_datum_t raw = {hash, sizeof(hash)};
	gnutls_datum_t text = {NULL, 0};
	int rc;

	rc = gnutls_hash_fast(GNUTLS_DIG_SHA256, der->data, der->size, hash);
	if (!rc)
		rc = gnutls_base64_encode2(&raw, &text);
	if (!rc)
		snprintf(fingerprint, RSA_FINGERPRINT_SIZE, "%.*s", (int)text.size, (const char *)text.data);
	gnutls_free(text.data);
	return rc;
}

int rsa_describe_public(struct gnutls_pubkey_st *public, struct rsa_info *ret_info, char *why, size_t why_cap)
{
	struct rsa_info info = {.bits = 0};
	gnutls_datum_t der = {NULL, 0};
	int rc;

	rc = rsa_bad_algorithm(gnutls_pubkey_get_pk_algorithm(public, &info.bits), why, why_cap);
	if (!rc)
		rc = rsa_bad_size(info.bits, why, why_cap);
	if (rc)
		return rc;
	rc = gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &der);
	if (!rc)
		rc = rsa_fingerprint(&der, info.fingerprint);
	gnutls_free(der.data);
	if (rc < 0)
		return rsa_gnutls_fail(rc, "the key has no fingerprint", why, why_cap);
	*ret_info = info;
	return 0;
}

int rsa_describe(const struct rsa_key *key, struct rsa_info *ret_info, char *why, size_t why_cap)
{
	gnutls_pubkey_t public = NULL;
	int rc;

	rc = gnutls_pubkey_init(&public);
	if (!rc)
		rc = gnutls_pubkey_import_privkey(public, key->key, 0, 0);
	rc = rc < 0 ? rsa_gnutls_fail(rc, "the key has no fingerprint", why, why_cap)
		    : rsa_describe_public(public, ret_info, why, why_cap);
	gnutls_pubkey_deinit(public);
	return rc;
}

int rsa_check(const char *pem, size_t len, struct rsa_info *ret_info, char *why, size_t why_cap)
{
	struct rsa_key *key = NULL;
	int rc;

	rc = rsa_load_plain(pem, len, 1, &key, why, why_cap);
	if (!rc)
		rc = rsa_describe(key, ret_info, why, why_cap);
	rsa_free(key);
	return rc;
}

int rsa_sign(const struct rsa_key *key, const void *data, size_t len, void *signature, size_t cap,
	     size_t *ret_len, char *why, size_t why_cap)
{
	const gnutls_datum_t text = rsa_datum(data, len);
	gnutls_datum_t made = {NULL, 0};
	bool fits;
	int rc;

	/* GnuTLS counts in unsigned int, and an input that long is none of ours. */
	if (len > UINT32_MAX)
		return rsa_fail(ICRED_E_INTERNAL, why, why_cap, "the text to sign is too long");
	if (cap < (key->bits + 7) / 8)
		return rsa_fail(ICRED_E_INTERNAL, why, why_cap, "no room for a signature of %u bits",
				key->bits);
	rc = gnutls_privkey_sign_data2(key->key, GNUTLS_SIGN_RSA_SHA256, 0, &text, &made);
	if (rc < 0)
		return rsa_gnutls_fail(rc, "the key can't sign", why, why_cap);
	fits = made.size <= cap;
	if (fits) {
		memcpy(signature, made.data, made.size);
		*ret_len = made.size;
	}
	explicit_bzero(made.data, made.size); /* half of a JWT */
	gnutls_free(made.data);
	if (!fits)
		return rsa_fail(ICRED_E_INTERNAL, why, why_cap, "the signature is too long");
	return 0;
}
