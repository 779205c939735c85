/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Starting the worker from inside somebody else's program, unseen: no SIGCHLD
 * reaches the caller, its wait() never meets our child, no descriptor of its
 * own leaks into it, and no zombie is left in its name.
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include <sys/types.h>

#include "util.h"

struct child {
	pid_t pid;
	int pidfd;    /* or -1 on kernels before 5.3 */
	pid_t keeper; /* ours to reap; 0: nobody is, for init reaps the worker */
	int leash;    /* the keeper's socket: it ends at a word on it; or -1 */
};

/* Run `path` with `control` as its standard input. */
int spawn(const char *path, int control, bool keep_stderr, struct child *ret_child);
void child_kill(struct child *child);
/* Forget it; if it is ours to reap, wait for it, and kill it if that takes too long. */
void child_release(struct child *child);

#endif
