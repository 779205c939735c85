/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/curl/curl-brake.h"

#define FREE_OF_WAIT  3 /* replacements */
#define DEAD_MS       1000
#define DEAD_MAX      300000
#define DOUBTFUL_MS   60000
#define DOUBTFUL_MAX  3600000
#define DOUBLINGS_MAX 16

/* Replacements of one kind since the last good news. */
struct pause {
	unsigned count;
	int64_t last;
};

struct brake {
	struct brake *next;
	struct pause pauses[2];
	char installation[];
};

static struct brake **find(struct brakes *brakes, const char *installation)
{
	struct brake **at = &brakes->list;

	while (*at && strcmp((*at)->installation, installation) != 0)
		at = &(*at)->next;
	return at;
}

static void drop(struct brakes *brakes, struct brake **at)
{
	struct brake *brake = *at;

	*at = brake->next;
	free(brake);
	atomic_fetch_sub(&brakes->count, 1);
}

static struct brake *add(struct brakes *brakes, const char *installation)
{
	size_t size = strlen(installation) + 1;
	struct brake *brake = calloc(1, sizeof(*brake) + size), **last;

	if (!brake)
		return NULL;
	if (atomic_load(&brakes->count) >= BRAKES_MAX) {
		for (last = &brakes->list; (*last)->next; last = &(*last)->next)
			;
		drop(brakes, last);
	}
	memcpy(brake->installation, installation, size);
	brake->next = brakes->list;
	brakes->list = brake;
	atomic_fetch_add(&brakes->count, 1);
	return brake;
}

static void brakes_lock(struct brakes *brakes)
{
	if (lock_take(&brakes->lock)) {
		brakes->list = NULL; /* torn by a fork */
		atomic_store(&brakes->count, 0);
	}
}

static int64_t pause_left(const struct pause *pause, int64_t first, int64_t most, int64_t now)
{
	unsigned doublings;

	if (pause->count < FREE_OF_WAIT)
		return 0;
	doublings = MIN(pause->count - FREE_OF_WAIT, DOUBLINGS_MAX);
	return MAX(pause->last + MIN(first << doublings, most) - now, 0);
}

unsigned brake_try(struct brakes *brakes, const char *installation, int how)
{
	int64_t now = clock_ms(), left = 0;
	struct brake *brake;

	installation = installation ? installation : "";
	brakes_lock(brakes);
	brake = *find(brakes, installation);
	if (!brake)
		brake = add(brakes, installation);
	if (brake) {
		left = pause_left(&brake->pauses[TOKEN_DEAD], DEAD_MS, DEAD_MAX, now);
		if (how == TOKEN_DOUBTFUL)
			left = MAX(left, pause_left(&brake->pauses[TOKEN_DOUBTFUL], DOUBTFUL_MS, DOUBTFUL_MAX,
						    now));
	}
	for (int i = TOKEN_DEAD; brake && !left && i <= how; i++)
		brake->pauses[i] = (struct pause){brake->pauses[i].count + 1, now};
	lock_give(&brakes->lock);
	return (unsigned)((left + 999) / 1000);
}

void brake_good(struct brakes *brakes, const char *installation)
{
	struct brake **at;

	if (!atomic_load_explicit(&brakes->count, memory_order_relaxed))
		return;
	brakes_lock(brakes);
	at = find(brakes, installation ? installation : "");
	if (*at && (*at)->pauses[TOKEN_DOUBTFUL].count)
		(*at)->pauses[TOKEN_DEAD] = (struct pause){0, 0};
	else if (*at)
		drop(brakes, at);
	lock_give(&brakes->lock);
}

void brake_cured(struct brakes *brakes, const char *installation, bool cured)
{
	struct brake *brake;

	brakes_lock(brakes);
	brake = *find(brakes, installation ? installation : "");
	if (brake && cured)
		brake->pauses[TOKEN_DOUBTFUL] = (struct pause){0, 0};
	else if (brake) /* known to be for nothing, however many say so: no more of it for now */
		brake->pauses[TOKEN_DOUBTFUL].count = MAX(brake->pauses[TOKEN_DOUBTFUL].count, FREE_OF_WAIT);
	lock_give(&brakes->lock);
}

void brakes_clear(struct brakes *brakes)
{
	brakes_lock(brakes);
	while (brakes->list)
		drop(brakes, &brakes->list);
	lock_give(&brakes->lock);
}
