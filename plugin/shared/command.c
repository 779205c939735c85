/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plugin/shared/command.h"
#include "lib/base/deadline.h"
#include "lib/base/errno-words.h"
#include "lib/base/trust.h"
#include "lib/base/worker-environment.h"

#define STDERR_CAP          2048
#define CLOSE_RANGE_ON_EXEC (1u << 2) /* CLOSE_RANGE_CLOEXEC of linux/close_range.h, 5.11 */
#define TICK_MS             50        /* between looks at the process where the kernel has no pidfd */
#define LOOK_MS             100       /* between looks at the time, which is over when the caller ends */
#define QUIET_MS            1000      /* then a person learns what is waited for */

static const char *const passed[] = {
	"HOME", "PATH", "USER", "LOGNAME", "LANG", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME",
};
/* These let a command ask its user, so they go only where a person may be asked. */
static const char *const passed_to_ask[] = {"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "GPG_TTY"};

struct environment {
	/* What always goes, what lets it ask, what the line names, PATH in any case, and the end. */
	char *strings[sizeof(passed) / sizeof(passed[0]) + sizeof(passed_to_ask) / sizeof(passed_to_ask[0]) +
		      COMMAND_NAMES_MAX + 2];
	size_t count;
};

struct run {
	const struct icred_host *host;
	const char *program;
	const char *wanted;
	int64_t farewell; /* milliseconds between SIGTERM and SIGKILL */
	int64_t margin;   /* the same before the deadline at which it is ended, to be back in time */
	int64_t quiet; /* how much time is left when the person is told; 0 if there is none, or that is done */
	pid_t pid;
	int pidfd;
	int out, err, failed; /* our ends of the pipes */
	size_t max, len;
	char *output;
	char err_text[STDERR_CAP];
	size_t err_len;
};

/* The ends that the command gets. */
struct ends {
	int null, out, err, failed;
};

static void pass_variable(struct environment *to, const char *name, size_t len)
{
	for (char **at = environ; at && *at; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=') {
			to->strings[to->count++] = *at;
			return;
		}
}

#define NAME_FIRST "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define NAME_REST  NAME_FIRST "0123456789"

/* The next of the names, separated by blanks or commas; or NULL. */
static const char *next_name(const char *at, size_t *ret_len)
{
	if (!at)
		return NULL;
	at += strspn(at, " \t,");
	*ret_len = strcspn(at, " \t,");
	return *ret_len ? at : NULL;
}

int command_check_variables(const struct icred_host *host, const char *variables)
{
	char shown[QUOTE_SIZE];
	size_t count = 0, len;

	for (const char *at = next_name(variables, &len); at; at = next_name(at + len, &len)) {
		quote(shown, sizeof(shown), at, len);
		if (!strchr(NAME_FIRST, *at) || strspn(at, NAME_REST) < len)
			return host->fail(
				host, ICRED_E_INVALID,
				"env=: '%s' cannot be the name of a variable; write [env=NAME NAME...]",
				shown);
		if (environment_drops(at, len))
			return host->fail(
				host, ICRED_E_INVALID,
				"env=: icred-worker never has %s; use [command=/usr/bin/env %s=VALUE "
				"PROGRAM ARGUMENT...]",
				shown, shown);
		if (++count > COMMAND_NAMES_MAX)
			return host->fail(host, ICRED_E_INVALID,
					  "env=: more than %d names; remove some, or let a script set them",
					  COMMAND_NAMES_MAX);
	}
	return 0;
}

static void make_environment(const struct icred_host *host, const char *variables, struct environment *to)
{
	static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
	size_t len;

	for (size_t i = 0; i < sizeof(passed) / sizeof(passed[0]); i++)
		pass_variable(to, passed[i], strlen(passed[i]));
	for (size_t i = 0; host->interactive && i < sizeof(passed_to_ask) / sizeof(passed_to_ask[0]); i++)
		pass_variable(to, passed_to_ask[i], strlen(passed_to_ask[i]));
	for (const char *at = next_name(variables, &len); at; at = next_name(at + len, &len))
		pass_variable(to, at, len);
	if (!getenv("PATH"))
		to->strings[to->count++] = path;
	to->strings[to->count] = NULL;
}

static void close_end(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/* Between fork and exec of a process with threads: system calls only. */
static void become(char *const argv[], char *const environment[], const struct ends *ends, pid_t parent)
{
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;
	int error;

	setpgid(0, 0);
	/* If the worker is killed, the command goes with it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	sigaction(SIGPIPE, &usual, NULL);
	sigaction(SIGXFSZ, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
#ifdef SYS_close_range
	/* A PKCS#11 library of the same worker may have been careless with its descriptors. */
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, CLOSE_RANGE_ON_EXEC);
#endif
	if (dup2(ends->null, STDIN_FILENO) == STDIN_FILENO &&
	    dup2(ends->out, STDOUT_FILENO) == STDOUT_FILENO &&
	    dup2(ends->err, STDERR_FILENO) == STDERR_FILENO)
		execve(argv[0], argv, environment);
	error = errno;
	if (write(ends->failed, &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

static int make_pipe(int *ret_ours, int *ret_theirs)
{
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	*ret_ours = fds[0];
	*ret_theirs = fds[1];
	return fcntl(fds[0], F_SETFL, O_NONBLOCK);
}

static int start(struct run *run, char *const argv[], char *const environment[])
{
	struct ends ends = {-1, -1, -1, -1};
	pid_t parent = getpid();
	int error = 0;

	ends.null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (ends.null < 0 || make_pipe(&run->out, &ends.out) < 0 || make_pipe(&run->err, &ends.err) < 0 ||
	    make_pipe(&run->failed, &ends.failed) < 0)
		error = errno;
	else
		run->pid = fork();
	if (run->pid == 0)
		become(argv, environment, &ends, parent);
	if (!error && run->pid < 0)
		error = start_errno(errno);
	close_end(&ends.null);
	close_end(&ends.out);
	close_end(&ends.err);
	close_end(&ends.failed);
	if (error)
		return run->host->fail(run->host, errno_code(error, ICRED_E_INTERNAL), "can't start %s: %s",
				       run->program, errno_words(error));
	setpgid(run->pid, run->pid);
#ifdef SYS_pidfd_open
	run->pidfd = (int)syscall(SYS_pidfd_open, run->pid, 0);
#endif
	return 0;
}

/* What is there to be read now; *fd is closed at the end. */
static void drain(int *fd, char *to, size_t cap, size_t *len)
{
	char rest[512];
	ssize_t n = 1;

	while (*fd >= 0 && n > 0) {
		n = *len < cap ? read(*fd, to + *len, cap - *len) : read(*fd, rest, sizeof(rest));
		if (n > 0 && *len < cap)
			*len += (size_t)n;
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			close_end(fd);
	}
	explicit_bzero(rest, sizeof(rest));
}

static int read_both(struct run *run)
{
	drain(&run->out, run->output, run->max + 1, &run->len);
	drain(&run->err, run->err_text, sizeof(run->err_text), &run->err_len);
	if (run->len > run->max)
		return run->host->fail(
			run->host, ICRED_E_INVALID,
			"%s printed more than %zu bytes, so it is no %s; it must print that alone",
			run->program, run->max, run->wanted);
	return 0;
}

/* It may have asked in a window that is behind others, as pinentry's. */
static void tell_waiting(struct run *run)
{
	run->quiet = 0;
	run->host->log(run->host, ICRED_LOG_WARNING,
		       "waiting for %s, which may ask in another window; press Ctrl-C to give up",
		       run->program);
}

static int wait_some(struct run *run)
{
	struct pollfd wait[] = {{run->out, POLLIN, 0}, {run->err, POLLIN, 0}, {run->pidfd, POLLIN, 0}};
	int64_t until_told, left = run->host->time_left(run->host);

	if (run->quiet && left <= run->quiet)
		tell_waiting(run);
	until_told = left - run->quiet;
	left -= run->margin;
	if (left <= 0)
		return run->host->fail(
			run->host, ICRED_E_TIMEOUT,
			"the command %s did not finish in time and was stopped; see whether it waits for an "
			"answer, or raise the setting timeout",
			run->program);
	if (run->pidfd < 0 && left > TICK_MS)
		left = TICK_MS;
	if (run->quiet && left > until_told)
		left = until_told;
	poll(wait, 3, left > LOOK_MS ? LOOK_MS : (int)left);
	return 0;
}

/* Politely first, as some have files to remove; it is reaped last, so that its number stays its own. */
static void end_command(const struct run *run)
{
	struct pollfd wait = {run->pidfd, POLLIN, 0};

	kill(-run->pid, SIGTERM);
	poll(&wait, 1, (int)run->farewell);
	kill(-run->pid, SIGKILL);
	kill(run->pid, SIGKILL);
	while (waitpid(run->pid, NULL, 0) < 0 && errno == EINTR)
		;
}

/* Until the command itself has ended; what it may have left in the background is not waited for. */
static int attend(struct run *run, int *ret_status)
{
	pid_t ended = 0;
	int rc = 0;

	while (!rc && !ended) {
		rc = wait_some(run);
		if (!rc)
			ended = waitpid(run->pid, ret_status, WNOHANG);
		if (!rc)
			rc = read_both(run);
	}
	if (ended < 0)
		*ret_status = 0;
	if (rc && !ended)
		end_command(run);
	return rc;
}

static int not_executed(struct run *run)
{
	int error = 0;

	if (read(run->failed, &error, sizeof(error)) != (ssize_t)sizeof(error))
		return 0;
	return run->host->fail(run->host, errno_code(error, ICRED_E_INVALID), "%s can't be run: %s%s",
			       run->program, errno_words(error),
			       errno_advice(error, "; install it, or correct the profile's line"));
}

static void first_line(const struct run *run, char *to, size_t cap)
{
	const char *at = run->err_text, *end = at + run->err_len;
	size_t len = 0;

	while (at < end && (*at == '\n' || *at == '\r' || *at == ' ' || *at == '\t'))
		at++;
	while (at + len < end && at[len] != '\n' && at[len] != '\r')
		len++;
	quote(to, cap, at, len);
}

static void run_end(struct run *run)
{
	close_end(&run->out);
	close_end(&run->err);
	close_end(&run->failed);
	close_end(&run->pidfd);
	run->host->secret_free(run->host, run->output);
	explicit_bzero(run->err_text, sizeof(run->err_text));
}

int command_run(const struct icred_host *host, char *const argv[], const char *variables, const char *wanted,
		size_t max, int64_t patience, struct command_result *ret_result)
{
	struct run run = {
		.host = host, .program = argv[0], .wanted = wanted, .pid = -1, .pidfd = -1, .max = max};
	struct environment environment = {.count = 0};
	int64_t left = host->time_left(host);
	char untrusted[TRUST_WHY_SIZE];
	int status = 0, rc;

	run.out = run.err = run.failed = -1;
	run.farewell = deadline_farewell(left);
	run.margin = deadline_margin(left) + run.farewell;
	if (patience && run.margin < left - patience)
		run.margin = left - patience;
	if (host->interactive && left > QUIET_MS)
		run.quiet = left - QUIET_MS;
	if (!trust_program(argv[0], untrusted, sizeof(untrusted)))
		return host->fail(host, ICRED_E_INVALID, "%s", untrusted);
	run.output = host->secret_alloc(host, max + 2);
	if (!run.output)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	make_environment(host, variables, &environment);
	rc = start(&run, argv, environment.strings);
	if (!rc)
		rc = attend(&run, &status);
	if (!rc)
		rc = not_executed(&run);
	if (!rc) {
		run.output[run.len] = '\0';
		*ret_result = (struct command_result){run.output, run.len, status, ""};
		first_line(&run, ret_result->said, sizeof(ret_result->said));
		run.output = NULL;
	}
	run_end(&run);
	return rc;
}
