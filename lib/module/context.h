/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an open profile gives to each part of the library that works for it. */
#ifndef ICRED_LIB_MODULE_CONTEXT_H
#define ICRED_LIB_MODULE_CONTEXT_H

#include <stdatomic.h>

#include "lib/module/host.h"

struct context {
	struct profile *profile;
	struct secret_pool *pool;
	struct log log;
	icred_converse_fn converse;
	void *converse_data;
	unsigned flags;
	int timeout_ms;
	int64_t end;          /* no call may take longer than until then, by clock_ms(); 0: no such limit */
	_Atomic bool closing; /* the library's own threads must begin nothing more */
};

/* A deadline for a call that begins now: a little before the caller's, to come back in time. */
int64_t context_deadline(const struct context *context);
/* The host table for cache modules. */
void context_host(struct context *context, struct host *ret_host);

#endif
