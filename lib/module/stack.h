/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The stack: the lines of one facility in order, and what each result of a
 * module means for the whole.  Modules report facts; only this file decides.
 */
#ifndef ICRED_LIB_MODULE_STACK_H
#define ICRED_LIB_MODULE_STACK_H

#include <icred/module.h>

#include "lib/base/error.h"
#include "lib/base/log.h"
#include "lib/base/util.h"

enum action { ACTION_IGNORE, ACTION_OK, ACTION_DONE, ACTION_BAD, ACTION_DIE, ACTION_COUNT };

#define RESULT_COUNT (1 - ERROR_LAST) /* success and every ICRED_E_ code */

/* What to do for each result; indexed by minus the code. */
struct control {
	unsigned char action[RESULT_COUNT];
};

/*
 * `required`, `requisite`, `sufficient`, `optional` or a bracket's inside, as "success=done default=die".
 * What a keyword makes of a failure depends on the facility.
 */
bool control_parse(int facility, const char *text, struct control *ret_control, char *why, size_t why_cap);

/* The other way round: the keyword that says the same, or the bracket form. */
void control_format(int facility, const struct control *control, char *text, size_t cap);

/* Where a word of a stack line stands. */
struct spot {
	unsigned line, column;
};

/* One line of a stack. */
struct line {
	int facility;
	bool optional_module; /* "-key": a missing module is no error */
	struct control control;
	char *module;
	char **arguments;   /* NAME=VALUE or NAME, NULL-terminated */
	struct spot *spots; /* of each of them; 0 where it stands in no file */
	char *file;
	unsigned number, column; /* where the module's name stands */
	bool faulty;             /* there is no such module, or it is none: no control makes up for that */
	void *checked;           /* struct module, once it is loaded and held to the ABI */
	void *opened;            /* the same, once it can be used */
};

const char *facility_name(int facility);
int facility_number(const char *name); /* 0 if it is none */

/*
 * Call each line of the facility until the controls say stop.  call() returns
 * success, a failure, or STACK_SKIP: as if the line were not there.  Returns
 * success if the stack as a whole succeeded, with *ret_decider the line whose
 * success counts; otherwise the failure that counts, as this thread's failure.
 * A line whose module is faulty fails the stack whatever its control says.
 * If no line's result counts, that is `undecided`, or (0) the most telling of
 * the failures that the controls ignored.
 */
#define STACK_SKIP 1
struct stack {
	struct line *lines;
	size_t count;
};
int stack_run(const struct stack *stack, int facility, const struct log *log,
	      int (*call)(struct line *line, void *data), void *data, int undecided,
	      struct line **ret_decider);
/* A module that failed without a word, or said something else before, is told with its name. */
void line_tell_silent(const struct line *line, int code);
/* Whether this failure of the line fails the stack, by its control or because its module is faulty. */
bool line_fails_stack(const struct line *line, int result);
/* Explain in the log (NULL: to nobody) what came of a line, with this thread's failure as the reason. */
void line_explain(const struct log *log, const struct line *line, int result, const char *meaning);

#endif
