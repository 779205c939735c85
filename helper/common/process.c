/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <unistd.h>

#include "helper/common/askpass.h"
#include "helper/common/conv.h"
#include "helper/common/fail.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "helper/common/output.h"
#include "helper/common/process.h"
#include "lib/base/util.h"

#if defined(__SANITIZE_ADDRESS__)
#define PROCESS_TRACEABLE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PROCESS_TRACEABLE 1
#endif
#endif

static int process_stdout = -1;
static bool process_closed[STDERR_FILENO + 1]; /* which standard descriptors we did not get */
static struct rlimit process_core;
static mode_t process_umask;
static struct sigaction process_size_action; /* for SIGXFSZ */
/* The message of a signal handler, in parts that are ready. */
static char process_message[128];
static const char *volatile process_work;
static const char *process_hint;
static int64_t process_began; /* when the deadline began to count; 0: it will with the next one */

/* A closed standard descriptor would become that of the next socket opened, and get our messages. */
static void process_fill(int upto)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < upto);
	if (fd > upto)
		close(fd);
}

static void process_descriptors(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		process_closed[fd] = fcntl(fd, F_GETFD) < 0;
	if (process_closed[STDIN_FILENO])
		process_fill(STDIN_FILENO);
	process_stdout = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		process_fill(STDERR_FILENO);
		dup2(STDERR_FILENO, STDOUT_FILENO);
	}
}

void process_seal(void)
{
	static const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
}

void process_start_runner(void)
{
	static const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct rlimit none;

	process_began = clock_ms();
	process_descriptors();
	/* A write past the limit of files is a failure to report, not our end. */
	sigaction(SIGXFSZ, &ignore, &process_size_action);
	getrlimit(RLIMIT_CORE, &process_core);
	none = (struct rlimit){0, process_core.rlim_max};
	setrlimit(RLIMIT_CORE, &none);
#ifndef PROCESS_TRACEABLE /* the leak checker of the address sanitizer is a tracer */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
#endif
	process_umask = umask(077);
}

void process_start(void)
{
	process_start_runner();
	process_seal();
}

int process_stdout_fd(void)
{
	return process_stdout;
}

/* exec(2) itself makes the process dumpable again, and puts signal handlers away, but not timers. */
void process_restore(void)
{
	int fd;

	process_deadline_end();
	sigaction(SIGXFSZ, &process_size_action, NULL);
	setrlimit(RLIMIT_CORE, &process_core);
	umask(process_umask);
	if (process_stdout >= 0)
		dup2(process_stdout, STDOUT_FILENO);
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (process_closed[fd])
			close(fd);
	}
}

static void process_expired(int signal_number)
{
	const char *work = process_work;
	const char *parts[] = {process_message, work ? " " : "", work ? work : "", process_hint};
	struct iovec line[ARRAY_SIZE(parts)];
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};

	(void)signal_number;
	conv_restore();
	askpass_stop();
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		line[i] = (struct iovec){(void *)(uintptr_t)parts[i], strlen(parts[i])};
	/* If what reads our messages has stopped to, that may be what took the time. */
	if (poll(&room, 1, 0) == 0)
		_exit(FAIL_NETWORK);
	if (writev(STDERR_FILENO, line, ARRAY_SIZE(line)) < 0)
		_exit(FAIL_OTHER);
	_exit(FAIL_NETWORK);
}

int64_t process_deadline(const struct options *o, unsigned timeout_ms)
{
	int64_t now = clock_ms(), alarm_at, ms;
	struct itimerval timer = {.it_interval = {0, 0}};
	struct timespec left;
	struct sigaction action = {.sa_handler = process_expired};

	snprintf(process_message, sizeof(process_message),
		 o->json ? "{\"error\":{\"kind\":\"timeout\",\"message\":\"%s: timed out" : "%s: timed out",
		 o->program);
	process_hint = o->json ? "; give more with --timeout\"}}\n" : "; give more with --timeout\n";
	process_began = process_began ? process_began : now;
	alarm_at = deadline_inside(process_began + timeout_ms, 1);
	ms = MAX(alarm_at - now, 1); /* 0 would be no timer at all */
	left = clock_spec(ms);
	timer.it_value = (struct timeval){left.tv_sec, left.tv_nsec / 1000};
	sigaction(SIGALRM, &action, NULL);
	setitimer(ITIMER_REAL, &timer, NULL);
	return alarm_at;
}

void process_doing(const char *what)
{
	process_work = what;
}

void process_deadline_end(void)
{
	static const struct itimerval never;

	setitimer(ITIMER_REAL, &never, NULL);
	process_began = 0;
}

bool process_interactive(const struct options *o)
{
	return !o->no_interactive && (isatty(STDIN_FILENO) || askpass_when() == ASKPASS_FORCE);
}

int process_finish(const struct options *o, int status)
{
	struct output *out = output_stdout();
	bool any = out->len > 0;

	/* Some file systems report a full disk only when the file is closed. */
	if (status == 0 && (output_write(out, process_stdout) < 0 || (any && close(process_stdout) < 0)))
		status = fail_system(o, "can't write the answer", out->failed ? ENOMEM : errno);
	output_wipe(out);
	return status;
}
