/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A key that "signs" by giving the text back; and, with -DWILD_..., one that
 * breaks one rule of icred-module(3) on purpose.
 */
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <icred/module.h>

#ifdef WILD_SYMBOL
#define icred_module_1 icred_module_one
ICRED_MODULE_EXPORT const struct icred_module *icred_module_one(void);
#endif
#ifdef WILD_MAJOR
#define icred_module_1 icred_module_2
ICRED_MODULE_EXPORT const struct icred_module *icred_module_2(void);
#endif

#ifdef WILD_CONSTRUCTOR
static void __attribute__((constructor)) wild(void)
{
	abort();
}
#elif defined(WILD_LOAD)
static void __attribute__((constructor)) wild(void)
{
	for (;;)
		pause();
}
#endif

static int toy_open(const struct icred_host *host, void **ret_self)
{
#ifdef WILD_SHY
	return host->fail(host, ICRED_E_INVALID, "key shy does not open");
#endif
	*ret_self = host->secret_alloc(host, 1);
	return *ret_self ? ICRED_OK : host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
}

static void toy_close(void *self, const struct icred_host *host)
{
	host->secret_free(host, self);
}

#ifdef WILD_STACK
static int deeper(volatile char *above)
{
	volatile char here[4096];

	here[0] = (char)(*above + 1);
	return deeper(here) + here[0];
}
#endif

#ifdef WILD_THREADEXIT
static void *leave(void *unused)
{
	(void)unused;
	exit(0);
}
#endif

/* What this one does that it must not. */
static int wild_turn(const struct icred_host *host)
{
	(void)host;
#if defined(WILD_CRASH)
#ifdef DELAY
	usleep(DELAY);
#endif
	return *(volatile int *)8;
#elif defined(WILD_STACK)
	return deeper(&(volatile char){0});
#elif defined(WILD_ABORT)
	abort();
#elif defined(WILD_EXIT)
	exit(0);
#elif defined(WILD_SLOW)
	while (host->time_left(host) > 0)
		usleep(10000);
	usleep(100000);
	host->signed_by(host, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFG=");
	return ICRED_OK;
#elif defined(WILD_THREADEXIT)
	pthread_t thread;
	if (pthread_create(&thread, NULL, leave, NULL) == 0)
		pthread_join(thread, NULL);
	return ICRED_E_INTERNAL;
#elif defined(WILD_FORK)
	pid_t child = fork();
	if (child == 0)
		exit(1);
	return child > 0 && waitpid(child, NULL, 0) == child ? ICRED_OK : ICRED_E_INTERNAL;
#elif defined(WILD_THREAD)
	return raise(SIGSEGV);
#elif defined(WILD_HANG)
	for (;;)
		(void)pause();
#elif defined(WILD_STDOUT)
	return puts("-----BEGIN") < 0 || fflush(stdout) != 0 || write(1, "X", 1) != 1 ? ICRED_E_INTERNAL
										      : ICRED_OK;
#elif defined(WILD_STDERR)
	(void)!write(2, "X", 1);
	return ICRED_OK;
#elif defined(WILD_PROMPT)
#ifndef QUESTION
#define QUESTION "Passphrase:"
#define STYLE    ICRED_PROMPT_ECHO_OFF
#endif
	char *reply = host->secret_alloc(host, 64);
	int r = host->prompt(host, STYLE, QUESTION, reply, 64);
	host->secret_free(host, reply);
	return r;
#elif defined(WILD_TERMINAL)
	return fopen("/dev/tty", "r+") ? ICRED_OK
				       : host->fail(host, ICRED_E_LOCKED,
						    "key terminal finds no terminal here, as should be");
#elif defined(WILD_NUMBER)
#ifndef NUMBER
#define NUMBER 7
#endif
	return NUMBER;
#else
	return ICRED_OK;
#endif
}

static int toy_sign(void *self, const struct icred_host *host, const struct icred_key_query *query,
		    unsigned nth, const void *data, size_t len, void *signature, size_t cap, size_t *ret_len)
{
	int r = wild_turn(host);

	if (r)
		return r;
	if (!self || !query->app || nth || len > cap)
		return host->fail(host, ICRED_E_NOT_FOUND, "no more toy keys");
	memcpy(signature, data, len);
	*ret_len = len;
#ifdef WILD_LENGTH
	*(char *)signature = 'w';
	*ret_len = 1 << 20;
#endif
	return ICRED_OK;
}

#ifdef WILD_LENGTH
static int toy_store(void *self, const struct icred_host *host, const struct icred_key_query *query,
		     const char *pem, const char *label, const char *fingerprint)
{
	(void)self;
	(void)query;
	(void)pem;
	(void)label;
	(void)fingerprint;
	return host->fail(host, ICRED_E_INTERNAL, "the toy stores nothing");
}
#endif

#ifdef WILD_MUTE
static int toy_each(void *self, const struct icred_host *host, const struct icred_key_query *query,
		    int (*each)(const struct icred_key *key, void *data), void *data)
{
	(void)self;
	(void)host;
	(void)query;
	(void)each;
	(void)data;
	return MUTE;
}

static int toy_remove(void *self, const struct icred_host *host, const struct icred_key_query *query,
		      const char *fingerprint)
{
	(void)self;
	(void)host;
	(void)query;
	(void)fingerprint;
	return MUTE;
}
#endif

#ifdef WILD_LONG
/* From a later release: structs that go on. */
static const struct {
	struct icred_key_ops now;
	void *later[8];
} ops = {.now = {.size = sizeof(ops), .sign = toy_sign}, .later = {(void *)16, (void *)16}};
#else
static const struct icred_key_ops ops = {
	.size = sizeof(ops),
#ifndef WILD_NULL
	.sign = toy_sign,
#endif
#ifdef WILD_LENGTH
	.store = toy_store,
#endif
#ifdef WILD_MUTE
	.each = toy_each,
	.remove = toy_remove,
#endif
};
#endif

static const struct {
	struct icred_module now;
	void *later[8];
} table = {
	.now =
		{
#if defined(WILD_SHORT)
			.size = offsetof(struct icred_module, open),
#elif defined(WILD_LONG)
			.size = sizeof(table),
#else
			.size = sizeof(table.now),
#endif
			.minor = ICRED_MODULE_MINOR,
#ifdef WILD_FACILITY
			.facility = ICRED_CACHE,
#else
			.facility = ICRED_KEY,
#endif
			.name = "toy",
#ifdef PARALLEL
			.threads = ICRED_THREADS_PARALLEL,
#else
			.threads = ICRED_THREADS_SERIAL,
#endif
#ifdef WILD_LENGTH
			.can = ICRED_CAN_SIGN | ICRED_CAN_STORE,
#elif defined(WILD_MUTE)
			.can = ICRED_CAN_SIGN | ICRED_CAN_LIST | ICRED_CAN_REMOVE,
#else
			.can = ICRED_CAN_SIGN,
#endif
			.open = toy_open,
			.close = toy_close,
#ifndef WILD_OPS
			.ops = &ops,
#endif
		},
};

const struct icred_module *icred_module_1(void)
{
	return &table.now;
}
