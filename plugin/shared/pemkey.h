/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What key modules share that get a whole PEM from somewhere: open it, keep it for a while, sign, list. */
#ifndef ICRED_PLUGIN_SHARED_PEMKEY_H
#define ICRED_PLUGIN_SHARED_PEMKEY_H

#include <icred/module.h>
#include "plugin/shared/rsa.h"
#include "plugin/shared/secretfile.h"

/* A key at hand; all zero when there is none. */
struct pemkey {
	struct rsa_key *key;
	struct stat seen; /* the file as it was when the key was read */
};

/*
 * A passphrase in secret memory, for try 0, 1 ...; tries is how many make
 * sense: a person may mistype, a file does not.
 */
struct pemkey_passphrase {
	int (*get)(void *data, const struct icred_host *host, unsigned attempt, char **ret_passphrase);
	void *data;
	unsigned tries;
};

/* Replace the key at hand by the one of this PEM; `what` begins the message of a failure. */
int pemkey_open(struct pemkey *at_hand, const struct icred_host *host, const char *pem, size_t len,
		const char *what, const struct pemkey_passphrase *passphrase);
/* Have the key of this file at hand: read it, unless it is the same file unchanged. */
int pemkey_load(struct pemkey *at_hand, const struct icred_host *host, const struct secretfile *file,
		const struct pemkey_passphrase *passphrase);
void pemkey_clear(struct pemkey *at_hand);

int pemkey_sign(const struct pemkey *at_hand, const struct icred_host *host, const void *data, size_t len,
		void *signature, size_t cap, size_t *ret_len);
/* Show the key to each(), with its size and fingerprint filled in; without a key, as locked. */
int pemkey_show(const struct pemkey *at_hand, const struct icred_host *host, struct icred_key *shown,
		int (*each)(const struct icred_key *key, void *data), void *data);

#endif
