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

#include "askpass.h"
#include "clock.h"
#include "fail.h"
#include "util.h"

#define ASKPASS_GRACE_MS 100
#define ASKPASS_LOOK_MS  10
#define ASKPASS_QUIET_MS 1000 /* a question that takes longer is spoken of */
#define ASKPASS_NOTE_MAX 200

static volatile pid_t askpass_pid; /* of the one that is asked, for askpass_stop() */

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

void askpass_stop(void)
{
	if (askpass_pid > 0)
		kill(askpass_pid, SIGTERM);
}

/* Its standard output is ours to read; its standard input is nothing. */
static void askpass_run(const char *program, const char *text, int out)
{
	int null = open("/dev/null", O_RDONLY);

	if (null >= 0 && dup2(null, STDIN_FILENO) >= 0 && dup2(out, STDOUT_FILENO) >= 0)
		execlp(program, program, text, (char *)NULL);
	_exit(127);
}

/* Returns the end to read from, or -1. */
static int askpass_start(const char *program, const char *text, pid_t *ret_pid)
{
	int pair[2];

	if (pipe2(pair, O_CLOEXEC) < 0)
		return -1;
	*ret_pid = fork();
	if (*ret_pid == 0)
		askpass_run(program, text, pair[1]);
	close(pair[1]);
	if (*ret_pid > 0)
		return pair[0];
	close(pair[0]);
	return -1;
}

/* Its window may be behind others, or on another screen. */
static void askpass_tell(const struct options *o)
{
	const char *path = askpass_program(), *slash = strrchr(path, '/');
	char text[ASKPASS_NOTE_MAX];

	snprintf(text, sizeof(text),
		 "waiting for the question of %.80s in another window; press Ctrl-C to give up",
		 slash ? slash + 1 : path);
	fail_level(o, ICRED_LOG_WARNING, text);
}

/* All it prints, or more than fits; -1 if it is not done in time. */
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
			return -1;
		if (!told && now >= quiet) {
			told = true;
			askpass_tell(o);
		}
		if (poll(&readable, 1, (int)((told ? deadline : MIN(quiet, deadline)) - now)) <= 0)
			continue;
		n = read(fd, reply + len, cap - len);
		if (n < 0 && errno != EINTR)
			return -1;
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
	bool stopped = false, killed = false;
	pid_t ended;

	while ((ended = waitpid(pid, ret_status, WNOHANG)) == 0 || (ended < 0 && errno == EINTR)) {
		int64_t over = clock_ms() - deadline;
		if (over >= 0 && !stopped) {
			stopped = true;
			askpass_stop();
			deadline = clock_ms();
		} else if (over >= ASKPASS_GRACE_MS && !killed) {
			killed = true;
			kill(pid, SIGKILL);
		}
		clock_sleep(ASKPASS_LOOK_MS);
	}
	return ended == pid && !stopped;
}

int askpass_ask(const struct options *o, const char *text, char *reply, size_t cap, int64_t deadline)
{
	const char *program = askpass_program();
	int status = 0, fd, r = ICRED_E_CANCELLED;
	pid_t pid = 0;
	bool ended;
	ssize_t len;

	/* Whoever started us may have left it ignored: then nobody could tell how the program ended. */
	signal(SIGCHLD, SIG_DFL);
	fd = program && cap ? askpass_start(program, text, &pid) : -1;
	if (fd < 0)
		return ICRED_E_CANCELLED;
	askpass_pid = pid;
	len = askpass_read(o, fd, reply, cap, deadline);
	close(fd);
	if (len < 0)
		deadline = 0;
	ended = askpass_wait(pid, &status, deadline);
	askpass_pid = 0;
	if (ended && WIFEXITED(status) && WEXITSTATUS(status) == 0)
		r = askpass_first_line(reply, cap, len);
	if (r < 0)
		explicit_bzero(reply, cap);
	return r;
}
