/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "clock.h"
#include "error.h"
#include "worker/inside.h"

#define STDOUT_MAX    4096
#define SIGNALS_STACK 16384

/* Changed with the lock held; a handler of a process that is ending reads it without. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct request *running[REQUESTS_MAX];

/* Where this thread is. */
static __thread struct request *here;
static __thread const struct line *here_line;

static const struct line *line_of(struct request *request, enum inside which)
{
	return atomic_load_explicit(&request->inside[which], memory_order_acquire);
}

/*
 * The key module if there is one: the issuer waits for it, or soon will, and
 * what key modules are built on has threads of its own.
 */
static const struct line *any_line(struct request *request)
{
	const struct line *line = line_of(request, INSIDE_KEY);

	line = line ? line : line_of(request, INSIDE_PREPARE);
	return line ? line : line_of(request, INSIDE_CALL);
}

static void blame(const struct line *line, int code, const char *why)
{
	char name[48];

	snprintf(name, sizeof(name), "%s %s", facility_name(line->facility), line->module);
	note_error(code, "module %s %s", name, why);
	set_error_where(name, line->file, line->number);
}

/*
 * The process ends in the middle of a module.  Whoever was in it is told so,
 * and so is every other request, which can do nothing for it.
 */
static void last_words(const char *why)
{
	char other[160];

	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *request = running[i];
		const struct line *line = request == here ? here_line : request ? any_line(request) : NULL;
		if (!request || !line)
			continue;
		snprintf(other, sizeof(other), "was at work in a worker where another module %s", why);
		blame(line, ICRED_E_INTERNAL, request == here || !here ? why : other);
		request_failed(request);
	}
}

/* snprintf() and a stack of our own are all this needs; if even that is broken, the deadline helps. */
static void crashed(int number)
{
	char why[80];

	signal(number, SIG_DFL);
	snprintf(why, sizeof(why), "crashed (%s)", number == SIGABRT ? "it aborted" : strsignal(number));
	last_words(why);
	raise(number);
}

static void left(void)
{
	if (here)
		last_words("ended the process, which modules must not");
}

static void watch_signals(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};
	struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK};

	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
}

/* A file in memory that can't grow: its offset says whether anything was written. */
static void watch_stdout(void)
{
	int fd = memfd_create("stdout", MFD_CLOEXEC | MFD_ALLOW_SEALING);

	if (fd < 0)
		return; /* then it stays the null device */
	if (ftruncate(fd, STDOUT_MAX) == 0 && fcntl(fd, F_ADD_SEALS, F_SEAL_GROW | F_SEAL_SHRINK) == 0)
		dup2(fd, STDOUT_FILENO);
	close(fd);
	setvbuf(stdout, NULL, _IONBF, 0);
}

static bool has_written(void)
{
	if (lseek(STDOUT_FILENO, 0, SEEK_CUR) <= 0)
		return false;
	lseek(STDOUT_FILENO, 0, SEEK_SET);
	return true;
}

void inside_watch(void)
{
	watch_signals();
	watch_stdout();
	atexit(left);
}

void inside_begin(struct request *request)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		if (running[i])
			continue;
		running[i] = request_ref(request);
		break;
	}
	pthread_mutex_unlock(&lock);
}

void inside_end(struct request *request)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < REQUESTS_MAX && !found; i++) {
		found = running[i] == request;
		if (found)
			running[i] = NULL;
	}
	pthread_mutex_unlock(&lock);
	if (found)
		request_unref(request);
}

/* A module that runs through its stack shall still be able to say so.  (A sanitizer has one for each thread.) */
static void own_signal_stack(void)
{
	static __thread char stack[SIGNALS_STACK];
	stack_t signals = {.ss_sp = stack, .ss_size = sizeof(stack)}, old;

	if (sigaltstack(NULL, &old) == 0 && (old.ss_flags & SS_DISABLE))
		sigaltstack(&signals, NULL);
}

void inside_enter(struct request *request, enum inside which, const struct line *line)
{
	own_signal_stack();
	here = request;
	here_line = line;
	atomic_store_explicit(&request->inside[which], line, memory_order_release);
}

/* The other modules that are at work at this moment, for they might have been the ones. */
static size_t count_others(const struct line *line)
{
	size_t count = 0;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		for (enum inside which = INSIDE_CALL; running[i] && which < INSIDE_COUNT; which++)
			count += line_of(running[i], which) && line_of(running[i], which) != line;
	pthread_mutex_unlock(&lock);
	return count;
}

int inside_leave(struct request *request, enum inside which, int result)
{
	const struct line *line = here_line;

	atomic_store_explicit(&request->inside[which], NULL, memory_order_release);
	here = NULL;
	here_line = NULL;
	if (!line || !has_written())
		return result;
	blame(line, ICRED_E_INTERNAL,
	      count_others(line)
		      ? "(or another one, at work beside it) wrote to standard output, which modules must not"
		      : "wrote to standard output, which modules must not");
	return ICRED_E_INTERNAL;
}

int inside_due(void)
{
	int64_t due = INT64_MAX;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < REQUESTS_MAX; i++)
		if (running[i] && !running[i]->given_up)
			due = MIN(due, running[i]->due);
	pthread_mutex_unlock(&lock);
	return due == INT64_MAX ? -1 : clock_left(due);
}

bool inside_overdue(void)
{
	bool any = false;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *request = running[i];
		const struct line *line = request ? any_line(request) : NULL;
		if (!request || request->given_up || clock_left(request->due))
			continue;
		request->given_up = true;
		if (!line)
			continue;
		blame(line, ICRED_E_TIMEOUT,
		      "did not come back in the time allowed; give more with --timeout");
		request_failed(request);
		any = true;
	}
	pthread_mutex_unlock(&lock);
	return any;
}
