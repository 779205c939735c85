/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which module each request is in, so that one that crashes, ends the process,
 * never comes back or writes to standard output is told by its name.  Nothing
 * of this costs a message while all goes well.
 */
#ifndef ICRED_HELPER_WORKER_INSIDE_H
#define ICRED_HELPER_WORKER_INSIDE_H

#include "helper/worker/job.h"

/* Once, at the start: signal handlers, and a standard output that nobody reads but us. */
void inside_watch(void);
/* A request is at work, and no more. */
void inside_begin(struct request *request);
void inside_end(struct request *request);

/* Around everything that may call into the line's module, its loading too. */
void inside_enter(struct request *request, enum inside which, const struct line *line);
/* Returns `result`, or the failure of a module that wrote to standard output. */
int inside_leave(struct request *request, enum inside which, int result);

/* Milliseconds until a request should have come back from its module; -1: none is in one. */
int inside_due(void);
/* Answer for those that did not.  Returns true if there was one. */
bool inside_overdue(void);

#endif
