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

#define ENCRYPT_ANEW "encrypt it again with: openssl pkcs8 -topk8 -v2 aes-256-cbc -in app.pem -out new.pem"
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

static int rsa_unreadable(int error, bool encrypted, char *why, size_t cap)
{
	switch (error) {
	case GNUTLS_E_MEMORY_ERROR:
		return rsa_gnutls_fail(error, "", why, cap);
	case GNUTLS_E_UNKNOWN_PK_ALGORITHM:
	case GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM:
	case GNUTLS_E_ECC_UNSUPPORTED_CURVE:
	case GNUTLS_E_ECC_NO_SUPPORTED_CURVES:
		return rsa_fail(ICRED_E_INVALID, why, cap, "this is not an RSA key; " NOT_RSA);
	case GNUTLS_E_DECRYPTION_FAILED:
		if (encrypted)
			return rsa_fail(
				ICRED_E_DENIED, why, cap,
				"the passphrase is wrong; give the one that the key was encrypted with");
		break;
	case GNUTLS_E_UNKNOWN_CIPHER_TYPE:
	case GNUTLS_E_UNKNOWN_HASH_ALGORITHM:
		if (encrypted)
			return rsa_fail(ICRED_E_INVALID, why, cap,
					"the key is encrypted with an unknown method; " ENCRYPT_ANEW);
		break;
	case GNUTLS_E_ASN1_DER_ERROR:
	case GNUTLS_E_ASN1_GENERIC_ERROR: /* GnuTLS reports scrypt like that */
		if (encrypted)
			return rsa_fail(ICRED_E_INVALID, why, cap,
					"the key is damaged, or encrypted with an unknown method; copy the "
					"whole file again, or " ENCRYPT_ANEW);
		break;
	}
	return rsa_fail(ICRED_E_INVALID, why, cap,
			"the key is truncated or damaged (%s); copy the whole file again",
			gnutls_strerror(error));
}

/* 0 if the app's key may be of this kind and size. */
static int rsa_unfit(int algorithm, unsigned bits, char *why, size_t cap)
{
	const char *kind;

	switch (algorithm) {
	case GNUTLS_PK_RSA:
		if (bits < RSA_BITS_MIN)
			return rsa_fail(ICRED_E_INVALID, why, cap,
					"%u-bit: ICR and RFC 7518 require 2048; generate a new key in the "
					"app's dashboard",
					bits);
		if (bits > RSA_BITS_MAX)
			return rsa_fail(ICRED_E_INVALID, why, cap,
					"%u-bit: more than 16384 is not supported; generate a key of 2048 to "
					"4096 bits",
					bits);
		return 0;
	case GNUTLS_PK_RSA_PSS:
		return rsa_fail(
			ICRED_E_INVALID, why, cap,
			"this key is for RSA-PSS only and cannot sign RS256; generate a plain RSA key "
			"of 2048 bits or more for the app");
	case GNUTLS_PK_ECDSA:
		kind = "an EC";
		break;
	case GNUTLS_PK_DSA:
		kind = "a DSA";
		break;
	case GNUTLS_PK_EDDSA_ED25519:
		kind = "an Ed25519";
		break;
	default:
		return rsa_fail(ICRED_E_INVALID, why, cap, "this is not an RSA key; " NOT_RSA);
	}
	return rsa_fail(ICRED_E_INVALID, why, cap, "this is %s key; " NOT_RSA, kind);
}

/* Takes the X.509 key over, in success and failure. */
static int rsa_wrap(gnutls_x509_privkey_t raw, struct rsa_key **ret_key, char *why, size_t cap)
{
	gnutls_privkey_t private = NULL;
	int r = gnutls_privkey_init(&private);

	if (!r)
		r = gnutls_privkey_import_x509(private, raw, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE);
	if (r < 0) {
		gnutls_x509_privkey_deinit(raw);
		r = rsa_gnutls_fail(r, "the key cannot be used", why, cap);
	} else {
		r = rsa_adopt(private, ret_key, why, cap);
	}
	if (r && private)
		gnutls_privkey_deinit(private);
	return r;
}

/* `passphrase`: NULL if the key must not be encrypted.  `thorough`: its numbers must agree with each other. */
static int rsa_load(const char *pem, size_t len, const char *passphrase, bool thorough,
		    struct rsa_key **ret_key, char *why, size_t cap)
{
	const gnutls_datum_t text = rsa_datum(pem, len);
	enum pem_encryption encryption = PEM_PLAIN;
	gnutls_x509_privkey_t raw;
	unsigned bits = 0;
	int r = pem_check(pem, len, passphrase ? &encryption : NULL, why, cap);

	if (r)
		return r;
	r = gnutls_x509_privkey_init(&raw);
	if (r < 0)
		return rsa_gnutls_fail(r, "the key cannot be read", why, cap);
	if (encryption == PEM_ENCRYPTED_PKCS8)
		r = gnutls_x509_privkey_import_pkcs8(raw, &text, GNUTLS_X509_FMT_PEM, passphrase, 0);
	else if (encryption == PEM_ENCRYPTED_OPENSSL)
		r = gnutls_x509_privkey_import_openssl(raw, &text, passphrase);
	else
		r = gnutls_x509_privkey_import(raw, &text, GNUTLS_X509_FMT_PEM);
	if (r < 0) {
		r = rsa_unreadable(r, encryption != PEM_PLAIN, why, cap);
	} else {
		r = gnutls_x509_privkey_get_pk_algorithm2(raw, &bits);
		r = rsa_unfit(r, bits, why, cap);
	}
	if (!r && thorough && gnutls_x509_privkey_verify_params(raw) < 0)
		r = rsa_fail(
			ICRED_E_INVALID, why, cap,
			"the key is damaged: its numbers do not fit each other; copy the whole file again");
	if (!r)
		return rsa_wrap(raw, ret_key, why, cap);
	gnutls_x509_privkey_deinit(raw);
	return r;
}

int rsa_open(const char *pem, size_t len, struct rsa_key **ret_key, char *why, size_t why_cap)
{
	return rsa_load(pem, len, NULL, false, ret_key, why, why_cap);
}

int rsa_open_encrypted(const char *pem, size_t len, const char *passphrase, struct rsa_key **ret_key,
		       char *why, size_t why_cap)
{
	return rsa_load(pem, len, passphrase, false, ret_key, why, why_cap);
}

int rsa_adopt(struct gnutls_privkey_st *private, struct rsa_key **ret_key, char *why, size_t why_cap)
{
	struct rsa_key *key;
	unsigned bits = 0;
	int r = gnutls_privkey_get_pk_algorithm(private, &bits);

	r = rsa_unfit(r, bits, why, why_cap);
	if (r)
		return r;
	key = calloc(1, sizeof(*key));
	if (!key)
		return rsa_gnutls_fail(GNUTLS_E_MEMORY_ERROR, "", why, why_cap);
	*key = (struct rsa_key){private, bits};
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

int rsa_describe_public(struct gnutls_pubkey_st *public, struct rsa_info *ret_info, char *why, size_t why_cap)
{
	struct rsa_info info = {.bits = 0};
	unsigned char hash[SHA256_SIZE];
	const gnutls_datum_t raw = {hash, sizeof(hash)};
	gnutls_datum_t der = {NULL, 0}, text = {NULL, 0};
	int r = gnutls_pubkey_get_pk_algorithm(public, &info.bits);

	r = rsa_unfit(r, info.bits, why, why_cap);
	if (r)
		return r;
	r = gnutls_pubkey_export2(public, GNUTLS_X509_FMT_DER, &der);
	if (!r)
		r = gnutls_hash_fast(GNUTLS_DIG_SHA256, der.data, der.size, hash);
	if (!r)
		r = gnutls_base64_encode2(&raw, &text);
	if (!r) {
		snprintf(info.fingerprint, sizeof(info.fingerprint), "%.*s", (int)text.size,
			 (const char *)text.data);
		*ret_info = info;
	}
	gnutls_free(text.data);
	gnutls_free(der.data);
	return r < 0 ? rsa_gnutls_fail(r, "the key has no fingerprint", why, why_cap) : 0;
}

int rsa_describe(const struct rsa_key *key, struct rsa_info *ret_info, char *why, size_t why_cap)
{
	gnutls_pubkey_t public = NULL;
	int r = gnutls_pubkey_init(&public);

	if (!r)
		r = gnutls_pubkey_import_privkey(public, key->key, 0, 0);
	r = r < 0 ? rsa_gnutls_fail(r, "the key has no fingerprint", why, why_cap)
		  : rsa_describe_public(public, ret_info, why, why_cap);
	gnutls_pubkey_deinit(public);
	return r;
}

int rsa_check(const char *pem, size_t len, struct rsa_info *ret_info, char *why, size_t why_cap)
{
	struct rsa_key *key = NULL;
	int r = rsa_load(pem, len, NULL, true, &key, why, why_cap);

	if (!r)
		r = rsa_describe(key, ret_info, why, why_cap);
	rsa_free(key);
	return r;
}

int rsa_sign(const struct rsa_key *key, const void *data, size_t len, void *signature, size_t cap,
	     size_t *ret_len, char *why, size_t why_cap)
{
	const gnutls_datum_t text = rsa_datum(data, len);
	gnutls_datum_t made = {NULL, 0};
	bool fits;
	int r;

	/* GnuTLS counts in unsigned int; what the worker signs is much shorter. */
	if (len > UINT32_MAX)
		return rsa_fail(ICRED_E_INTERNAL, why, why_cap, "the text to sign is too long");
	if (cap < (key->bits + 7) / 8)
		return rsa_fail(ICRED_E_INTERNAL, why, why_cap, "no room for a signature of %u bits",
				key->bits);
	r = gnutls_privkey_sign_data2(key->key, GNUTLS_SIGN_RSA_SHA256, 0, &text, &made);
	if (r < 0)
		return rsa_gnutls_fail(r, "the key cannot sign", why, why_cap);
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

void rsa_signed(const struct rsa_key *key, const struct icred_host *host)
{
	struct rsa_info info;
	char why[RSA_WHY_SIZE];

	if (host->size < offsetof(struct icred_host, signed_by) + sizeof(host->signed_by) || !host->signed_by)
		return;
	if (rsa_describe(key, &info, why, sizeof(why)) == 0)
		host->signed_by(host, info.fingerprint);
}

int rsa_sign_for(const struct rsa_key *key, const struct icred_host *host, const void *data, size_t len,
		 void *signature, size_t cap, size_t *ret_len)
{
	char why[RSA_WHY_SIZE] = "";
	int r = rsa_sign(key, data, len, signature, cap, ret_len, why, sizeof(why));

	if (r)
		return host->fail(host, r, "%s", why);
	rsa_signed(key, host);
	return 0;
}
