/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* curl as a child, with its answer held back until it is known whether it has to be asked again. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/common/fail.h"
#include "helper/common/process.h"
#include "helper/curl/run.h"
#include "lib/base/descriptor.h"
#include "lib/base/language.h"
#include "lib/base/subprocess.h"
#include "lib/base/system-words.h"

#define WATCH_CHUNK 16384
#define WATCH_LOST  23 /* curl's own status when it cannot write what it received */

static const int watch_signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2};
static volatile sig_atomic_t watch_child;

/* First to curl, then to this process as if it had no handler: it ends at once, even while its output is not read. */
static void watch_forward(int signal_number)
{
	if (watch_child > 0)
		kill((pid_t)watch_child, signal_number);
	raise(signal_number);
}

/* curl writes to the descriptor body; child_action is what SIGCHLD did before. */
static int watch_start(const struct plan *plan, const struct curl_input *input, const char *path, int body,
		       const struct sigaction *child_action)
{
	static const struct sigaction forward = {.sa_handler = watch_forward, .sa_flags = (int)SA_RESETHAND};
	struct sigaction before;
	pid_t child;

	/* What was ignored at the start stays ignored, in curl too. */
	for (size_t i = 0; i < ARRAY_SIZE(watch_signals); i++) {
		if (sigaction(watch_signals[i], NULL, &before) == 0 && before.sa_handler == SIG_DFL)
			sigaction(watch_signals[i], &forward, NULL);
	}
	child = subprocess_fork(&watch_child, SIGTERM);
	if (child == 0) {
		sigaction(SIGCHLD, child_action, NULL);
		process_restore();
		dup2(body, STDOUT_FILENO);
		curl_input_keep(input);
		execv(path, plan->argv);
		_exit(launch_fail(plan->o, "curl", errno));
	}
	return child < 0 ? -1 : 0;
}

/* What reads the answer is gone: curl learns it the usual way, unless it has written everything already. */
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

static void watch_write_held(struct watch *watch)
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

static void watch_body(struct watch *watch)
{
	char bytes[WATCH_CHUNK];
	ssize_t n = read(watch->body, bytes, sizeof(bytes));
	unsigned status;

	if (n == 0) {
		close(watch->body);
		watch->body = -1;
	}
	/* curl writes the headers first, so that what they say is known here. */
	if (watch->headers >= 0)
		watch_headers(watch);
	if (n <= 0)
		return;
	/* As curl would do, had it seen the terminal. */
	if (!watch->binary_fits && !watch->passed && memchr(bytes, '\0', (size_t)n) && isatty(watch->out)) {
		fprintf(stderr, "Warning: binary output can mess up your terminal; use --output - to have it "
				"there.\n");
		watch_lose(watch, EPIPE);
		return;
	}
	status = answer_status(&watch->answer);
	if (!watch->passed && (status == 401 || status == 403) &&
	    (size_t)n <= WATCH_HELD_MAX - watch->held_len) {
		memcpy(watch->held + watch->held_len, bytes, (size_t)n);
		watch->held_len += (size_t)n;
		return;
	}
	watch_write_held(watch);
	watch->passed = true;
	watch_write(watch, bytes, (size_t)n);
}

int watch_run(struct watch *watch, struct plan *plan, struct curl_input *input, const char *path,
	      const char *secret)
{
	static const struct sigaction normal = {.sa_handler = SIG_DFL}, ignore = {.sa_handler = SIG_IGN};
	struct sigaction pipe_action, child_action;
	struct pollfd fds[2];
	int headers[2], body[2], status;

	if (pipe2(headers, O_CLOEXEC) < 0 || pipe2(body, O_CLOEXEC) < 0 ||
	    fcntl(headers[0], F_SETFL, O_NONBLOCK) < 0 || fcntl(body[0], F_SETFL, O_NONBLOCK) < 0)
		return fail_system(plan->o, "cannot watch curl", errno);
	watch->headers = headers[0];
	watch->body = body[0];
	watch->out = output_fd();
	watch->binary_fits = plan->to_stdout;
	input->headers = headers[1];
	input->terminal = isatty(watch->out);
	input->silent = input->terminal && !plan->to_file;
	status = curl_input_open(input, plan, secret);
	if (status)
		return status;
	/* With SIGCHLD ignored, there would be no status to wait for. */
	sigaction(SIGCHLD, &normal, &child_action);
	if (watch_start(plan, input, path, body[1], &child_action) < 0)
		return fail_system(plan->o, "cannot run curl", start_errno(errno));
	close(body[1]);
	curl_input_close(input);
	sigaction(SIGPIPE, &ignore, &pipe_action);
	while (watch->headers >= 0 || watch->body >= 0) {
		fds[0] = (struct pollfd){watch->headers, POLLIN, 0};
		fds[1] = (struct pollfd){watch->body, POLLIN, 0};
		if (poll(fds, ARRAY_SIZE(fds), -1) < 0 && errno != EINTR)
			break;
		if (fds[1].revents && watch->body >= 0)
			watch_body(watch);
		else if (fds[0].revents && watch->headers >= 0)
			watch_headers(watch);
	}
	watch->wait_status = subprocess_reap(&watch_child);
	sigaction(SIGCHLD, &child_action, NULL);
	sigaction(SIGPIPE, &pipe_action, NULL);
	return 0;
}

bool watch_refused(const struct watch *watch, const struct plan *plan)
{
	char bytes[WATCH_CHUNK];
	ssize_t n;
	int fd;

	if (watch->passed || !WIFEXITED(watch->wait_status))
		return false;
	if (watch_dead(watch))
		return true;
	if (answer_status(&watch->answer) != 403 || !plan->output || plan->output_dir)
		return false;
	/* The answer is in the file of --output, which the second run will replace. */
	fd = open(plan->output, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	n = read_up_to(fd, bytes, sizeof(bytes));
	close(fd);
	return n > 0 && answer_is_dead_token(bytes, (size_t)n);
}

int watch_finish(struct watch *watch, const struct plan *plan)
{
	int wait_status = watch->wait_status;

	signal(SIGPIPE, SIG_IGN); /* the status is curl's, even if what was held back is not read */
	watch_write_held(watch);
	if (WIFSIGNALED(wait_status)) {
		signal(WTERMSIG(wait_status), SIG_DFL);
		raise(WTERMSIG(wait_status));
		return FAIL_OTHER;
	}
	if (WEXITSTATUS(wait_status) != 0 || !watch->lost)
		return WEXITSTATUS(wait_status);
	/* curl ended before its answer was written; otherwise it would have ended like this. */
	if (watch->lost != EPIPE)
		(void)fail_system(plan->o, "cannot write the answer", watch->lost);
	return WATCH_LOST;
}
