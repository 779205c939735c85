/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Single flight: of all threads and processes that want the same token at
 * once, one mints and the others take what it got.
 */
#ifndef ICRED_LIB_TOKEN_FLIGHT_H
#define ICRED_LIB_TOKEN_FLIGHT_H

#include "lib/base/error.h"
#include "lib/base/lock.h"
#include "lib/base/owned.h"
#include "lib/base/log.h"
#include "lib/token/token.h"

struct flight;

/* The flights of one handle, for its threads. */
struct flights {
	struct lock lock;
	uint32_t generation; /* a child process does not wait for flights of its parent */
	struct flight *list;
};

/* Join the target's flight, or begin it: *ret_leader says that it is ours to land. */
struct flight *flight_join(struct flights *flights, int target, const char *id, bool *ret_leader);
/* The leader's: tell everybody the token, or (NULL) this thread's failure. */
void flight_land(struct flights *flights, struct flight *flight, struct token_body *body);
/* Wait for the leader; a counted body, or its failure as this thread's. */
int flight_wait(struct flight *flight, int64_t deadline, struct token_body **ret_body);
struct flight *flight_leave(struct flight *flight);
void flights_clear(struct flights *flights);

/*
 * The same among processes: a lock per identity.  The lock ends with the
 * process or with gate_leave.  OWNED_NONE if no lock file can be opened: then
 * several processes may mint the same token.
 */
struct owned gate_open(struct log *log);
/* OK, or CANCELLED when somebody else is in. */
int gate_try(const struct owned *gate, uint64_t hash);
/* Let the next one in. */
void gate_leave(struct owned *gate, uint64_t hash);

#endif
