/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <pthread.h>
#include <unistd.h>
#include "lib/token/mint-lock.h"
#include "lib/token/single-flight.h"
#include "tests/lib/child.h"
#include "tests/lib/core.h"

#define THREADS 8
#define LIFE    7200

static struct mints mints;
static struct secret_pool *pool;
static char base[64];

static int set_up(void **state)
{
	(void)state;
	memset(&mints, 0, sizeof(mints));
	pool = secret_pool_new();
	(void)snprintf(base, sizeof(base), "/tmp/test-mint-XXXXXX");
	return pool && mkdtemp(base) ? setenv("XDG_RUNTIME_DIR", base, 1) : -1;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	mints_clear(&mints);
	pool = secret_pool_unref(pool);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

static struct mint *join(const char *id, bool *ret_first)
{
	struct mint *mint = mint_join(&mints, ICRED_TARGET_INSTALLATION, id, ret_first);

	assert_non_null(mint);
	return mint;
}

static void the_first_leads_and_the_others_take_what_it_got(void **state)
{
	int64_t now = clock_utc();
	struct token_body *body = test_body(pool, "a", now, now + LIFE), *got = NULL;
	struct mint *mine, *theirs, *next;
	bool first;

	(void)state;
	mine = join("a", &first);
	assert_true(first);
	theirs = join("a", &first);
	assert_false(first);
	mint_finish(&mints, mine, body);
	next = join("a", &first); /* a finished mint is not joined any more */
	assert_true(first);
	assert_int_equal(mint_wait(theirs, clock_ms() + 10000, &got), ICRED_OK);
	assert_ptr_equal(got, body);
	token_body_unref(got);
	assert_null(mint_leave(mine));
	assert_null(mint_leave(theirs));
	assert_null(mint_leave(NULL));
	note_error(ICRED_E_NETWORK, "no route");
	mint_finish(&mints, next, NULL);
	mint_leave(next);
	token_body_unref(body);
}

static void a_failure_is_everybodys(void **state)
{
	struct token_body *body = NULL;
	struct mint *mine, *theirs;
	bool first;

	(void)state;
	mine = join("a", &first);
	theirs = join("a", &first);
	note_error(ICRED_E_RATE_LIMITED, "wait a little");
	set_error_retry_at(1234);
	mint_finish(&mints, mine, NULL);
	note_error(ICRED_E_NO_MEMORY, "out of memory");
	assert_int_equal(mint_wait(theirs, clock_ms() + 10000, &body), ICRED_E_RATE_LIMITED);
	assert_null(body);
	assert_failure(ICRED_E_RATE_LIMITED, "wait a little");
	assert_int_equal(icred_error()->retry_at, 1234);
	mint_leave(mine);
	mint_leave(theirs);
}

static void each_target_has_its_own(void **state)
{
	struct mint *list[4];
	bool first;

	(void)state;
	list[0] = join("a", &first);
	list[1] = join("b", &first);
	assert_true(first);
	list[2] = mint_join(&mints, ICRED_TARGET_ORGANIZATION, "a", &first);
	assert_true(first);
	list[3] = mint_join(&mints, ICRED_TARGET_APP, "", &first);
	assert_true(first);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		note_error(ICRED_E_NO_MEMORY, "out of memory");
		mint_finish(&mints, list[(i + 1) % 4], NULL); /* in another order */
	}
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		mint_leave(list[i]);
	assert_null(mints.list);
}

static void nobody_waits_past_his_deadline(void **state)
{
	struct token_body *body = NULL;
	struct mint *mine, *theirs;
	int64_t start = clock_ms();
	bool first;

	(void)state;
	mine = join("a", &first);
	theirs = join("a", &first);
	assert_int_equal(mint_wait(theirs, clock_ms() + 60, &body), ICRED_E_TIMEOUT);
	assert_in_range(clock_ms() - start, 60, 10000);
	assert_int_equal(mint_wait(theirs, clock_ms() - 1, &body), ICRED_E_TIMEOUT);
	mint_leave(theirs);
	mint_finish(&mints, mine, NULL);
	mint_leave(mine);
}

static pthread_barrier_t start_line;
static _Atomic int firsts;

static void *wait_or_finish(void *data)
{
	int64_t now = clock_utc();
	struct token_body *body = NULL;
	bool first;

	(void)data;
	pthread_barrier_wait(&start_line);
	struct mint *mint = mint_join(&mints, ICRED_TARGET_INSTALLATION, "a", &first);
	if (first) {
		atomic_fetch_add(&firsts, 1);
		clock_sleep(100); /* all others join meanwhile */
		body = test_body(pool, "a", now, now + LIFE);
		mint_finish(&mints, mint, body);
	} else if (mint_wait(mint, clock_ms() + 60000, &body) < 0) {
		body = NULL;
	}
	mint_leave(mint);
	return body;
}

static void of_eight_threads_one_mints(void **state)
{
	pthread_t threads[THREADS];
	struct token_body *bodies[THREADS];

	(void)state;
	atomic_store(&firsts, 0);
	assert_int_equal(pthread_barrier_init(&start_line, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, wait_or_finish, NULL), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *body = NULL;
		assert_int_equal(pthread_join(threads[i], &body), 0);
		bodies[i] = body;
		assert_non_null(bodies[i]);
		assert_string_equal(bodies[i]->record.secret, "crs_a");
	}
	assert_int_equal(atomic_load(&firsts), 1);
	for (size_t i = 0; i < THREADS; i++)
		token_body_unref(bodies[i]);
	pthread_barrier_destroy(&start_line);
}

static int lead_in_child(void *data)
{
	struct token_body *body = NULL;
	bool first = false;
	struct mint *mint;

	(void)data;
	mint = mint_join(&mints, ICRED_TARGET_INSTALLATION, "a", &first);
	CHECK(mint && first); /* the parent's first is not in this process and never lands */
	note_error(ICRED_E_NETWORK, "no route");
	mint_finish(&mints, mint, NULL);
	CHECK(mint_wait(mint, clock_ms() + 1000, &body) == ICRED_E_NETWORK);
	mint_leave(mint);
	return 0;
}

static void a_child_does_not_wait_for_its_parents_flight(void **state)
{
	static struct mint *mine; /* the child's tools for memory are to see that nothing is lost */
	struct mint *theirs;
	bool first;

	(void)state;
	mine = join("a", &first);
	assert_int_equal(child_run(lead_in_child, NULL, 0), 0);
	theirs = join("a", &first);
	assert_false(first); /* and here all is as it was */
	mint_finish(&mints, mine, NULL);
	mint_leave(mine);
	mint_leave(theirs);
}

static void a_gate_lets_one_in_for_each_token(void **state)
{
	struct owned one, two, none = OWNED_NONE;

	(void)state;
	one = mint_lock_open(NULL);
	two = mint_lock_open(NULL);
	assert_true(one.fd >= 0 && two.fd >= 0);
	assert_int_equal(mint_lock_try(&one, 4), ICRED_OK);
	assert_int_equal(mint_lock_try(&one, 4), ICRED_OK);          /* is in already */
	assert_int_equal(mint_lock_try(&two, 4), ICRED_E_CANCELLED); /* even in this process */
	assert_int_equal(mint_lock_try(&two, 40000), ICRED_OK);
	assert_int_equal(mint_lock_try(&two, UINT64_MAX), ICRED_OK);
	assert_int_equal(mint_lock_try(&one, UINT64_MAX), ICRED_E_CANCELLED);
	mint_lock_release(&one, 4);
	assert_int_equal(mint_lock_try(&two, 4), ICRED_OK);
	mint_lock_release(&two, 4);
	mint_lock_release(&none, 4);
	assert_int_equal(mint_lock_try(&none, 4), ICRED_OK); /* no place for locks: everybody is in */
}

static int end_at_once(void *data)
{
	struct owned lock = *(struct owned *)data;

	return mint_lock_try(&lock, 4) == ICRED_OK ? 0 : 1;
}

static int open_and_die(void *data)
{
	struct owned lock = mint_lock_open(NULL);

	(void)data;
	CHECK(lock.fd >= 0 && mint_lock_try(&lock, 4) == ICRED_OK);
	return 0; /* with the lock held */
}

static void a_gate_ends_with_its_process(void **state)
{
	struct owned lock;

	(void)state;
	assert_int_equal(child_run(open_and_die, NULL, 0), 0);
	lock = mint_lock_open(NULL);
	assert_true(lock.fd >= 0);
	assert_int_equal(mint_lock_try(&lock, 4), ICRED_OK);
	mint_lock_release(&lock, 4);
	assert_int_equal(child_run(end_at_once, &lock, 0), 0);
}

static void a_child_that_lives_on_does_not_keep_the_gate(void **state)
{
	struct owned one, two;
	int end[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(end), 0);
	one = mint_lock_open(NULL);
	assert_true(one.fd >= 0);
	assert_int_equal(mint_lock_try(&one, 4), ICRED_OK);
	pid = fork();
	if (pid == 0) {
		close(end[1]);
		_exit(read(end[0], &byte, 1) == 0 ? 0 : 1);
	}
	mint_lock_release(&one, 4);
	two = mint_lock_open(NULL);
	assert_true(two.fd >= 0);
	assert_int_equal(mint_lock_try(&two, 4), ICRED_OK);
	mint_lock_release(&two, 4);
	close(end[0]);
	close(end[1]);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_first_leads_and_the_others_take_what_it_got),
		TEST(a_failure_is_everybodys),
		TEST(each_target_has_its_own),
		TEST(nobody_waits_past_his_deadline),
		TEST(of_eight_threads_one_mints),
		TEST(a_child_does_not_wait_for_its_parents_flight),
		TEST(a_gate_lets_one_in_for_each_token),
		TEST(a_gate_ends_with_its_process),
		TEST(a_child_that_lives_on_does_not_keep_the_gate),
	};

	return cmocka_run_group_tests_name("mint", tests, NULL, NULL);
}
