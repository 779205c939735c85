/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "spawn.h"

#define STACK_SIZE ((size_t)32768)
#define REAP_MS    1000

/*
 * Shared by caller, go-between and worker-to-be: they run in one memory
 * (CLONE_VM), one after the other (CLONE_VFORK), as posix_spawn(3) does it.
 */
struct start {
	const char *path;
	char *const *environment;
	int control;
	bool keep_stderr;
	unsigned char *stack; /* two of STACK_SIZE */
	pid_t pid;
	int error;
};

static void close_from(unsigned first)
{
	struct rlimit limit = {1024, 1024};

#ifdef SYS_close_range
	if (syscall(SYS_close_range, first, ~0u, 0) == 0)
		return;
#endif
	getrlimit(RLIMIT_NOFILE, &limit);
	for (unsigned fd = first; fd < MIN(limit.rlim_cur, 65536); fd++)
		close((int)fd);
}

/* dup2(2) clears FD_CLOEXEC, except from a descriptor to itself. */
static bool move_descriptor(int from, int to)
{
	return from == to ? fcntl(from, F_SETFD, 0) == 0 : dup2(from, to) == to;
}

static int run_worker(void *data)
{
	char name[] = "icred-worker", *argv[] = {name, NULL};
	struct start *start = data;
	int null = open("/dev/null", O_RDWR);

	/* The null device may have landed on 0, 1 or 2 if the caller had closed those. */
	if (null >= 0 && move_descriptor(start->control, STDIN_FILENO) &&
	    move_descriptor(null, STDOUT_FILENO) &&
	    (start->keep_stderr || move_descriptor(null, STDERR_FILENO))) {
		close_from(STDERR_FILENO + 1);
		setsid();
		if (chdir("/") == 0)
			execve(start->path, argv, start->environment);
	}
	start->error = errno;
	_exit(127);
}

static int run_between(void *data)
{
	struct start *start = data;

	start->pid = clone(run_worker, start->stack + 2 * STACK_SIZE, CLONE_VM | CLONE_VFORK, start);
	if (start->pid < 0)
		start->error = errno;
	_exit(0);
}

/*
 * Orphans of ours come back to us when we are init (in a container) or a
 * subreaper, with SIGCHLD and all: there the worker must stay our direct child,
 * which with exit signal 0 neither signals nor shows up in an ordinary wait().
 */
static bool orphans_come_to_us(void)
{
	int subreaper = 0;

	return getpid() == 1 || (prctl(PR_GET_CHILD_SUBREAPER, &subreaper) == 0 && subreaper);
}

static void start_direct(struct start *start)
{
	start->pid = clone(run_worker, start->stack + STACK_SIZE, CLONE_VM | CLONE_VFORK, start);
	if (start->pid < 0)
		start->error = errno;
}

static void start_orphan(struct start *start)
{
	pid_t between = clone(run_between, start->stack + STACK_SIZE, CLONE_VM | CLONE_VFORK, start);

	if (between < 0) {
		start->error = errno;
		return;
	}
	while (waitpid(between, NULL, __WALL) < 0 && errno == EINTR)
		;
}

/* All but a token that `icred exec` may have left; nearly nothing for a privileged caller. */
static char **worker_environment(void)
{
	static char path[] = "PATH=/usr/bin:/bin";
	size_t count = 0, kept = 0;
	char **copy;

	while (environ && environ[count])
		count++;
	copy = calloc(count + 2, sizeof(*copy));
	if (!copy)
		return NULL;
	if (getauxval(AT_SECURE)) {
		copy[0] = path;
		return copy;
	}
	for (size_t i = 0; i < count; i++)
		if (strncmp(environ[i], "ICRED_TOKEN=", 12) != 0)
			copy[kept++] = environ[i];
	return copy;
}

static int open_pidfd(pid_t pid)
{
#ifdef SYS_pidfd_open
	return (int)syscall(SYS_pidfd_open, pid, 0);
#else
	(void)pid;
	return -1;
#endif
}

int spawn(const char *path, int control, bool keep_stderr, struct child *ret_child)
{
	_cleanup_free_ char **environment = worker_environment();
	_cleanup_free_ unsigned char *stack = aligned_alloc(64, 2 * STACK_SIZE);
	struct start start = {.path = path, .control = control, .keep_stderr = keep_stderr, .pid = -1};
	bool direct = orphans_come_to_us();
	sigset_t all, old;

	if (!environment || !stack)
		return set_no_memory();
	start.environment = environment;
	start.stack = stack;
	/* No handler of the caller's may run while the child uses the caller's memory. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	if (direct)
		start_direct(&start);
	else
		start_orphan(&start);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (start.error || start.pid < 0) {
		if (direct && start.pid > 0)
			waitpid(start.pid, NULL, __WALL);
		return set_error(ICRED_E_INTERNAL, "can't start %s: %s; is libicred installed completely?",
				 path, strerror(start.error ? start.error : EAGAIN));
	}
	*ret_child = (struct child){start.pid, open_pidfd(start.pid), direct};
	return ICRED_OK;
}

void child_kill(struct child *child)
{
	if (child->pid <= 0)
		return;
#ifdef SYS_pidfd_send_signal
	if (child->pidfd >= 0) {
		syscall(SYS_pidfd_send_signal, child->pidfd, SIGKILL, NULL, 0);
		return;
	}
#endif
	if (child->direct) /* nobody else reaps it, so the number is still its own */
		kill(child->pid, SIGKILL);
}

void child_release(struct child *child)
{
	if (child->pid > 0 && child->direct) {
		struct pollfd end = {.fd = child->pidfd, .events = POLLIN};
		if (child->pidfd < 0 || poll(&end, 1, REAP_MS) != 1)
			child_kill(child);
		while (waitpid(child->pid, NULL, __WALL) < 0 && errno == EINTR)
			;
	}
	child->pidfd = close_keep_errno(child->pidfd);
	child->pid = 0;
}
