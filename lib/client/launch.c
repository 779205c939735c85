/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/deadline.h"
#include "lib/base/descriptor.h"
#include "lib/base/error.h"
#include "lib/base/system-words.h"
#include "lib/base/worker-environment.h"
#include "lib/client/launch.h"
#include "lib/client/supervisor.h"

/* Children that an ordinary wait() does not see. */
#define WAIT_CLONES ((int)__WCLONE)

/*
 * Clones alone, so that a child of the program that has the supervisor's number by
 * now (as the program reaped ours, with __WALL) is not taken for it.
 */
static void reap(pid_t supervisor, int flags)
{
	while (supervisor > 0 && waitpid(supervisor, NULL, WAIT_CLONES | flags) < 0 && errno == EINTR)
		;
}

/* Returns the supervisor, and our end of its socket; or 0. */
static pid_t start_supervisor(struct start *start, bool stays, struct report *ret_report, int *ret_socket)
{
	pid_t supervisor;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		*ret_report = (struct report){0, STAGE_DESCRIPTORS, errno};
		return 0;
	}
	start->stays = stays;
	start->socket = pair[1];
	*ret_report = (struct report){0, STAGE_PROCESS, ECHILD};
	supervisor = clone(supervisor_run, start->stack + STACK_SIZE, stays ? 0 : CHILD_FLAGS, start);
	if (supervisor < 0)
		ret_report->error = errno;
	close(pair[1]);
	if (supervisor > 0 && recv(pair[0], ret_report, sizeof(*ret_report), 0) < 0)
		ret_report->error = errno;
	*ret_socket = pair[0];
	return MAX(supervisor, 0);
}

static int not_started(const char *path, const struct report *report)
{
	int error = report->stage == STAGE_PROCESS ? start_errno(report->error) : report->error;
	const char *advice;

	switch (report->stage) {
	case STAGE_EXEC:
		advice = error == ENOENT ? "; is libicred installed completely?"
			 : error == EACCES
				 ? "; make it executable, on a file system that is not mounted noexec"
			 : error == ENOEXEC ? "; it is not a program for this machine: install libicred again"
					    : "";
		return set_error(errno_code(error, ICRED_E_INTERNAL), "cannot start %s: %s%s", path,
				 errno_words(error), errno_advice(error, advice));
	case STAGE_NULL:
		return set_error(errno_code(error, ICRED_E_INTERNAL),
				 "cannot start icred-worker: /dev/null cannot be opened: %s%s",
				 errno_words(error),
				 errno_advice(error, "; run as root: mknod -m 666 /dev/null c 1 3"));
	default:
		return set_error(errno_code(error, ICRED_E_INTERNAL), "cannot start icred-worker: %s",
				 error == ECHILD ? "its supervisor was killed" : errno_words(error));
	}
}

int spawn(const char *path, int control, bool keep_stderr, struct child *ret_child)
{
	_cleanup_free_ char **environment = worker_environment();
	_cleanup_free_ unsigned char *stack = aligned_alloc(64, 2 * STACK_SIZE);
	struct start start = {
		.path = path, .control = control, .keep_stderr = keep_stderr, .caller = getpid()};
	struct report report;
	int socket = -1;
	pid_t supervisor;
	sigset_t all, old;

	if (!environment || !stack)
		return set_no_memory();
	start.environment = environment;
	start.stack = stack;
	/* No handler of the caller's may run in a supervisor, nor while a child uses the caller's memory. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	supervisor = start_supervisor(&start, true, &report, &socket);
	/* A large program where memory must not be promised twice: then its init has to reap the worker. */
	if (!supervisor && report.stage == STAGE_PROCESS && report.error == ENOMEM) {
		close_keep_errno(socket);
		reap(start_supervisor(&start, false, &report, &socket), 0);
		socket = close_keep_errno(socket);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (report.stage) {
		close_keep_errno(socket);
		reap(supervisor, 0);
		return not_started(path, &report);
	}
	*ret_child = (struct child){report.pid, supervisor, owned_take(socket)};
	return ICRED_OK;
}

void child_kill(const struct child *child)
{
	send(owned_fd(&child->socket), "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool child_ended(const struct child *child, int *ret_status)
{
	struct pollfd news = {.fd = owned_fd(&child->socket), .events = POLLIN};

	return news.fd >= 0 && poll(&news, 1, DEADLINE_STATUS) == 1 &&
	       recv(news.fd, ret_status, sizeof(*ret_status), MSG_DONTWAIT | MSG_PEEK) ==
		       (ssize_t)sizeof(*ret_status);
}

bool child_release(struct child *child, int *ret_status)
{
	/* By its socket if we have that, as a program that has dropped its privileges may not signal it. */
	bool asked = shutdown(owned_fd(&child->socket), SHUT_WR) == 0, known;
	siginfo_t info;

	/* The number proves nothing, but a child that an ordinary wait() does not see does: the program made none. */
	if (!asked && child->supervisor > 0 &&
	    waitid(P_PID, (id_t)child->supervisor, &info, WEXITED | WNOHANG | WNOWAIT | WAIT_CLONES) == 0)
		asked = kill(child->supervisor, SUPERVISOR_RELEASE) == 0;
	reap(child->supervisor, asked ? 0 : WNOHANG);
	known = recv(owned_fd(&child->socket), ret_status, sizeof(*ret_status), MSG_DONTWAIT) ==
		(ssize_t)sizeof(*ret_status);
	child_forget(child);
	return known;
}

void child_forget(struct child *child)
{
	owned_close(&child->socket);
	*child = NO_CHILD;
}

void status_words(int status, char *words, size_t cap)
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	switch (number) {
	case 0:
		snprintf(words, cap, "ended (status %d)", WIFEXITED(status) ? WEXITSTATUS(status) : -1);
		break;
	case SIGSEGV:
	case SIGBUS:
	case SIGILL:
	case SIGFPE:
	case SIGABRT:
	case SIGTRAP:
	case SIGSYS:
		snprintf(words, cap, "crashed (%s)", signal_name(number));
		break;
	default:
		if (number < SIGRTMIN)
			snprintf(words, cap, "was killed by %s", signal_name(number));
		else
			snprintf(words, cap, "was killed by signal %d", number);
		break;
	}
}
