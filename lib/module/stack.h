/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Walking a stack: the lines of one facility in order, and what each result of a
 * module means for the whole.  Modules report facts; only this file decides.
 */
#ifndef ICRED_LIB_MODULE_STACK_H
#define ICRED_LIB_MODULE_STACK_H

#include <limits.h>

#include "lib/base/log.h"
#include "lib/profile/line.h"

/*
 * Call each line of the facility until the controls say stop.  call() returns
 * success, a failure, or STACK_SKIP: as if the line were not there.  Returns
 * success if the stack as a whole succeeded, with *ret_decider the line whose
 * success counts; otherwise the failure that counts, as this thread's failure.
 * A line whose module is faulty fails the stack whatever its control says.
 * If no line's result counts, the failure is `undecided`; if that is 0, the
 * most significant one of those that the controls ignored.
 */
#define STACK_SKIP (INT_MAX / 2) /* a number that no module returns */
int stack_run(const struct stack *stack, int facility, const struct log *log,
	      int (*call)(struct line *line, void *data), void *data, int undecided,
	      struct line **ret_decider);
/* A module's result that is not success as a failure of this thread: it has a code, a message and the line. */
int line_failure(const struct line *line, int result);
/* Whether this failure of the line fails the stack, by its control or because its module is faulty. */
bool line_fails_stack(const struct line *line, int result);
/* Explain in the log (which may be NULL) what came of a line, with this thread's failure as the reason. */
void line_explain(const struct log *log, const struct line *line, int result, const char *meaning);

#endif
