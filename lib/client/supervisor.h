/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The processes that the library starts: the supervisor, and through it the worker.  What
 * is here runs in them and not in the caller, so it may do what the library
 * otherwise leaves alone: signals and attributes of the process.
 */
#ifndef ICRED_LIB_CLIENT_SUPERVISOR_H
#define ICRED_LIB_CLIENT_SUPERVISOR_H

#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define STACK_SIZE ((size_t)32768)

/* Says what the end of the socket says, for a caller that has lost its own end. */
#define SUPERVISOR_RELEASE SIGUSR2

/*
 * How a child is made: in our memory, while we wait.  ThreadSanitizer takes
 * every clone(2) for a fork(2), and its own state would be torn by two processes
 * that go on in one memory; it gets the copy that it expects.
 */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define CHILD_FLAGS CLONE_VFORK
#endif
#elif defined(__SANITIZE_THREAD__)
#define CHILD_FLAGS CLONE_VFORK
#endif
#ifndef CHILD_FLAGS
#define CHILD_FLAGS (CLONE_VM | CLONE_VFORK)
#endif

/* The step at which the start of a worker failed. */
enum stage { STAGE_DESCRIPTORS = 1, STAGE_PROCESS, STAGE_NULL, STAGE_EXEC };

/* The worker's number, or why there is none. */
struct report {
	pid_t pid;
	enum stage stage;
	int error;
};

/*
 * What the supervisor and the worker-to-be need.  The worker-to-be runs in the
 * memory of who starts it, as posix_spawn(3) does it; but not everywhere (not
 * under valgrind, say), so what they report comes on pipes and sockets.
 */
struct start {
	const char *path;
	char *const *environment;
	pid_t caller;
	int control;
	bool keep_stderr;
	unsigned char *stack; /* two of STACK_SIZE */
	bool stays;           /* the supervisor, until the worker has ended */
	int exec;             /* pipe from the worker-to-be: its failure, or the end at exec */
	int socket;           /* the supervisor's end of its socket to us */
};

/* For clone(2): the supervisor of a struct start. */
int supervisor_run(void *start);

#endif
