/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of key-pkcs11: what a URI says, the PIN, and what a token's errors mean. */
#ifndef ICRED_PLUGIN_KEY_PKCS11_PKCS11_H
#define ICRED_PLUGIN_KEY_PKCS11_PKCS11_H

#include <stdbool.h>

#include <gnutls/abstract.h>
#include <gnutls/pkcs11.h>
#include <icred/module.h>
#include "plugin/shared/rsa.h"

#define TOKEN_URI_CAP  1024
#define TOKEN_PATH_CAP 512

/* A PKCS#11 URI (RFC 7512), taken apart. */
struct token_uri {
	char base[TOKEN_URI_CAP];      /* token and object, without type and without the query */
	char private[TOKEN_URI_CAP];   /* of the private key                                   */
	char public[TOKEN_URI_CAP];    /* of its public key                                    */
	char module[TOKEN_PATH_CAP];   /* module-path; or ""                                   */
	char pin_file[TOKEN_PATH_CAP]; /* pin-source; or ""                                  */
};

struct token {
	struct token_uri uri;
	gnutls_privkey_t private; /* the same as in key, which owns it */
	struct rsa_key *key;
	bool pin_refused; /* the PIN of the file was wrong: a token counts, so it is not tried again */
	bool pin_by_file; /* the PIN that was tried last was the file's, not the user's */
	/* of the call at hand */
	const struct icred_host *host;
	int failure; /* what the PIN function has reported to the host, if it failed */
};

/* Take a URI apart; 0, or ICRED_E_INVALID and the fault in why[]. */
int token_uri_parse(const char *text, struct token_uri *ret_uri, char *why, size_t why_cap);
/* GnuTLS's PIN function; data is the struct token. */
int token_pin(void *data, int attempt, const char *token_url, const char *token_label, unsigned flags,
	      char *pin, size_t pin_cap);
/*
 * Wait for the lock of the PIN's file, which programs that log in with it hold one after the other; until
 * so many milliseconds are left of the deadline.  Returns its descriptor, to be closed, or -1 if there is
 * no such file; PIN_BUSY if another program has the lock.
 */
#define PIN_BUSY (-2)
int pin_lock(const struct token *token, int64_t left);
/* Report to the host what a GnuTLS error means here; returns its code. */
int token_failed(struct token *token, int error);

#endif
