/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"
#include "launch.h"
#include "worker-environment.h"

#define STACK_SIZE ((size_t)32768)
#define REAP_MS    1000
#define EXEC_FD    (STDERR_FILENO + 1)

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

/*
 * What the process in between and the worker-to-be need.  They run in our
 * memory, one after the other, as posix_spawn(3) does it; but not everywhere (not
 * under valgrind, say), so what they have to tell comes on pipes.
 */
struct start {
	const char *path;
	char *const *environment;
	int control;
	bool keep_stderr;
	unsigned char *stack; /* two of STACK_SIZE */
	bool keep;            /* whether the process in between stays */
	int exec;             /* pipe from the worker-to-be to it: an errno, or the end at exec */
	int report;           /* pipe from it to us */
	int leash;            /* ours to it: at its end it ends */
};

/* The worker's number, or why there is none. */
struct report {
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

/* Above the standard descriptors, as those that the caller had closed are still to be filled. */
static int above_standard(int fd)
{
	return fd >= 0 && fd <= STDERR_FILENO ? fcntl(fd, F_DUPFD_CLOEXEC, STDERR_FILENO + 1) : fd;
}

/* To the one place above the standard ones that stays open, and that till exec. */
static bool keep_exec(int from)
{
	return from == EXEC_FD || dup3(from, EXEC_FD, O_CLOEXEC) == EXEC_FD;
}

/* They end on a stack that the address sanitizer has not seen, and it would complain of that. */
#define _own_stack_ __attribute__((no_sanitize("address")))

static int _own_stack_ run_worker(void *data)
{
	char name[] = "icred-worker", *argv[] = {name, NULL};
	struct start *start = data;
	int exec = above_standard(start->exec), error;
	int null = above_standard(open("/dev/null", O_RDWR | O_CLOEXEC));
	/* If the caller had closed it, it may be one of our own sockets by now. */
	bool keep_stderr = start->keep_stderr && fcntl(STDERR_FILENO, F_GETFD) == 0;

	if (null >= 0 && move_descriptor(start->control, STDIN_FILENO) &&
	    move_descriptor(null, STDOUT_FILENO) && (keep_stderr || move_descriptor(null, STDERR_FILENO)) &&
	    keep_exec(exec)) {
		exec = EXEC_FD;
		close_from(EXEC_FD + 1);
		setsid();
		if (chdir("/") == 0)
			execve(start->path, argv, start->environment);
	}
	error = errno;
	_exit(write(exec, &error, sizeof(error)) == (ssize_t)sizeof(error) ? 127 : 126);
}

/* No other thread is here to fork meanwhile, so the pipe does end when the worker-to-be is the worker. */
static struct report _own_stack_ clone_worker(struct start *start)
{
	struct report report = {0, 0};
	int pair[2], error;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return (struct report){0, errno};
	start->exec = pair[1];
	report.pid = clone(run_worker, start->stack + 2 * STACK_SIZE, CHILD_FLAGS, start);
	if (report.pid < 0)
		report = (struct report){0, errno};
	close(pair[1]);
	if (report.pid && read(pair[0], &error, sizeof(error)) == (ssize_t)sizeof(error))
		report.error = error;
	close(pair[0]);
	return report;
}

/*
 * Between the caller and the worker.  Ends at once, so that the worker is an
 * orphan and init's to reap; or (keep) stays to reap it, and then runs in a copy
 * of the caller's memory, where other threads may have held any lock: only
 * system calls are allowed.
 */
static int _own_stack_ run_between(void *data)
{
	struct start *start = data;
	struct report report = clone_worker(start);
	ssize_t n = write(start->report, &report, sizeof(report));

	if (start->keep && n > 0 && report.pid && dup2(start->leash, 0) == 0) {
		close_from(1);
		while (waitpid(report.pid, NULL, __WALL) < 0 && errno == EINTR)
			;
		while (read(0, &n, 1) < 0 && errno == EINTR)
			; /* asleep rather than a zombie of the caller's until it has time for us */
	}
	_exit(0);
}

/*
 * Orphans of ours come back to us when we are init (in a container) or a
 * subreaper, with SIGCHLD and all; and exec gives SIGCHLD to whoever was
 * cloned without it.  So there a keeper stays between us: a child that never
 * execs, and so neither signals nor shows up in an ordinary wait(), and which
 * does nothing but reap the worker.
 */
static bool orphans_come_to_us(void)
{
	int subreaper = 0;

	return getpid() == 1 || (prctl(PR_GET_CHILD_SUBREAPER, &subreaper) == 0 && subreaper);
}

static void reap(pid_t between)
{
	while (between > 0 && waitpid(between, NULL, __WALL) < 0 && errno == EINTR)
		;
}

/* Returns the process in between, which is to be reaped. */
static pid_t start_between(struct start *start, struct report *ret_report)
{
	struct report report;
	pid_t between;
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0) {
		ret_report->error = errno;
		return 0;
	}
	start->report = pair[1];
	between = clone(run_between, start->stack + STACK_SIZE, start->keep ? 0 : CHILD_FLAGS, start);
	if (between < 0)
		ret_report->error = errno;
	close(pair[1]);
	if (between > 0 && read(pair[0], &report, sizeof(report)) == (ssize_t)sizeof(report))
		*ret_report = report;
	close(pair[0]);
	return between;
}

/* The same with a leash, which for a keeper stays with us: *ret_leash. */
static pid_t start_leashed(struct start *start, struct report *ret_report, int *ret_leash)
{
	pid_t between;
	int pair[2];

	if (!start->keep)
		return start_between(start, ret_report);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
		ret_report->error = errno;
		return 0;
	}
	start->leash = pair[0];
	between = start_between(start, ret_report);
	close(pair[0]);
	*ret_leash = pair[1];
	return between;
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

static bool have_pidfds(void)
{
	int fd = open_pidfd(getpid());

	close_keep_errno(fd);
	return fd >= 0;
}

int spawn(const char *path, int control, bool keep_stderr, struct child *ret_child)
{
	_cleanup_free_ char **environment = worker_environment();
	_cleanup_free_ unsigned char *stack = aligned_alloc(64, 2 * STACK_SIZE);
	struct start start = {.path = path, .control = control, .keep_stderr = keep_stderr};
	struct report report = {0, 0};
	int leash = -1;
	pid_t between;
	sigset_t all, old;

	if (!environment || !stack)
		return set_no_memory();
	start.environment = environment;
	start.stack = stack;
	/* Without pidfds only a keeper makes sure that the worker's number stays its own. */
	start.keep = orphans_come_to_us() || !have_pidfds();
	/* No handler of the caller's may run while the child uses the caller's memory. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	between = start_leashed(&start, &report, &leash);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (report.error || report.pid <= 0)
		leash = close_keep_errno(leash);
	if (leash < 0)
		reap(between);
	if (report.error || report.pid <= 0)
		return set_error(ICRED_E_INTERNAL, "can't start %s: %s; is libicred installed completely?",
				 path, strerror(report.error ? report.error : EAGAIN));
	*ret_child = (struct child){report.pid, open_pidfd(report.pid), leash < 0 ? 0 : between, leash};
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
	if (child->keeper)
		kill(child->pid, SIGKILL);
}

void child_release(struct child *child)
{
	if (child->pid > 0 && child->keeper) {
		struct pollfd end = {.fd = child->pidfd, .events = POLLIN};
		if (child->pidfd < 0 || poll(&end, 1, REAP_MS) != 1)
			child_kill(child);
		/* A word and not just its end, which a child that was forked meanwhile holds too. */
		send(child->leash, "", 1, MSG_NOSIGNAL);
		child->leash = close_keep_errno(child->leash);
		reap(child->keeper);
	}
	child->pidfd = close_keep_errno(child->pidfd);
	child->pid = child->keeper = 0;
}
