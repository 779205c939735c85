/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/curl/curl-backoff.h"

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

struct backoff {
	struct backoff *next;
	struct pause pauses[2];
	char installation[];
};

static struct backoff **find(struct backoffs *backoffs, const char *installation)
{
	struct backoff **at = &backoffs->list;

	while (*at && strcmp((*at)->installation, installation) != 0)
		at = &(*at)->next;
	return at;
}

static void drop(struct backoffs *backoffs, struct backoff **at)
{
	struct backoff *backoff = *at;

	*at = backoff->next;
	free(backoff);
	atomic_fetch_sub(&backoffs->count, 1);
}

static struct backoff *add(struct backoffs *backoffs, const char *installation)
{
	size_t size = strlen(installation) + 1;
	struct backoff *backoff = calloc(1, sizeof(*backoff) + size), **last;

	if (!backoff)
		return NULL;
	if (atomic_load(&backoffs->count) >= BACKOFFS_MAX) {
		for (last = &backoffs->list; (*last)->next; last = &(*last)->next)
			;
		drop(backoffs, last);
	}
	memcpy(backoff->installation, installation, size);
	backoff->next = backoffs->list;
	backoffs->list = backoff;
	atomic_fetch_add(&backoffs->count, 1);
	return backoff;
}

static void backoffs_lock(struct backoffs *backoffs)
{
	if (lock_take(&backoffs->lock)) {
		backoffs->list = NULL; /* torn by a fork */
		atomic_store(&backoffs->count, 0);
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

unsigned backoff_try(struct backoffs *backoffs, const char *installation, int how)
{
	int64_t now = clock_ms(), left = 0;
	struct backoff *backoff;

	installation = installation ? installation : "";
	backoffs_lock(backoffs);
	backoff = *find(backoffs, installation);
	if (!backoff)
		backoff = add(backoffs, installation);
	if (backoff) {
		left = pause_left(&backoff->pauses[TOKEN_DEAD], DEAD_MS, DEAD_MAX, now);
		if (how == TOKEN_DOUBTFUL)
			left = MAX(left, pause_left(&backoff->pauses[TOKEN_DOUBTFUL], DOUBTFUL_MS,
						    DOUBTFUL_MAX, now));
	}
	for (int i = TOKEN_DEAD; backoff && !left && i <= how; i++)
		backoff->pauses[i] = (struct pause){backoff->pauses[i].count + 1, now};
	lock_give(&backoffs->lock);
	return (unsigned)((left + 999) / 1000);
}

void backoff_accepted(struct backoffs *backoffs, const char *installation)
{
	struct backoff **at;

	if (!atomic_load_explicit(&backoffs->count, memory_order_relaxed))
		return;
	backoffs_lock(backoffs);
	at = find(backoffs, installation ? installation : "");
	if (*at && (*at)->pauses[TOKEN_DOUBTFUL].count)
		(*at)->pauses[TOKEN_DEAD] = (struct pause){0, 0};
	else if (*at)
		drop(backoffs, at);
	lock_give(&backoffs->lock);
}

void backoff_learn(struct backoffs *backoffs, const char *installation, bool helped)
{
	struct backoff *backoff;

	backoffs_lock(backoffs);
	backoff = *find(backoffs, installation ? installation : "");
	if (backoff && helped)
		backoff->pauses[TOKEN_DOUBTFUL] = (struct pause){0, 0};
	else if (backoff) /* known to be for nothing, however many say so: no more of it for now */
		backoff->pauses[TOKEN_DOUBTFUL].count =
			MAX(backoff->pauses[TOKEN_DOUBTFUL].count, FREE_OF_WAIT);
	lock_give(&backoffs->lock);
}

void backoffs_clear(struct backoffs *backoffs)
{
	backoffs_lock(backoffs);
	while (backoffs->list)
		drop(backoffs, &backoffs->list);
	lock_give(&backoffs->lock);
}
