/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An open profile: what an icred_t is made of. */
#ifndef ICRED_LIB_API_HANDLE_H
#define ICRED_LIB_API_HANDLE_H

#include "lib/api/request-queue.h"
#include "lib/client/worker.h"
#include "lib/module/context.h"
#include "lib/token/single-flight.h"
#include "lib/token/rejected.h"
#include "lib/token/table.h"

struct icred {
	struct context context;
	unsigned min_ttl; /* the profile's; calls may ask for more */
	int target;       /* the profile's own: enum icred_target, 0 if it names none */
	const char *target_id;
	struct table table;
	struct mints mints;
	struct rejected rejected;
	struct request_queue requests;
	struct worker worker;
};

/* A copy of the caller's options, all zero where it gives none. */
int options_read(const struct icred_options *given, struct icred_options *ret_options);
/* The profile's name that a call means: its own, or $ICRED_PROFILE, or NULL for the default. */
const char *profile_wanted(const char *name);
/* For a program that has a deadline of its own (of clock_ms()), however many calls it makes. */
void handle_end_by(struct icred *handle, int64_t end);
/* Whose token is meant: the given installation's, or the profile's own target's. */
int handle_identity(struct icred *handle, const char *installation, struct identity *ret_identity);
/*
 * A server refused the token of this text: icred_reject_token() for a caller that has no more.  NOT_FOUND if
 * no cache has it.  A cache that cannot be used is a failure only if the profile needs it.
 */
int handle_reject_secret(struct icred *handle, const char *secret);

#endif
