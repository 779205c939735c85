/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
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
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/common/output.h"
#include "helper/common/process.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/base/language.h"

#if defined(__SANITIZE_ADDRESS__)
#define PROCESS_TRACEABLE 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define PROCESS_TRACEABLE 1
#endif
#endif

static struct rlimit process_core;
static mode_t process_umask;
static struct sigaction process_size_action; /* for SIGXFSZ */
/* The message of a signal handler, in parts that are ready. */
static char process_message[128], process_hint[128];
static const char *volatile process_work;
static void (*volatile process_clean_up)(void);
static int64_t process_began; /* when the deadline began to count; 0: it will with the next one */

void process_seal(void)
{
	static const struct rlimit none = {0, 0};

	setrlimit(RLIMIT_CORE, &none);
}

void process_start(void)
{
	static const struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct rlimit none;

	process_began = clock_ms();
	output_take();
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

/* exec(2) itself makes the process dumpable again, and puts signal handlers away, but not timers. */
void process_restore(void)
{
	process_deadline_end();
	sigaction(SIGXFSZ, &process_size_action, NULL);
	setrlimit(RLIMIT_CORE, &process_core);
	umask(process_umask);
	output_give_back();
}

static void process_expired(int signal_number)
{
	const char *work = process_work;
	const char *parts[] = {process_message, work ? " " : "", work ? work : "", process_hint};
	struct iovec line[ARRAY_SIZE(parts)];
	struct pollfd room = {.fd = STDERR_FILENO, .events = POLLOUT};

	(void)signal_number;
	if (process_clean_up)
		process_clean_up();
	for (size_t i = 0; i < ARRAY_SIZE(parts); i++)
		line[i] = (struct iovec){(void *)(uintptr_t)parts[i], strlen(parts[i])};
	/* If the reader of our messages has stopped reading, that may be what took the time. */
	if (fail_has_timed_out() || poll(&room, 1, 0) == 0)
		_exit(FAIL_NETWORK);
	if (writev(STDERR_FILENO, line, ARRAY_SIZE(line)) < 0)
		_exit(FAIL_OTHER);
	_exit(FAIL_NETWORK);
}

int64_t process_deadline(const struct options *o, unsigned timeout_ms)
{
	const char *hint = fail_hint(o, ICRED_E_TIMEOUT);
	int64_t now = clock_ms(), alarm_at, ms;
	struct itimerval timer = {.it_interval = {0, 0}};
	struct timespec left;
	struct sigaction action = {.sa_handler = process_expired};

	snprintf(process_message, sizeof(process_message),
		 o->json ? "{\"error\":{\"kind\":\"timeout\",\"message\":\"%s: timed out" : "%s: timed out",
		 o->program);
	if (hint)
		snprintf(process_hint, sizeof(process_hint), o->json ? "\",\"hint\":\"%s\"}}\n" : "; %s\n",
			 hint);
	else
		snprintf(process_hint, sizeof(process_hint), o->json ? "\"}}\n" : "\n");
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

void process_on_expiry(void (*clean_up)(void))
{
	process_clean_up = clean_up;
}

void process_deadline_end(void)
{
	static const struct itimerval never;

	setitimer(ITIMER_REAL, &never, NULL);
	process_began = 0;
}

int process_finish(const struct options *o, int status)
{
	struct output *out = output_stdout();
	bool any = out->len > 0;

	/* Some file systems report a full disk only when the file is closed. */
	if (status == 0 && (output_write(out, output_fd()) < 0 || (any && close(output_fd()) < 0)))
		status = fail_system(o, "cannot write the answer", out->failed ? ENOMEM : errno);
	output_wipe(out);
	return status;
}
