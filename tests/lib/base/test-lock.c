/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/base/lock.h"
#include "tests/lib/child.h"
#include "tests/lib/core.h"

#define THREADS 8
#define TURNS   20000

static struct lock lock;
static unsigned long count;
static _Atomic int step;

static void wait_for_step(int wanted)
{
	while (atomic_load(&step) != wanted)
		clock_sleep(1);
}

static void *count_up(void *data)
{
	uintptr_t torn = 0;

	(void)data;
	for (int i = 0; i < TURNS; i++) {
		torn += lock_take(&lock);
		count++;
		lock_give(&lock);
	}
	return (void *)torn;
}

static void eight_threads_count_right(void **state)
{
	pthread_t threads[THREADS];

	(void)state;
	count = 0;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, count_up, NULL), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *torn = NULL;
		assert_int_equal(pthread_join(threads[i], &torn), 0);
		assert_null(torn); /* no fork came, so nothing was torn */
	}
	assert_int_equal(count, (unsigned long)THREADS * TURNS);
	assert_int_equal(lock.word, 0);
}

static void *hold_for_a_while(void *data)
{
	(void)data;
	(void)lock_take(&lock);
	atomic_store(&step, 1);
	wait_for_step(2);
	lock_give(&lock);
	return NULL;
}

static int take_in_child(void *data)
{
	uint32_t generation = *(uint32_t *)data;

	alarm(20); /* rather than wait for ever */
	CHECK(lock_generation() == generation + 1);
	CHECK(lock_take(&lock)); /* held by a thread that does not exist here: free, but torn */
	lock_give(&lock);
	CHECK(!lock_take(&lock));
	lock_give(&lock);
	return 0;
}

static void a_child_takes_what_another_thread_held_and_learns_it(void **state)
{
	uint32_t generation = lock_generation();
	pthread_t thread;

	(void)state;
	atomic_store(&step, 0);
	assert_int_equal(pthread_create(&thread, NULL, hold_for_a_while, NULL), 0);
	wait_for_step(1);
	assert_int_equal(child_run(take_in_child, &generation, 0), 0);
	atomic_store(&step, 2);
	assert_false(lock_take(&lock)); /* here its holder gave it back in order */
	lock_give(&lock);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(lock_generation(), generation);
}

static void *wait_for_the_lock(void *data)
{
	(void)data;
	atomic_store(&step, 3);
	(void)lock_take(&lock);
	atomic_store(&step, 4);
	lock_give(&lock);
	return NULL;
}

static void who_waits_gets_it_and_not_before(void **state)
{
	pthread_t thread;

	(void)state;
	atomic_store(&step, 0);
	assert_false(lock_take(&lock));
	assert_int_equal(pthread_create(&thread, NULL, wait_for_the_lock, NULL), 0);
	wait_for_step(3);
	clock_sleep(50);
	assert_int_equal(atomic_load(&step), 3);
	lock_give(&lock);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_int_equal(atomic_load(&step), 4);
}

static int free_in_child(void *data)
{
	struct lock *free_one = data;

	CHECK(!lock_take(free_one));
	lock_give(free_one);
	return 0;
}

static void a_lock_that_was_free_is_not_torn_by_a_fork(void **state)
{
	struct lock used = {0}, fresh = {0};

	(void)state;
	assert_false(lock_take(&used));
	lock_give(&used);
	assert_int_equal(child_run(free_in_child, &used, 0), 0);
	assert_int_equal(child_run(free_in_child, &fresh, 0), 0);
}

static _Atomic uint32_t word;

static void *wake_up(void *data)
{
	(void)data;
	clock_sleep(20);
	atomic_store(&word, 1);
	futex_wake_all(&word);
	return NULL;
}

static void a_wait_ends_by_a_wake_or_by_the_time(void **state)
{
	int64_t start = clock_ms();
	pthread_t thread;

	(void)state;
	futex_wait(&word, 0, 60);
	assert_in_range(clock_ms() - start, 50, 5000);
	futex_wait(&word, 7, 60000); /* is not 7: at once */
	assert_int_equal(pthread_create(&thread, NULL, wake_up, NULL), 0);
	while (!atomic_load(&word))
		futex_wait(&word, 0, 60000);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_in_range(clock_ms() - start, 50, 20000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(eight_threads_count_right),
		cmocka_unit_test(a_child_takes_what_another_thread_held_and_learns_it),
		cmocka_unit_test(who_waits_gets_it_and_not_before),
		cmocka_unit_test(a_lock_that_was_free_is_not_torn_by_a_fork),
		cmocka_unit_test(a_wait_ends_by_a_wake_or_by_the_time),
	};

	return cmocka_run_group_tests_name("lock", tests, NULL, NULL);
}
