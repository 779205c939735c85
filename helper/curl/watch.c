/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/common/fail.h"
#include "helper/common/program.h"
#include "helper/common/process.h"
#include "lib/base/errno-words.h"
#include "helper/curl/watch.h"

#define WATCH_CHUNK 16384
#define WATCH_LOST  23 /* curl's own status when it can't write what it received */

static const int watch_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
static volatile sig_atomic_t watch_child;

/* To curl, and then to us as if there were no handler: a reader that does not read can hold nobody up. */
static void watch_forward(int signal_number)
{
	if (watch_child > 0)
		kill((pid_t)watch_child, signal_number);
	raise(signal_number);
}

/* What was ignored when we came stays so, in curl too. */
static void watch_catch(void)
{
	struct sigaction forward = {.sa_handler = watch_forward, .sa_flags = (int)SA_RESETHAND}, old;
	size_t i;

	for (i = 0; i < sizeof(watch_signals) / sizeof(watch_signals[0]); i++) {
		if (sigaction(watch_signals[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL)
			sigaction(watch_signals[i], &forward, NULL);
	}
}

static void watch_exec(const struct plan *plan, const struct feed *feed, const char *path, int body,
		       pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	if (getppid() != parent)
		_exit(FAIL_OTHER);
	process_restore();
	dup2(body, STDOUT_FILENO);
	feed_keep(feed);
	execv(path, plan->argv);
	_exit(launch_fail(plan->o, "curl", errno));
}

static int watch_pipes(struct watch *watch, struct feed *feed, int *ret_body)
{
	int headers[2], body[2];

	if (pipe2(headers, O_CLOEXEC) < 0)
		return -1;
	watch->headers = headers[0];
	feed->headers = headers[1];
	if (pipe2(body, O_CLOEXEC) < 0)
		return -1;
	watch->body = body[0];
	*ret_body = body[1];
	return fcntl(watch->headers, F_SETFL, O_NONBLOCK) | fcntl(watch->body, F_SETFL, O_NONBLOCK);
}

static int watch_fork(struct watch *watch, const struct plan *plan, struct feed *feed, const char *path,
		      int body)
{
	pid_t parent = getpid();
	sigset_t all, old;

	/* A signal that comes between fork(2) and the note of the child's number would be lost. */
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, &old);
	watch->child = fork();
	if (watch->child == 0) {
		sigaction(SIGCHLD, &watch->child_action, NULL);
		sigprocmask(SIG_SETMASK, &old, NULL);
		watch_exec(plan, feed, path, body, parent);
	}
	watch_child = watch->child;
	sigprocmask(SIG_SETMASK, &old, NULL);
	return watch->child < 0 ? -1 : 0;
}

/* Nobody reads any more: curl shall learn it the usual way, unless it has written everything already. */
static void watch_lose(struct watch *watch, int why)
{
	watch->lost = watch->lost ? watch->lost : why;
	if (watch->body >= 0)
		close(watch->body);
	watch->body = -1;
}

static void watch_write(struct watch *watch, const char *bytes, size_t len)
{
	ssize_t n = 1;

	while (len > 0 && (n >= 0 || errno == EINTR)) {
		n = write(watch->out, bytes, len);
		bytes += n > 0 ? n : 0;
		len -= n > 0 ? (size_t)n : 0;
	}
	if (len > 0)
		watch_lose(watch, errno);
}

static void watch_let_out(struct watch *watch)
{
	watch->passed |= watch->held_len > 0;
	watch_write(watch, watch->held, watch->held_len);
	watch->held_len = 0;
}

bool watch_dead(const struct watch *watch)
{
	unsigned status = answer_status(&watch->answer);

	return status == 401 || (status == 403 && answer_is_dead_token(watch->held, watch->held_len));
}

static void watch_headers(struct watch *watch)
{
	char bytes[WATCH_CHUNK];
	ssize_t n;

	while ((n = read(watch->headers, bytes, sizeof(bytes))) > 0)
		answer_headers(&watch->answer, bytes, (size_t)n);
	if (n == 0) {
		close(watch->headers);
		watch->headers = -1;
	}
}

/* As curl would, had it seen the terminal. */
static bool watch_is_binary(struct watch *watch, const char *bytes, size_t len)
{
	if (watch->binary_fits || watch->passed || !memchr(bytes, '\0', len) || !isatty(watch->out))
		return false;
	fprintf(stderr,
		"Warning: binary output can mess up your terminal; use --output - to have it there.\n");
	watch_lose(watch, EPIPE);
	return true;
}

static bool watch_holds(const struct watch *watch, size_t more)
{
	unsigned status = answer_status(&watch->answer);

	return !watch->passed && (status == 401 || status == 403) && more <= WATCH_HELD_MAX - watch->held_len;
}

static void watch_body(struct watch *watch)
{
	char bytes[WATCH_CHUNK];
	ssize_t n = read(watch->body, bytes, sizeof(bytes));

	if (n == 0) {
		close(watch->body);
		watch->body = -1;
	}
	/* curl writes the headers first, so that what they say is known here. */
	if (watch->headers >= 0)
		watch_headers(watch);
	if (n <= 0 || watch_is_binary(watch, bytes, (size_t)n))
		return;
	if (watch_holds(watch, (size_t)n)) {
		memcpy(watch->held + watch->held_len, bytes, (size_t)n);
		watch->held_len += (size_t)n;
		return;
	}
	watch_let_out(watch);
	watch->passed = true;
	watch_write(watch, bytes, (size_t)n);
}

static void watch_poll(struct watch *watch)
{
	struct pollfd fds[2];
	siginfo_t info;

	while (watch->headers >= 0 || watch->body >= 0) {
		fds[0] = (struct pollfd){watch->headers, POLLIN, 0};
		fds[1] = (struct pollfd){watch->body, POLLIN, 0};
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents && watch->body >= 0)
			watch_body(watch);
		else if (fds[0].revents && watch->headers >= 0)
			watch_headers(watch);
	}
	while (waitid(P_PID, (id_t)watch->child, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	watch_child = 0; /* before its number can become another's */
	waitpid(watch->child, &watch->wait_status, 0);
}

static void watch_undo(const struct watch *watch)
{
	sigaction(SIGCHLD, &watch->child_action, NULL);
	sigaction(SIGPIPE, &watch->pipe_action, NULL);
}

int watch_run(struct watch *watch, struct plan *plan, struct feed *feed, const char *path, const char *secret)
{
	static const struct sigaction normal = {.sa_handler = SIG_DFL}, ignore = {.sa_handler = SIG_IGN};
	int body = -1, status;

	watch->headers = watch->body = -1;
	watch->out = process_stdout_fd();
	watch->binary_fits = plan->to_stdout;
	if (watch_pipes(watch, feed, &body) < 0)
		return fail_system(plan->o, "can't watch curl", errno);
	feed->terminal = isatty(watch->out);
	feed->silent = feed->terminal && !plan->to_file;
	status = feed_open(feed, plan, secret);
	if (status)
		return status;
	watch_catch();
	/* With SIGCHLD ignored, there would be no status to wait for. */
	sigaction(SIGCHLD, &normal, &watch->child_action);
	if (watch_fork(watch, plan, feed, path, body) < 0)
		return fail_system(plan->o, "can't run curl", start_errno(errno));
	close(body);
	feed_close(feed);
	sigaction(SIGPIPE, &ignore, &watch->pipe_action);
	watch_poll(watch);
	watch_undo(watch);
	return 0;
}

/* What went into a file of --output is there to be looked at, and the second run will replace it. */
static bool watch_file_dead(const char *name)
{
	char bytes[WATCH_CHUNK];
	int fd = open(name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	if (fd >= 0)
		close(fd);
	return n > 0 && answer_is_dead_token(bytes, (size_t)n);
}

bool watch_refused(const struct watch *watch, const struct plan *plan)
{
	if (watch->passed || !WIFEXITED(watch->wait_status))
		return false;
	if (watch_dead(watch))
		return true;
	return answer_status(&watch->answer) == 403 && plan->output && !plan->output_dir &&
	       watch_file_dead(plan->output);
}

/* curl was done before we were; in our place, it would have ended like this. */
static int watch_tell_lost(const struct watch *watch, const struct plan *plan)
{
	if (watch->lost != EPIPE)
		(void)fail_system(plan->o, "can't write the answer", watch->lost);
	return WATCH_LOST;
}

int watch_finish(struct watch *watch, const struct plan *plan)
{
	signal(SIGPIPE, SIG_IGN); /* the status is curl's, also if nobody reads what was held back */
	watch_let_out(watch);
	if (WIFEXITED(watch->wait_status) && WEXITSTATUS(watch->wait_status) == 0 && watch->lost)
		return watch_tell_lost(watch, plan);
	if (WIFEXITED(watch->wait_status))
		return WEXITSTATUS(watch->wait_status);
	signal(WTERMSIG(watch->wait_status), SIG_DFL);
	raise(WTERMSIG(watch->wait_status));
	return FAIL_OTHER;
}
