/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Running another program: started in a process group of its own, read until it has ended or its
 * time is over, ended with all that it started, reaped.  For processes with threads too.
 */
#ifndef ICRED_LIB_BASE_SUBPROCESS_H
#define ICRED_LIB_BASE_SUBPROCESS_H

#include <signal.h>
#include <stddef.h>
#include <sys/types.h>

/* What it prints; what does not fit is read and dropped, so if the buffer is full, the end may be missing. */
struct capture {
	char *bytes; /* the caller's; NULL: not captured, it writes where we write */
	size_t cap, len;
};

struct subprocess {
	const char *path; /* without a slash, it is looked up in PATH */
	char *const *argv;
	char *const *environment; /* NULL: ours */
	struct capture out, err;
	/*
	 * Asked before each wait: how many milliseconds to wait at most before asking again; with a
	 * negative number, the program is ended.  NULL: it takes as long as it takes.
	 */
	int (*wait)(struct subprocess *process);
	void *data;   /* for wait() */
	int farewell; /* milliseconds between SIGTERM and SIGKILL to the group */
	/* If not NULL: its process group while it runs, else 0, for signal handlers that end it. */
	volatile sig_atomic_t *group;
	int status; /* as waitpid(2) has it; 0 if the caller ignores SIGCHLD, as there is none then */
	int error;  /* errno, for errno_words() */
};

enum subprocess_end {
	SUBPROCESS_ENDED,       /* by itself; what it left in the background is not waited for */
	SUBPROCESS_STOPPED,     /* as wait() said */
	SUBPROCESS_NOT_RUN,     /* there is no such program, or it cannot be executed: error */
	SUBPROCESS_NOT_STARTED, /* for want of a process or of a descriptor: error */
};

/*
 * Its standard input is /dev/null.  It gets no other descriptor, no blocked signal, and SIGPIPE
 * and SIGXFSZ as usual; it is killed if the calling thread ends.
 */
enum subprocess_end subprocess_run(struct subprocess *process);

/*
 * For a caller that watches the output itself: fork(2), with the child's number in *ret_pid before a signal
 * can be handled.  The child gets the caller's signal mask, and the signal `death` if the calling thread ends.
 */
pid_t subprocess_fork(volatile sig_atomic_t *ret_pid, int death);
/* Wait for its end; *pid becomes 0 before its number can become another's.  Returns the status. */
int subprocess_reap(volatile sig_atomic_t *pid);

#endif
