/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How a call's time is divided: the one place.
 *
 * Each layer waits for the next one inside it: the program's alarm for the library, the library
 * for the worker, the worker for its modules, a module for what it uses (libcurl, a
 * command, the keyring, a question).  The innermost one knows what was slow, so each
 * layer gives the next a little less time than it has itself, and the
 * outermost ends at the figure that the user gave.
 */
#ifndef ICRED_LIB_BASE_DEADLINE_H
#define ICRED_LIB_BASE_DEADLINE_H

#include <stdint.h>

#define DEADLINE_SHARE    40   /* a layer keeps back this part of the time left, */
#define DEADLINE_LEAST    5    /* milliseconds at least: to be scheduled, and to say why, */
#define DEADLINE_MOST     150  /* and at most */
#define DEADLINE_TINY     4    /* but of very little time no more than this part */
#define DEADLINE_STUCK    2000 /* milliseconds past its deadline, before a worker that was not killed ends */
#define DEADLINE_FAREWELL 100  /* milliseconds at most between asking a process to end and killing it */
#define DEADLINE_REAP     1000 /* milliseconds for a worker that should end by itself, before it is killed */
#define DEADLINE_STATUS   500  /* milliseconds for the status of a worker that has ended */

/* What a layer with so many milliseconds left keeps for itself. */
static inline int64_t deadline_margin(int64_t left)
{
	int64_t margin = left / DEADLINE_SHARE;

	if (left <= 0)
		return 0;
	if (margin < DEADLINE_LEAST)
		margin = left / DEADLINE_TINY < DEADLINE_LEAST ? left / DEADLINE_TINY : DEADLINE_LEAST;
	return margin > DEADLINE_MOST ? DEADLINE_MOST : margin;
}

/* What is left for the next layer. */
static inline int64_t deadline_inner(int64_t left)
{
	return left - deadline_margin(left);
}

/* For what gets a moment to end by itself: as long as a layer's margin, and never longer than a farewell. */
static inline int64_t deadline_farewell(int64_t left)
{
	int64_t margin = deadline_margin(left);

	return margin > DEADLINE_FAREWELL ? DEADLINE_FAREWELL : margin;
}

/* The same for a time of clock_ms(): the deadline that a layer gives to the one `layers` further in. */
int64_t deadline_inside(int64_t deadline, unsigned layers);

/* From then on a process mints by itself, even if another one is minting: when a third of the time is left. */
int64_t deadline_alone(int64_t deadline);

#endif
