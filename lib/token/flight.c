/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/errno-words.h"
#include "lib/token/flight.h"
#include "lib/base/rundir.h"

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
			return set_error(
				ICRED_E_TIMEOUT,
				"timed out waiting for another thread to mint this token; raise the setting timeout");
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

/* The lock file in the directory that open_directory() opens; -1 with the reason. */
static int open_lock(int (*open_directory)(int *ret_fd, char *why, size_t why_cap), char *why, size_t why_cap)
{
	_cleanup_close_ int directory = -1;
	int gate;

	if (open_directory(&directory, why, why_cap) < 0)
		return -1;
	gate = openat(directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		      0600);
	if (gate < 0)
		snprintf(why, why_cap, "the lock file cannot be opened: %s", errno_words(errno));
	return gate;
}

struct owned gate_open(struct log *log)
{
	char why[256] = "", why_spare[256] = "";
	int gate = open_lock(rundir_open, why, sizeof(why));

	if (gate >= 0)
		return owned_take(gate);
	gate = open_lock(rundir_open_spare, why_spare, sizeof(why_spare));
	if (gate >= 0)
		log_line(log, ICRED_LOG_INFO, "the lock is in /tmp: %s", why);
	else
		log_caution(log, "several processes may mint the same token at once: %s, and %s", why,
			    why_spare);
	return owned_take(gate);
}

/*
 * One file for all tokens: each has a byte of its own in it.  The lock belongs
 * to the open file, not to the process, so handles do not disturb each other.
 */
static int lock_range(int fd, short type, uint64_t hash)
{
	struct flock range = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)(hash >> 2), .l_len = 1};

	return fcntl(fd, F_OFD_SETLK, &range);
}

int gate_try(const struct owned *gate, uint64_t hash)
{
	int fd = owned_fd(gate);

	if (fd < 0 || lock_range(fd, F_WRLCK, hash) == 0)
		return ICRED_OK;
	if (errno == EAGAIN || errno == EACCES)
		return ICRED_E_CANCELLED;
	return ICRED_OK; /* a file system without locks: better two tokens than none */
}

void gate_leave(struct owned *gate, uint64_t hash)
{
	int fd = owned_fd(gate);

	/* Unlocked by name, as a child that was forked meanwhile holds the same open file. */
	if (fd >= 0)
		lock_range(fd, F_UNLCK, hash);
	owned_close(gate);
}
