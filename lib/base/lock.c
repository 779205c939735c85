/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/lock.h"

enum { FREE = 0, HELD = 1, WAITED = 2, STATE = 3 };

static _Atomic uint32_t generation = 1;

static void forked(void)
{
	atomic_fetch_add(&generation, 1);
}

static void watch_forks(void)
{
	pthread_atfork(NULL, NULL, forked);
}

uint32_t lock_generation(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, watch_forks);
	return atomic_load_explicit(&generation, memory_order_relaxed);
}

static long futex(_Atomic uint32_t *word, int op, uint32_t value, const struct timespec *time)
{
#ifdef SYS_futex_time64 /* where there are two calls, the size of time_t says which one to use */
	if (sizeof(time->tv_sec) > sizeof(long))
		return syscall(SYS_futex_time64, word, op | FUTEX_PRIVATE_FLAG, value, time, NULL, 0);
#endif
	return syscall(SYS_futex, word, op | FUTEX_PRIVATE_FLAG, value, time, NULL, 0);
}

void futex_wait(_Atomic uint32_t *word, uint32_t value, int milliseconds)
{
	struct timespec time = clock_spec(milliseconds);

	futex(word, FUTEX_WAIT, value, &time);
}

void futex_wake_all(_Atomic uint32_t *word)
{
	futex(word, FUTEX_WAKE, INT32_MAX, NULL);
}

bool lock_take(struct lock *lock)
{
	uint32_t now = lock_generation() & (UINT32_MAX >> 2);
	uint32_t seen = atomic_load_explicit(&lock->word, memory_order_relaxed);
	uint32_t want = HELD;

	for (;;) {
		if ((seen & STATE) == FREE || seen >> 2 != now) { /* free, or taken in a parent process */
			if (atomic_compare_exchange_weak_explicit(&lock->word, &seen, now << 2 | want,
								  memory_order_acquire, memory_order_relaxed))
				return (seen & STATE) != FREE;
			continue;
		}
		if ((seen & STATE) == WAITED ||
		    atomic_compare_exchange_weak_explicit(&lock->word, &seen, now << 2 | WAITED,
							  memory_order_relaxed, memory_order_relaxed)) {
			futex(&lock->word, FUTEX_WAIT, now << 2 | WAITED, NULL);
			want = WAITED; /* others may still wait when we give it */
			seen = atomic_load_explicit(&lock->word, memory_order_relaxed);
		}
	}
}

void lock_give(struct lock *lock)
{
	uint32_t seen = atomic_exchange_explicit(&lock->word, 0, memory_order_release);

	if ((seen & STATE) == WAITED)
		futex(&lock->word, FUTEX_WAKE, 1, NULL);
}
