/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What modules see of us: the table of icred/module.h, made anew for each call. */
#ifndef ICRED_LIB_MODULE_HOST_H
#define ICRED_LIB_MODULE_HOST_H

#include "lib/base/log.h"
#include "lib/base/secret.h"
#include "lib/profile/profile.h"

/* Flags of struct icred_options with which a module may ask; for a keyring's own question, only ICRED_INTERACTIVE counts. */
enum { MAY_ASK = ICRED_INTERACTIVE | ICRED_ANSWERS };

struct host {
	struct icred_host table; /* first: modules hand us its address */
	const struct profile *profile;
	const struct line *line;
	struct secret_pool *pool;
	struct log *log;
	int64_t deadline; /* clock_ms() */
	bool may_ask;     /* prompt() can get an answer */
	void *request;    /* of the maker of this host */
};

/* A table that can neither ask nor sign: the worker adds its own functions for that. */
void host_init(struct host *host, const struct profile *profile, struct secret_pool *pool, struct log *log,
	       int64_t deadline);
/* The same for another line of the stack. */
struct host host_for_line(const struct host *host, const struct line *line);
const struct host *host_of(const struct icred_host *table);

#endif
