/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <icred/icred.h>

#include "helper/common/asking.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "helper/common/fail.h"
#include "lib/base/util.h"

#define ASKPASS_LOOK_MS  10
#define ASKPASS_QUIET_MS 1000 /* a question that takes longer is reported */
#define ASKPASS_NOTE_MAX 200

static volatile pid_t askpass_group;  /* of the one that is asked and what it starts, for askpass_stop() */
static volatile int askpass_farewell; /* milliseconds that it has to end by itself */

static const char *askpass_variable(const char *name)
{
	const char *value = secure_getenv(name);

	return value && *value ? value : NULL;
}

static const char *askpass_program(void)
{
	const char *own = askpass_variable("ICRED_ASKPASS");

	return own ? own : askpass_variable("SSH_ASKPASS");
}

enum askpass_when askpass_when(void)
{
	const char *require = askpass_variable("SSH_ASKPASS_REQUIRE");

	if (!askpass_program() || (require && strcmp(require, "never") == 0))
		return ASKPASS_NEVER;
	if (require && strcmp(require, "force") == 0)
		return ASKPASS_FORCE;
	if (require && strcmp(require, "prefer") == 0)
		return ASKPASS_PREFER;
	/* Without a display it could not show anything. */
	return askpass_variable("DISPLAY") || askpass_variable("WAYLAND_DISPLAY") ? ASKPASS_WITHOUT_TERMINAL
										  : ASKPASS_NEVER;
}

/* It is not reaped before, so the number is still its group's.  For signal handlers too. */
void askpass_stop(void)
{
	pid_t group = askpass_group;

	if (group <= 0)
		return;
	askpass_group = 0;
	kill(-group, SIGTERM);
	clock_sleep(askpass_farewell);
	kill(-group, SIGKILL);
}

/* Its standard output is ours to read; its standard input is nothing. */
static void askpass_run(const char *program, const char *text, int out, const sigset_t *mask)
{
	int null = open("/dev/null", O_RDONLY);

	setpgid(0, 0);
	sigprocmask(SIG_SETMASK, mask, NULL);
	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execlp(program, program, text, (char *)NULL);
	_exit(127);
}

/* Returns the end to read from, or -1. */
static int askpass_start(const char *program, const char *text, pid_t *ret_pid)
{
	sigset_t all, old;
	int pair[2];
	pid_t pid;

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -1;
	/* A signal that came between fork(2) and the note of the number would leave it running. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0)
		askpass_run(program, text, pair[1], &old);
	if (pid > 0)
		setpgid(pid, pid); /* here too: either process may be the first to run */
	askpass_group = pid;
	sigprocmask(SIG_SETMASK, &old, NULL);
	close(pair[1]);
	if (pid > 0) {
		*ret_pid = pid;
		return pair[0];
	}
	close(pair[0]);
	return -1;
}

/* Its window may be behind others, or on another screen. */
static void askpass_report(const struct options *o)
{
	const char *path = askpass_program(), *slash = strrchr(path, '/');
	char text[ASKPASS_NOTE_MAX];

	snprintf(text, sizeof(text),
		 "waiting for the question of %.80s in another window; press Ctrl-C to give up",
		 slash ? slash + 1 : path);
	fail_level(o, ICRED_LOG_WARNING, text);
}

/* All it prints, or more than fits; or ICRED_E_TIMEOUT. */
static ssize_t askpass_read(const struct options *o, int fd, char *reply, size_t cap, int64_t deadline)
{
	struct pollfd readable = {.fd = fd, .events = POLLIN};
	int64_t quiet = clock_ms() + ASKPASS_QUIET_MS;
	bool told = false;
	size_t len = 0;
	ssize_t n = 1;

	while (len < cap && n != 0) {
		int64_t now = clock_ms();

		if (now >= deadline)
			return ICRED_E_TIMEOUT;
		if (!told && now >= quiet) {
			told = true;
			askpass_report(o);
		}
		if (poll(&readable, 1, (int)((told ? deadline : MIN(quiet, deadline)) - now)) <= 0)
			continue;
		n = read(fd, reply + len, cap - len);
		if (n < 0 && errno != EINTR)
			return ICRED_E_CANCELLED;
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

/* Half a passphrase is none: what has no end within the buffer is refused. */
static int askpass_first_line(char *reply, size_t cap, ssize_t len)
{
	char *end = len > 0 ? memchr(reply, '\n', (size_t)len) : NULL;

	if (len < 0 || (!end && (size_t)len == cap) || memchr(reply, '\0', (size_t)len))
		return ICRED_E_CANCELLED;
	end = end ? end : reply + len;
	if (end > reply && end[-1] == '\r')
		end--;
	*end = '\0';
	return 0;
}

/* Its end, by itself until the deadline and then by force; false if there was nothing to wait for. */
static bool askpass_wait(pid_t pid, int *ret_status, int64_t deadline)
{
	bool stopped = false;
	siginfo_t info = {.si_pid = 0};
	sigset_t all, old;
	pid_t ended;

	while (!stopped && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	       !info.si_pid) {
		stopped = clock_ms() >= deadline;
		if (!stopped)
			clock_sleep(ASKPASS_LOOK_MS);
	}
	/* What it has started outlives it, and may hold its window. */
	if (stopped || clock_ms() >= deadline)
		askpass_stop();
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	askpass_group = 0; /* before the number can become another's */
	do {
		ended = waitpid(pid, ret_status, 0);
	} while (ended < 0 && errno == EINTR);
	sigprocmask(SIG_SETMASK, &old, NULL);
	return ended == pid && !stopped;
}

int askpass_ask(const struct options *o, const char *text, char *reply, size_t cap, int64_t deadline)
{
	const char *program = askpass_program();
	int status = 0, fd, r = ICRED_E_CANCELLED;
	pid_t pid = 0;
	bool ended;
	ssize_t len;

	/* Our parent may have left it ignored: then there would be no status to wait for. */
	signal(SIGCHLD, SIG_DFL);
	askpass_farewell = (int)deadline_farewell(clock_left(deadline));
	fd = program && cap ? askpass_start(program, text, &pid) : -1;
	if (fd < 0)
		return ICRED_E_CANCELLED;
	len = askpass_read(o, fd, reply, cap, deadline);
	close(fd);
	if (len < 0)
		deadline = 0;
	ended = askpass_wait(pid, &status, deadline);
	if (len == ICRED_E_TIMEOUT)
		r = ICRED_E_TIMEOUT;
	else if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		r = askpass_first_line(reply, cap, len);
	if (r < 0)
		explicit_bzero(reply, cap);
	return r;
}
