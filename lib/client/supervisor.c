/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/deadline.h"
#include "lib/base/language.h"
#include "lib/client/supervisor.h"

#define EXEC_FD           (STDERR_FILENO + 1)
#define SUPERVISOR_ORPHAN SIGTERM /* the kernel's, when a thread of the caller ends, or the caller */

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

/* They end on a stack that the address sanitizer has not seen, and it would complain of that. */
#define _own_stack_ __attribute__((no_sanitize("address")))

static int _own_stack_ run_worker(void *data)
{
	char name[] = "icred-worker", *argv[] = {name, NULL};
	struct start *start = data;
	int exec = above_standard(start->exec);
	int null = above_standard(open("/dev/null", O_RDWR | O_CLOEXEC));
	struct report failure = {0, null < 0 ? STAGE_NULL : STAGE_DESCRIPTORS, 0};
	/* If the caller had closed it, it may be one of our own sockets by now. */
	bool keep_stderr = start->keep_stderr && fcntl(STDERR_FILENO, F_GETFD) == 0;

	if (null >= 0 && move_descriptor(start->control, STDIN_FILENO) &&
	    move_descriptor(null, STDOUT_FILENO) && (keep_stderr || move_descriptor(null, STDERR_FILENO)) &&
	    (exec == EXEC_FD || dup3(exec, EXEC_FD, O_CLOEXEC) == EXEC_FD)) {
		exec = EXEC_FD;
		close_from(EXEC_FD + 1);
		setsid();
		failure.stage = STAGE_EXEC;
		if (chdir("/") == 0)
			execve(start->path, argv, start->environment);
	}
	failure.error = errno;
	_exit(write(exec, &failure, sizeof(failure)) == (ssize_t)sizeof(failure) ? 127 : 126);
}

/* No other thread is here to fork meanwhile, so the pipe does end when the worker-to-be is the worker. */
static struct report _own_stack_ clone_worker(struct start *start)
{
	struct report failure;
	int pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return (struct report){0, STAGE_DESCRIPTORS, errno};
	start->exec = pair[1];
	pid = clone(run_worker, start->stack + 2 * STACK_SIZE, CHILD_FLAGS, start);
	if (pid < 0)
		failure = (struct report){0, STAGE_PROCESS, errno};
	close(pair[1]);
	if (pid > 0 && read(pair[0], &failure, sizeof(failure)) != (ssize_t)sizeof(failure))
		failure = (struct report){pid, 0, 0};
	close(pair[0]);
	return failure;
}

/*
 * Reap the worker, and stay until the caller can reap us: asleep rather than a
 * zombie of the caller's.  A byte on the socket asks for the worker's death.  The
 * end of the socket, a signal of the caller's, or the end of the caller, releases
 * both: the worker has a moment to end, and is killed after that.
 */
static void _own_stack_ supervise(const struct start *start, pid_t worker, int signals)
{
	struct pollfd wait[] = {{.fd = start->socket, .events = POLLIN}, {.fd = signals, .events = POLLIN}};
	bool ended = false, released = false;
	struct signalfd_siginfo info;
	int status, kills = 0;

	while (!ended || !released) {
		if (poll(wait, 2, released ? DEADLINE_REAP : -1) == 0) {
			if (kills++)
				return; /* not even SIGKILL ends it: a file system hangs */
			kill(worker, SIGKILL);
		}
		if (!released) {
			char byte;
			ssize_t n = recv(start->socket, &byte, 1, MSG_DONTWAIT);
			if (n > 0 && !ended)
				kill(worker, SIGKILL);
			released = n == 0 || (n < 0 && errno != EAGAIN);
		}
		while (read(signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
			released |=
				(pid_t)info.ssi_pid == start->caller && info.ssi_signo == SUPERVISOR_RELEASE;
		released |= getppid() != start->caller;
		wait[0].fd = released ? -1 : start->socket;
		if (!ended && waitpid(worker, &status, WNOHANG | __WALL) == worker) {
			ended = true;
			send(start->socket, &status, sizeof(status), MSG_NOSIGNAL | MSG_DONTWAIT);
		}
	}
}

/* All signals are blocked here: those that the supervisor answers to come by this descriptor, and no others. */
static int _own_stack_ supervisor_prepare(const struct start *start)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t asked;

	sigemptyset(&asked);
	sigaddset(&asked, SIGCHLD);
	sigaddset(&asked, SUPERVISOR_RELEASE);
	sigaddset(&asked, SUPERVISOR_ORPHAN);
	setsid(); /* a SIGKILL to the caller's whole group must not leave the worker without its parent */
	sigaction(SIGCHLD, &usual, NULL); /* ignored, it would take the worker's status */
	prctl(PR_SET_PDEATHSIG, SUPERVISOR_ORPHAN);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NAME, "icred-supervise");
	return start->socket < 0 ? -1 : signalfd(-1, &asked, SFD_CLOEXEC | SFD_NONBLOCK);
}

/* To 0 and 1, where closing the rest is one call. */
static bool _own_stack_ supervisor_close(struct start *start, int *signals)
{
	int high = fcntl(*signals, F_DUPFD_CLOEXEC, STDERR_FILENO);

	if (high < 0 || dup2(start->socket, 0) != 0 || dup2(high, 1) != 1)
		return false;
	start->socket = 0;
	*signals = 1;
	close_from(2);
	return chdir("/") == 0;
}

/*
 * Between the caller and the worker, as its parent, so that it is always reaped,
 * whatever the caller does with SIGCHLD and whatever process 1 does with
 * orphans: a child that never execs, and so neither signals nor shows up in an
 * ordinary wait() (exec gives SIGCHLD to a process that was cloned without it).  It
 * alone sends the worker signals: as its parent it knows that the number is
 * still the worker's.  It runs in a copy of the caller's memory, where other
 * threads may have held any lock: only system calls are allowed.
 */
int _own_stack_ supervisor_run(void *data)
{
	struct start *start = data;
	int signals = start->stays ? supervisor_prepare(start) : -1;
	struct report report = {0, STAGE_DESCRIPTORS, errno};
	bool ready;

	if (!start->stays || signals >= 0)
		report = clone_worker(start);
	/* First, so that the caller's own descriptors are its alone again when it goes on. */
	ready = signals >= 0 && !report.stage && supervisor_close(start, &signals);
	if (send(start->socket, &report, sizeof(report), MSG_NOSIGNAL) < 0 || signals < 0)
		_exit(0);
	if (report.stage)
		waitpid(-1, NULL, __WALL);
	else if (ready)
		supervise(start, report.pid, signals);
	_exit(0);
}
