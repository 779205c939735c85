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

#include "lib/base/errno-words.h"
#include "lib/base/error.h"
#include "lib/client/keeper.h"
#include "lib/client/launch.h"
#include "lib/base/signal-name.h"
#include "lib/base/worker-environment.h"

#define STATUS_MS 500 /* how long the news of a worker's end may take */

/* Children that an ordinary wait() does not see. */
#define WAIT_CLONES ((int)__WCLONE)

/*
 * Clones alone, so that a child of the program that has the keeper's number by
 * now (as the program reaped ours, with __WALL) is not taken for it.
 */
static void reap(pid_t keeper, int flags)
{
	while (keeper > 0 && waitpid(keeper, NULL, WAIT_CLONES | flags) < 0 && errno == EINTR)
		;
}

/* Returns the process in between, and our end of its leash; or 0. */
static pid_t start_keeper(struct start *start, bool keep, struct report *ret_report, int *ret_leash)
{
	pid_t keeper;
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0) {
		*ret_report = (struct report){0, STAGE_DESCRIPTORS, errno};
		return 0;
	}
	start->keep = keep;
	start->leash = pair[1];
	*ret_report = (struct report){0, STAGE_PROCESS, ECHILD};
	keeper = clone(keeper_run, start->stack + STACK_SIZE, keep ? 0 : CHILD_FLAGS, start);
	if (keeper < 0)
		ret_report->error = errno;
	close(pair[1]);
	if (keeper > 0 && recv(pair[0], ret_report, sizeof(*ret_report), 0) < 0)
		ret_report->error = errno;
	*ret_leash = pair[0];
	return MAX(keeper, 0);
}

static int not_executed(const char *path, int error)
{
	static const struct {
		int error;
		const char *advice;
	} advices[] = {
		{ENOENT, "; is libicred installed completely?"},
		{EACCES, "; make it executable, on a file system that is not mounted noexec"},
		{ENOEXEC, "; it is not a program for this machine: install libicred again"},
	};
	const char *advice = "";

	for (size_t i = 0; i < ARRAY_SIZE(advices); i++)
		if (advices[i].error == error)
			advice = advices[i].advice;
	return set_error(errno_code(error, ICRED_E_INTERNAL), "can't start %s: %s%s", path,
			 errno_words(error), errno_advice(error, advice));
}

static int not_started(const char *path, const struct report *report)
{
	int error = report->stage == STAGE_PROCESS ? start_errno(report->error) : report->error;

	switch (report->stage) {
	case STAGE_EXEC:
		return not_executed(path, error);
	case STAGE_NULL:
		return set_error(errno_code(error, ICRED_E_INTERNAL),
				 "can't start icred-worker: /dev/null can't be opened: %s%s",
				 errno_words(error),
				 errno_advice(error, "; run as root: mknod -m 666 /dev/null c 1 3"));
	default:
		return set_error(errno_code(error, ICRED_E_INTERNAL), "can't start icred-worker: %s",
				 error == ECHILD ? "its parent was killed" : errno_words(error));
	}
}

int spawn(const char *path, int control, bool keep_stderr, struct child *ret_child)
{
	_cleanup_free_ char **environment = worker_environment();
	_cleanup_free_ unsigned char *stack = aligned_alloc(64, 2 * STACK_SIZE);
	struct start start = {
		.path = path, .control = control, .keep_stderr = keep_stderr, .caller = getpid()};
	struct report report;
	int leash = -1;
	pid_t keeper;
	sigset_t all, old;

	if (!environment || !stack)
		return set_no_memory();
	start.environment = environment;
	start.stack = stack;
	/* No handler of the caller's may run in a keeper, nor while a child uses the caller's memory. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	keeper = start_keeper(&start, true, &report, &leash);
	/* A large program where memory must not be promised twice: then its init has to reap the worker. */
	if (!keeper && report.stage == STAGE_PROCESS && report.error == ENOMEM) {
		close_keep_errno(leash);
		reap(start_keeper(&start, false, &report, &leash), 0);
		leash = close_keep_errno(leash);
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	if (report.stage) {
		close_keep_errno(leash);
		reap(keeper, 0);
		return not_started(path, &report);
	}
	*ret_child = (struct child){report.pid, keeper, owned_take(leash)};
	return ICRED_OK;
}

/* The number proves nothing, but a child that an ordinary wait() does not see does: the program made none. */
static bool signal_keeper(const struct child *child)
{
	siginfo_t info;

	return child->keeper > 0 &&
	       waitid(P_PID, (id_t)child->keeper, &info, WEXITED | WNOHANG | WNOWAIT | WAIT_CLONES) == 0 &&
	       kill(child->keeper, KEEPER_RELEASE) == 0;
}

void child_kill(const struct child *child)
{
	send(owned_fd(&child->leash), "", 1, MSG_NOSIGNAL | MSG_DONTWAIT);
}

bool child_ended(const struct child *child, int *ret_status)
{
	struct pollfd news = {.fd = owned_fd(&child->leash), .events = POLLIN};

	return news.fd >= 0 && poll(&news, 1, STATUS_MS) == 1 &&
	       recv(news.fd, ret_status, sizeof(*ret_status), MSG_DONTWAIT | MSG_PEEK) ==
		       (ssize_t)sizeof(*ret_status);
}

bool child_release(struct child *child, int *ret_status)
{
	bool asked, known;

	/* By its leash if we have that, as a program that has dropped its privileges may not signal it. */
	asked = shutdown(owned_fd(&child->leash), SHUT_WR) == 0 || signal_keeper(child);
	reap(child->keeper, asked ? 0 : WNOHANG);
	known = recv(owned_fd(&child->leash), ret_status, sizeof(*ret_status), MSG_DONTWAIT) ==
		(ssize_t)sizeof(*ret_status);
	child_forget(child);
	return known;
}

void child_forget(struct child *child)
{
	owned_close(&child->leash);
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
