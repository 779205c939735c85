/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a key file looks like from outside: refuse what is no plain RSA PEM, and say how to mend it. */
#ifndef ICRED_PLUGIN_SHARED_PEM_H
#define ICRED_PLUGIN_SHARED_PEM_H

#include <stddef.h>

#include "lib/base/key-limits.h"

/* 0 if the text holds one PEM block of a kind that an RSA private key may have; else ICRED_E_INVALID and why. */
int pem_check(const char *pem, size_t len, char *why, size_t why_cap);

/* How a key is encrypted: as PKCS#8 has it, or in OpenSSL's older way, by header lines in the block. */
enum pem_encryption { PEM_PLAIN, PEM_ENCRYPTED_PKCS8, PEM_ENCRYPTED_OPENSSL };

/* The same where a passphrase is at hand: an encrypted key passes too. */
int pem_check_encrypted(const char *pem, size_t len, enum pem_encryption *ret_encryption, char *why,
			size_t why_cap);

#endif
