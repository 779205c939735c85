/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which module each job is inside of, to name the one that crashes, exits or hangs. */
#include "config.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/worker/icred-worker.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/system-words.h"

#define SIGNALS_ROOM  16384 /* what a handler needs beside the machine's registers */
#define LAST_WORDS_MS 200   /* how long a thread that crashes waits for those of another one */
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51 /* what the kernel says that the registers need */
#endif

/* Changed with the lock held; the signal handler reads it without. */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct job *running[JOBS_MAX];
static _Atomic bool retired;
static pid_t process; /* the worker, and not a child that a module has forked */

/* Where this thread is. */
static __thread struct job *here;
static __thread const struct line *here_line;

/* A stack for the signal handler, which each thread has for itself and frees at its end. */
static pthread_key_t signal_stacks;
static bool have_signal_stacks;

/* The kernel says how much the registers need, as vector registers have grown past any fixed size. */
static size_t signal_stack_size(void)
{
	return MAX(getauxval(AT_MINSIGSTKSZ), (size_t)MINSIGSTKSZ) + SIGNALS_ROOM;
}

/*
 * The key module if there is one: the issuer waits for it, or soon will, and
 * what key modules are built on has threads of its own.
 */
static const struct line *any_line(struct job *job)
{
	static const enum inside order[] = {INSIDE_KEY, INSIDE_PREPARE, INSIDE_CALL};
	const struct line *line = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(order) && !line; i++)
		line = atomic_load_explicit(&job->inside[order[i]], memory_order_acquire);
	return line;
}

static void blame(struct job *job, const struct line *line, int code, const char *why)
{
	char name_text[80], message_text[256];
	struct words name = WORDS(name_text), message = WORDS(message_text);

	words_add(&name, facility_name(line->facility));
	words_add(&name, " ");
	words_add(&name, line->module);
	words_add(&message, "module ");
	words_add(&message, name.text);
	words_add(&message, " ");
	words_add(&message, why);
	put_error(code, message.text);
	set_error_where(name.text, line->file, line->number);
	audit_failed(job, code);
	job_failed(job);
}

/*
 * The process ends in the middle of a module.  Its job's failure says so, and so does that of each other job that
 * is in a module, which is not to blame.  Of threads that crash at the same moment the first one speaks, and the
 * others let it finish.
 */
static void last_words(const char *why)
{
	enum { SILENT, SPEAKING, DONE };
	static _Atomic int state = SILENT;
	int silent = SILENT;
	char text[256];
	struct words other = WORDS(text);

	if (getpid() != process)
		return;
	if (!atomic_compare_exchange_strong(&state, &silent, SPEAKING)) {
		for (int i = 0; i < LAST_WORDS_MS && atomic_load(&state) == SPEAKING; i++)
			clock_sleep(1);
		return;
	}
	words_add(&other, "was at work in a worker where another module ");
	words_add(&other, why);
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct job *job = running[i];
		const struct line *line = job == here ? here_line : job ? any_line(job) : NULL;
		if (job && line)
			blame(job, line, ICRED_E_INTERNAL, job == here || !here ? why : other.text);
	}
	atomic_store(&state, DONE);
}

/* Neither memory nor locks can be relied on: what is called here copies bytes, and sends them. */
static void crashed(int number)
{
	char text[80];
	struct words why = WORDS(text);

	words_add(&why, "crashed (");
	words_add(&why, signal_name(number));
	words_add(&why, ")");
	last_words(why.text);
	signal(number, SIG_DFL);
	raise(number);
}

/* The worker itself calls only _exit(2). */
static void exited(void)
{
	last_words("ended the process, which modules must not");
}

static void drop_signal_stack(void *stack)
{
	static const stack_t none = {.ss_flags = SS_DISABLE};

	sigaltstack(&none, NULL);
	munmap(stack, signal_stack_size());
}

void inside_watch(void)
{
	static const int signals[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGSYS, SIGTRAP};
	struct sigaction action = {.sa_handler = crashed, .sa_flags = SA_ONSTACK};

	process = getpid();
	have_signal_stacks = pthread_key_create(&signal_stacks, drop_signal_stack) == 0;
	sigfillset(&action.sa_mask);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaction(signals[i], &action, NULL);
	atexit(exited);
}

void inside_begin(struct job *job)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < JOBS_MAX; i++) {
		if (running[i])
			continue;
		running[i] = job_ref(job);
		break;
	}
	pthread_mutex_unlock(&lock);
}

void inside_end(struct job *job)
{
	bool found = false;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < JOBS_MAX && !found; i++) {
		found = running[i] == job;
		if (found)
			running[i] = NULL;
	}
	pthread_mutex_unlock(&lock);
	if (found)
		job_unref(job);
}

/* For a module that has used up its stack.  (A sanitizer gives each thread one itself.) */
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

void inside_enter(struct job *job, enum inside which, const struct line *line)
{
	own_signal_stack();
	here = job;
	here_line = line;
	atomic_store_explicit(&job->inside[which], line, memory_order_release);
}

void inside_leave(struct job *job, enum inside which)
{
	atomic_store_explicit(&job->inside[which], NULL, memory_order_release);
	here = NULL;
	here_line = NULL;
}

int inside_due(void)
{
	int64_t due = INT64_MAX;

	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < JOBS_MAX; i++)
		if (running[i] && !running[i]->given_up)
			due = MIN(due, running[i]->due);
	pthread_mutex_unlock(&lock);
	return due == INT64_MAX ? -1 : clock_left(due);
}

void inside_overdue(void)
{
	pthread_mutex_lock(&lock);
	for (size_t i = 0; i < JOBS_MAX; i++) {
		struct job *job = running[i];
		const struct line *line = job ? any_line(job) : NULL;
		if (!job || job->given_up || clock_left(job->due))
			continue;
		job->given_up = true;
		if (!line)
			continue;
		blame(job, line, ICRED_E_TIMEOUT, "did not return in time; raise the setting timeout");
		inside_retire();
	}
	pthread_mutex_unlock(&lock);
}

void inside_retire(void)
{
	atomic_store(&retired, true);
	shutdown(STDIN_FILENO, SHUT_RD);
}

bool inside_is_retired(void)
{
	return atomic_load(&retired);
}
