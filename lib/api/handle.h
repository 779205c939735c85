/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An open profile: what an icred_t is made of, and what the public functions share. */
#ifndef ICRED_LIB_API_HANDLE_H
#define ICRED_LIB_API_HANDLE_H

#include "lib/client/worker.h"
#include "lib/module/context.h"
#include "lib/token/rejected.h"
#include "lib/token/single-flight.h"
#include "lib/token/table.h"

struct fetch;

/* The tokens that requests of a handle wait for; icred_request.c has the threads that fetch them. */
struct request_queue {
	struct lock lock;
	struct fetch *list;
	_Atomic uint32_t generation; /* of the process whose threads they are */
	_Atomic uint32_t threads;    /* that may still touch the handle */
	_Atomic uint32_t running;    /* of them, those that still take fetches */
};

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

/* A fresh token from the table or a cache, without waiting; NOT_FOUND: it takes a mint. */
int get_at_hand(icred_t *handle, const char *installation, unsigned min_ttl, icred_token_t **ret_token);
/* icred_get_token() with a deadline of clock_ms(), for a request that has waited in a queue. */
int get_by(icred_t *handle, const char *installation, unsigned min_ttl, int64_t deadline,
	   icred_token_t **ret_token);
/* Whether it is still what icred_get_token() gives, if it was when table_changes() was that. */
bool get_is_current(icred_t *handle, const icred_token_t *token, uint64_t changes);
/* Whether it has been rejected since it was got. */
bool get_was_refused(icred_t *handle, const icred_token_t *token);

/* Whose tokens it brings. */
icred_t *request_handle(const icred_request_t *request);
/* The handle is going away: cut short what is under way, and wait for its threads. */
void request_queue_end(icred_t *handle);

#endif
