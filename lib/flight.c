/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "flight.h"
#include "rundir.h"

enum { FLYING, AWAITED, LANDED };

struct flight {
	struct flight *next;
	_Atomic unsigned refs;
	_Atomic uint32_t state;
	struct token_body *body;
	struct failure failure;
	int target;
	char id[];
};

static void flights_lock(struct flights *flights)
{
	bool torn = lock_take(&flights->lock);

	if (torn || flights->generation != lock_generation())
		flights->list = NULL; /* the parent's, which nobody would land here */
	flights->generation = lock_generation();
}

static struct flight *flight_new(int target, const char *id)
{
	size_t size = strlen(id) + 1;
	struct flight *flight = calloc(1, sizeof(*flight) + size);

	if (!flight)
		return NULL;
	atomic_init(&flight->refs, 2); /* the list's and the leader's */
	flight->target = target;
	memcpy(flight->id, id, size);
	return flight;
}

struct flight *flight_join(struct flights *flights, int target, const char *id, bool *ret_leader)
{
	struct flight *flight;

	flights_lock(flights);
	for (flight = flights->list; flight; flight = flight->next)
		if (flight->target == target && strcmp(flight->id, id) == 0)
			break;
	*ret_leader = !flight;
	if (flight) {
		atomic_fetch_add(&flight->refs, 1);
	} else {
		flight = flight_new(target, id);
		if (flight) {
			flight->next = flights->list;
			flights->list = flight;
		}
	}
	lock_give(&flights->lock);
	return flight;
}

struct flight *flight_leave(struct flight *flight)
{
	if (flight && atomic_fetch_sub(&flight->refs, 1) == 1) {
		token_body_unref(flight->body);
		free(flight);
	}
	return NULL;
}

void flight_land(struct flights *flights, struct flight *flight, struct token_body *body)
{
	bool listed = false;

	if (body)
		flight->body = token_body_ref(body);
	else
		failure_save(&flight->failure);
	flights_lock(flights);
	for (struct flight **at = &flights->list; *at; at = &(*at)->next) {
		if (*at == flight) {
			*at = flight->next;
			listed = true;
			break;
		}
	}
	lock_give(&flights->lock);
	if (atomic_exchange(&flight->state, LANDED) == AWAITED)
		futex_wake_all(&flight->state);
	if (listed)
		flight_leave(flight);
}

int flight_wait(struct flight *flight, int64_t deadline, struct token_body **ret_body)
{
	uint32_t state = FLYING;

	while (state != LANDED) {
		int left = clock_left(deadline);
		if (!left)
			return set_error(ICRED_E_TIMEOUT,
					 "another thread has been minting this token for too long");
		if (atomic_compare_exchange_strong(&flight->state, &state, AWAITED) || state == AWAITED)
			futex_wait(&flight->state, AWAITED, left);
		state = atomic_load(&flight->state);
	}
	if (!flight->body)
		return failure_restore(&flight->failure);
	*ret_body = token_body_ref(flight->body);
	return ICRED_OK;
}

void flights_clear(struct flights *flights)
{
	flights_lock(flights);
	while (flights->list) {
		struct flight *flight = flights->list;
		flights->list = flight->next;
		flight_leave(flight);
	}
	lock_give(&flights->lock);
}

int gate_open(int *ret_gate)
{
	_cleanup_close_ int directory = -1;
	char why[256] = "";
	int r = rundir_open_locks(&directory, why, sizeof(why));
	int gate;

	if (r == ICRED_E_UNSUPPORTED) {
		*ret_gate = -1;
		return ICRED_OK;
	}
	if (r < 0)
		return set_error(r, "%s", why);
	gate = openat(directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		      0600);
	if (gate < 0)
		return set_error(ICRED_E_DENIED,
				 "can't open the lock file in the runtime directory: %s; remove it",
				 strerror(errno));
	*ret_gate = gate;
	return ICRED_OK;
}

/*
 * One file for all tokens: each has a byte of its own in it.  The lock belongs
 * to the open file, not to the process, so handles do not disturb each other.
 */
static int lock_range(int gate, short type, uint64_t hash)
{
	struct flock range = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)(hash >> 2), .l_len = 1};

	return fcntl(gate, F_OFD_SETLK, &range);
}

int gate_try(int gate, uint64_t hash)
{
	if (gate < 0 || lock_range(gate, F_WRLCK, hash) == 0)
		return ICRED_OK;
	if (errno == EAGAIN || errno == EACCES)
		return ICRED_E_CANCELLED;
	return ICRED_OK; /* a file system without locks: better two tokens than none */
}

int gate_leave(int gate, uint64_t hash)
{
	/* Unlocked by name, as a child that was forked meanwhile holds the same open file. */
	if (gate >= 0)
		lock_range(gate, F_UNLCK, hash);
	return close_keep_errno(gate);
}
