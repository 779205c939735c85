/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starting the worker from inside a program that is not ours, unseen: no SIGCHLD
 * reaches the caller, its wait() never meets our child, no descriptor of its
 * own leaks into it, and no zombie is left in its name or another process's.
 */
#ifndef ICRED_LIB_CLIENT_LAUNCH_H
#define ICRED_LIB_CLIENT_LAUNCH_H

#include <sys/types.h>

#include "lib/base/descriptor.h"
#include "lib/base/language.h"

struct child {
	pid_t pid; /* for messages: only the supervisor knows whether the number is still the worker's */
	pid_t supervisor;    /* its parent, and a child of ours; 0: there was no memory for one */
	struct owned socket; /* the supervisor's socket, which says how the worker ended */
};

#define NO_CHILD ((struct child){0, 0, OWNED_NONE})

/* Run `path` with `control` as its standard input. */
int spawn(const char *path, int control, bool keep_stderr, struct child *ret_child);
void child_kill(const struct child *child);
/* Whether it has ended by now, or does so in a moment, and how: as waitpid(2) has it. */
bool child_ended(const struct child *child, int *ret_status);
/* Wait for its end, kill it if that takes too long, and forget it.  Returns whether its wait status is known. */
bool child_release(struct child *child, int *ret_status);
/* It is another process's: only forget it. */
void child_forget(struct child *child);

/* A wait status in words: "crashed (SIGSEGV)". */
#define STATUS_WORDS_MAX 48
void status_words(int status, char *words, size_t cap);

#endif
