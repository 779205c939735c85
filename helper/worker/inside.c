/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/signal-name.h"
#include "helper/worker/inside.h"

#define STDOUT_MAX   4096
#define SIGNALS_ROOM 16384 /* what a handler needs beside the machine's registers */
#define WORDS_MAX    256
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51 /* what the kernel says that the registers need */
#endif

/* Changed with the lock held; a handler of a process that is ending reads it without. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct request *running[REQUESTS_MAX];

/* Where this thread is. */
static __thread struct request *here;
static __thread const struct line *here_line;

/* A stack for signal handlers is each thread's own, and goes with it. */
static pthread_key_t signal_stacks;
static bool have_signal_stacks;

/* Vector registers have grown past any fixed size, so the kernel is asked. */
static size_t signal_stack_size(void)
{
	return MAX(getauxval(AT_MINSIGSTKSZ), (size_t)MINSIGSTKSZ) + SIGNALS_ROOM;
}

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

/* Put together without snprintf(3), which a signal handler may not call. */
struct words {
	char text[WORDS_MAX];
	size_t len;
};

static void add(struct words *words, const char *more)
{
	while (*more && words->len < WORDS_MAX - 1)
		words->text[words->len++] = *more++;
	words->text[words->len] = '\0';
}

static void blame(const struct line *line, int code, const char *why)
{
	struct words name = {.len = 0}, message = {.len = 0};

	add(&name, facility_name(line->facility));
	add(&name, " ");
	add(&name, line->module);
	add(&message, "module ");
	add(&message, name.text);
	add(&message, " ");
	add(&message, why);
	put_error(code, message.text);
	set_error_where(name.text, line->file, line->number);
}

/*
 * The process ends in the middle of a module.  Whoever was in it is told so,
 * and so is every other request, which can do nothing for it.
 */
static void last_words(const char *why)
{
	struct words other = {.len = 0};

	add(&other, "was at work in a worker where another module ");
	add(&other, why);
	for (size_t i = 0; i < REQUESTS_MAX; i++) {
		struct request *request = running[i];
		const struct line *line = request == here ? here_line : request ? any_line(request) : NULL;
		if (!request || !line)
			continue;
		blame(line, ICRED_E_INTERNAL, request == here || !here ? why : other.text);
		request_failed(request);
	}
}

/*
 * Memory is not to be relied on, nor a lock to be taken: what is called here
 * copies bytes, and sends them.
 */
static void crashed(int number)
{
	struct words why = {.len = 0};

	signal(number, SIG_DFL);
	add(&why, "crashed (");
	add(&why, signal_name(number));
	add(&why, ")");
	last_words(why.text);
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

static void drop_signal_stack(void *stack)
{
	static const stack_t none = {.ss_flags = SS_DISABLE};

	sigaltstack(&none, NULL);
	munmap(stack, signal_stack_size());
}

void inside_watch(void)
{
	have_signal_stacks = pthread_key_create(&signal_stacks, drop_signal_stack) == 0;
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

/* A module that runs through its stack must still be able to say so.  (A sanitizer has one for each thread.) */
static void own_signal_stack(void)
{
	stack_t signals = {.ss_size = signal_stack_size()}, old;

	if (!have_signal_stacks || sigaltstack(NULL, &old) < 0 || !(old.ss_flags & SS_DISABLE))
		return;
	signals.ss_sp = mmap(NULL, signals.ss_size, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
	if (signals.ss_sp == MAP_FAILED)
		return;
	if (pthread_setspecific(signal_stacks, signals.ss_sp) || sigaltstack(&signals, NULL) < 0) {
		pthread_setspecific(signal_stacks, NULL);
		munmap(signals.ss_sp, signals.ss_size);
	}
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
		blame(line, ICRED_E_TIMEOUT, "did not come back in time; raise the setting timeout");
		request_failed(request);
		any = true;
	}
	pthread_mutex_unlock(&lock);
	return any;
}
