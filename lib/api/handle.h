/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An open profile: what an icred_t is made of. */
#ifndef ICRED_LIB_API_HANDLE_H
#define ICRED_LIB_API_HANDLE_H

#include "lib/token/flight.h"
#include "lib/module/host.h"
#include "lib/token/rejected.h"
#include "lib/api/request.h"
#include "lib/token/table.h"
#include "lib/client/worker.h"

struct icred {
	struct profile *profile;
	struct secret_pool *pool;
	struct log log;
	icred_converse_fn converse;
	void *converse_data;
	unsigned flags;
	int timeout_ms;
	int64_t end;      /* no call takes longer than until then (clock_ms); 0: none said so */
	unsigned min_ttl; /* the profile's; calls may ask for more */
	int target;       /* the profile's own: enum icred_target, 0 if it names none */
	const char *target_id;
	struct table table;
	struct flights flights;
	struct rejected rejected;
	struct errands errands;
	struct worker worker;
};

/* A deadline for a call that begins now: a little before the caller's, to come back in time. */
int64_t handle_deadline(const struct icred *handle);
/* For a program that has a deadline of its own (of clock_ms()), however many calls it makes. */
void handle_end_by(struct icred *handle, int64_t end);
/* It is going away: no thread of the library's own is to begin anything more. */
bool handle_closing(struct icred *handle);
/* The host table for cache modules of this handle. */
void handle_host(struct icred *handle, struct host *ret_host);
const char *handle_issuer(const struct icred *handle);
/* Whose token is meant: the given installation's, or the profile's own target's. */
int handle_identity(struct icred *handle, const char *installation, struct identity *ret_identity);

#endif
