/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * RSA private keys: check a PEM, name the key, sign with it (GnuTLS).
 *
 * For the worker and the key modules; needs no symbol of libicred.  Every
 * function returns 0 or a negative ICRED_E_ code, then with one sentence for
 * the user in why[], which never quotes the key.
 */
#ifndef ICRED_PLUGIN_SHARED_RSA_H
#define ICRED_PLUGIN_SHARED_RSA_H

#include <stddef.h>

#include <icred/module.h>
#include "lib/base/key-limits.h"

#define RSA_PEM_MAX          PEM_MAX
#define RSA_BITS_MIN         2048
#define RSA_BITS_MAX         16384
#define RSA_SIGNATURE_MAX    (RSA_BITS_MAX / 8)
#define RSA_FINGERPRINT_SIZE 45 /* base64 of 32 bytes, and NUL */
#define RSA_WHY_SIZE         256

struct rsa_info {
	unsigned bits;
	char fingerprint[RSA_FINGERPRINT_SIZE]; /* base64 SHA-256 of the DER SubjectPublicKeyInfo */
};

struct rsa_key;
struct gnutls_privkey_st;
struct gnutls_pubkey_st;

/* How a key is encrypted: as PKCS#8 has it, or in OpenSSL's older way, by header lines in the block. */
enum pem_encryption { PEM_PLAIN, PEM_ENCRYPTED_PKCS8, PEM_ENCRYPTED_OPENSSL };

/*
 * 0 if the text holds one PEM block of a kind that an RSA private key may have; else ICRED_E_INVALID, and
 * why[] says how to repair it.  ret_encryption: NULL if an encrypted key is of no use.
 */
int pem_check(const char *pem, size_t len, enum pem_encryption *ret_encryption, char *why, size_t why_cap);

/* Read a plain PEM, PKCS#1 or PKCS#8.  The text is the caller's, to wipe as soon as it likes. */
int rsa_open(const char *pem, size_t len, struct rsa_key **ret_key, char *why, size_t why_cap);
/* The same of one that may be encrypted: ICRED_E_DENIED if the passphrase does not open it. */
int rsa_open_encrypted(const char *pem, size_t len, const char *passphrase, struct rsa_key **ret_key,
		       char *why, size_t why_cap);
/* Take over a gnutls_privkey_t, as of a token, if it is a fitting RSA key; if not, it stays the caller's. */
int rsa_adopt(struct gnutls_privkey_st *private, struct rsa_key **ret_key, char *why, size_t why_cap);
struct rsa_key *rsa_free(struct rsa_key *key);
unsigned rsa_bits(const struct rsa_key *key);

/* Size and fingerprint of an opened key. */
int rsa_describe(const struct rsa_key *key, struct rsa_info *ret_info, char *why, size_t why_cap);
/* The same of a gnutls_pubkey_t; is it that of a fitting key? */
int rsa_describe_public(struct gnutls_pubkey_st *public, struct rsa_info *ret_info, char *why,
			size_t why_cap);
/* Is the PEM a fitting key whose numbers agree with each other?  Thorough, so not for every signature. */
int rsa_check(const char *pem, size_t len, struct rsa_info *ret_info, char *why, size_t why_cap);

/* RS256: RSASSA-PKCS1-v1_5 with SHA-256 (RFC 7518, 3.3). */
int rsa_sign(const struct rsa_key *key, const void *data, size_t len, void *signature, size_t cap,
	     size_t *ret_len, char *why, size_t why_cap);
/* The same for a module, with the failure reported to its host, and the key for its audit. */
int rsa_sign_for(const struct rsa_key *key, const struct icred_host *host, const void *data, size_t len,
		 void *signature, size_t cap, size_t *ret_len);
/* Report for the audit that the key has signed; an older host cannot take it. */
void rsa_signed(const struct rsa_key *key, const struct icred_host *host);

#endif
