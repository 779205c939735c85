/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The parts of key-pkcs11: what a URI says, the PIN, and what a token's errors mean. */
#ifndef ICRED_PLUGIN_KEY_PKCS11_PKCS11_H
#define ICRED_PLUGIN_KEY_PKCS11_PKCS11_H

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
	int pin_refused; /* the PIN of the file was wrong: a token counts, so it is not tried again */
	int pin_by_file; /* the PIN that was tried last was the file's, not a person's */
	/* of the call at hand */
	const struct icred_host *host;
	int failure; /* what the PIN function has told the host, if it failed */
};

/* Take a URI apart; a complaint in why[]. */
int token_uri_parse(const char *text, struct token_uri *ret_uri, char *why, size_t why_cap);
/* GnuTLS's PIN function; data is the struct token. */
int token_pin(void *data, int attempt, const char *token_url, const char *token_label, unsigned flags,
	      char *pin, size_t pin_cap);
/* Be the only one who works with the PIN of this file, until it is over; fd -1 where there is no such file. */
int token_turn(const struct token *token, int *ret_fd);
/* The same, but 0 if it is still another's when so many milliseconds are left of the deadline, else 1. */
int token_turn_until(const struct token *token, int64_t left, int *ret_fd);
void token_turn_over(int fd);
/* Tell the host what a GnuTLS error means here, and return its code. */
int token_trouble(struct token *token, int error);

#endif
