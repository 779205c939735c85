/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What key modules share that get a key as a PEM: opening it, keeping it for a while, signing, listing.
 * Such a module only has to get the PEM: its self begins with a struct pemkey, whose load() does that.
 * Its table of functions is pemkey_ops, and its close() is pemkey_close().
 */
#ifndef ICRED_PLUGIN_SHARED_PEMKEY_H
#define ICRED_PLUGIN_SHARED_PEMKEY_H

#include <stdbool.h>

#include <icred/module.h>
#include "plugin/shared/rsa.h"
#include "plugin/shared/secretfile.h"

struct pemkey {
	/* Get the key for this query, with pemkey_open() or pemkey_read(); for a list, without a program that asks. */
	int (*load)(struct pemkey *at_hand, const struct icred_host *host,
		    const struct icred_key_query *query, bool listing);
	const char *module, *where, *label; /* for lists; not NULL */
	/* The key at hand, if there is one. */
	struct rsa_key *key;
	struct stat seen; /* the file as it was when the key was read; zero if it is not one */
};

extern const struct icred_key_ops pemkey_ops;
void pemkey_close(void *self, const struct icred_host *host);

/*
 * A passphrase in secret memory, for try 0, 1 ...; more tries than one make sense
 * if the user types it.
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
int pemkey_read(struct pemkey *at_hand, const struct icred_host *host, const struct secretfile *file,
		const struct pemkey_passphrase *passphrase);
void pemkey_clear(struct pemkey *at_hand);

#endif
