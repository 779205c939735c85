/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the hook keeps of each easy handle, with threads and children. */
#include "config.h"

#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/curl/curl-state.h"
#include "tests/lib/core.h"

#define EASIES  50
#define ROUNDS  20000
#define THREADS 4

static struct curl_states shared;

/* Handles of its own, every THREADSth address, come and go; NULL if it was given another thread's state. */
static void *use_states(void *data)
{
	char *easies = data;
	bool right = true;

	for (int i = 0; right && i < ROUNDS; i++) {
		char *one = easies + i * 7 % EASIES * THREADS;
		struct curl_state *state = curl_state_get(&shared, one);
		right = state && state->easy == one && curl_state_find(&shared, one) == state;
		if (i % 3)
			curl_state_forget(&shared, one);
	}
	return right ? data : NULL;
}

static void test_threads(void **state)
{
	static char easies[EASIES * THREADS];
	pthread_t threads[THREADS];
	void *result;

	(void)state;
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, use_states, &easies[i]), 0);
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], &result), 0);
		assert_ptr_equal(result, &easies[i]);
	}
	curl_states_clear(&shared);
}

/* A child of a process whose other thread was changing the tree at that moment begins with none. */
static void test_fork(void **state)
{
	char one[1];
	int status = -1;
	pid_t child;

	(void)state;
	assert_non_null(curl_state_get(&shared, one));
	lock_take(&shared.lock);
	child = fork();
	if (child == 0) {
		bool none = !curl_state_find(&shared, one);
		curl_state_forget(&shared, one);
		_exit(none && curl_state_get(&shared, one) ? 0 : 1);
	}
	lock_give(&shared.lock);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
	assert_non_null(curl_state_find(&shared, one));
	curl_states_clear(&shared);
	assert_null(curl_state_find(&shared, one));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_fork),
	};

	return cmocka_run_group_tests_name("the states of the libcurl hook", tests, NULL, NULL);
}
