/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <pthread.h>
#include <unistd.h>
#include "tests/lib/child.h"
#include "tests/lib/core.h"
#include "lib/token/flight.h"

#define THREADS 8
#define LIFE    7200

static struct flights flights;
static struct secret_pool *pool;
static char base[64];

static int set_up(void **state)
{
	(void)state;
	memset(&flights, 0, sizeof(flights));
	pool = secret_pool_new();
	(void)snprintf(base, sizeof(base), "/tmp/test-flight-XXXXXX");
	return pool && mkdtemp(base) ? setenv("XDG_RUNTIME_DIR", base, 1) : -1;
}

static int tear_down(void **state)
{
	char command[100];

	(void)state;
	flights_clear(&flights);
	pool = secret_pool_unref(pool);
	(void)snprintf(command, sizeof(command), "rm -rf '%s'", base);
	return system(command);
}

static struct flight *join(const char *id, bool *ret_leader)
{
	struct flight *flight = flight_join(&flights, ICRED_TARGET_INSTALLATION, id, ret_leader);

	assert_non_null(flight);
	return flight;
}

static void the_first_leads_and_the_others_take_what_it_got(void **state)
{
	int64_t now = clock_utc();
	struct token_body *body = test_body(pool, "a", now, now + LIFE), *got = NULL;
	struct flight *mine, *theirs, *next;
	bool leader;

	(void)state;
	mine = join("a", &leader);
	assert_true(leader);
	theirs = join("a", &leader);
	assert_false(leader);
	flight_land(&flights, mine, body);
	next = join("a", &leader); /* what has landed takes nobody more in */
	assert_true(leader);
	assert_int_equal(flight_wait(theirs, clock_ms() + 10000, &got), ICRED_OK);
	assert_ptr_equal(got, body);
	token_body_unref(got);
	assert_null(flight_leave(mine));
	assert_null(flight_leave(theirs));
	assert_null(flight_leave(NULL));
	note_error(ICRED_E_NETWORK, "no route");
	flight_land(&flights, next, NULL);
	flight_leave(next);
	token_body_unref(body);
}

static void a_failure_is_everybodys(void **state)
{
	struct token_body *body = NULL;
	struct flight *mine, *theirs;
	bool leader;

	(void)state;
	mine = join("a", &leader);
	theirs = join("a", &leader);
	note_error(ICRED_E_RATE_LIMITED, "wait a little");
	set_error_retry_at(1234);
	flight_land(&flights, mine, NULL);
	note_error(ICRED_E_NO_MEMORY, "out of memory");
	assert_int_equal(flight_wait(theirs, clock_ms() + 10000, &body), ICRED_E_RATE_LIMITED);
	assert_null(body);
	assert_failure(ICRED_E_RATE_LIMITED, "wait a little");
	assert_int_equal(icred_error()->retry_at, 1234);
	flight_leave(mine);
	flight_leave(theirs);
}

static void each_target_has_its_own(void **state)
{
	struct flight *list[4];
	bool leader;

	(void)state;
	list[0] = join("a", &leader);
	list[1] = join("b", &leader);
	assert_true(leader);
	list[2] = flight_join(&flights, ICRED_TARGET_ORGANIZATION, "a", &leader);
	assert_true(leader);
	list[3] = flight_join(&flights, ICRED_TARGET_APP, "", &leader);
	assert_true(leader);
	for (size_t i = 0; i < ARRAY_SIZE(list); i++) {
		note_error(ICRED_E_NO_MEMORY, "out of memory");
		flight_land(&flights, list[(i + 1) % 4], NULL); /* in another order */
	}
	for (size_t i = 0; i < ARRAY_SIZE(list); i++)
		flight_leave(list[i]);
	assert_null(flights.list);
}

static void nobody_waits_past_his_deadline(void **state)
{
	struct token_body *body = NULL;
	struct flight *mine, *theirs;
	int64_t start = clock_ms();
	bool leader;

	(void)state;
	mine = join("a", &leader);
	theirs = join("a", &leader);
	assert_int_equal(flight_wait(theirs, clock_ms() + 60, &body), ICRED_E_TIMEOUT);
	assert_in_range(clock_ms() - start, 60, 10000);
	assert_int_equal(flight_wait(theirs, clock_ms() - 1, &body), ICRED_E_TIMEOUT);
	flight_leave(theirs);
	flight_land(&flights, mine, NULL);
	flight_leave(mine);
}

static pthread_barrier_t start_line;
static _Atomic int leaders;

static void *fly(void *data)
{
	int64_t now = clock_utc();
	struct token_body *body = NULL;
	bool leader;

	(void)data;
	pthread_barrier_wait(&start_line);
	struct flight *flight = flight_join(&flights, ICRED_TARGET_INSTALLATION, "a", &leader);
	if (leader) {
		atomic_fetch_add(&leaders, 1);
		clock_sleep(100); /* all others join meanwhile */
		body = test_body(pool, "a", now, now + LIFE);
		flight_land(&flights, flight, body);
	} else if (flight_wait(flight, clock_ms() + 60000, &body) < 0) {
		body = NULL;
	}
	flight_leave(flight);
	return body;
}

static void of_eight_threads_one_mints(void **state)
{
	pthread_t threads[THREADS];
	struct token_body *bodies[THREADS];

	(void)state;
	atomic_store(&leaders, 0);
	assert_int_equal(pthread_barrier_init(&start_line, NULL, THREADS), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, fly, NULL), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *body = NULL;
		assert_int_equal(pthread_join(threads[i], &body), 0);
		bodies[i] = body;
		assert_non_null(bodies[i]);
		assert_string_equal(bodies[i]->record.secret, "crs_a");
	}
	assert_int_equal(atomic_load(&leaders), 1);
	for (size_t i = 0; i < THREADS; i++)
		token_body_unref(bodies[i]);
	pthread_barrier_destroy(&start_line);
}

static int lead_in_child(void *data)
{
	struct token_body *body = NULL;
	bool leader = false;
	struct flight *flight;

	(void)data;
	flight = flight_join(&flights, ICRED_TARGET_INSTALLATION, "a", &leader);
	CHECK(flight && leader); /* the parent's leader is not in this process and never lands */
	note_error(ICRED_E_NETWORK, "no route");
	flight_land(&flights, flight, NULL);
	CHECK(flight_wait(flight, clock_ms() + 1000, &body) == ICRED_E_NETWORK);
	flight_leave(flight);
	return 0;
}

static void a_child_does_not_wait_for_its_parents_flight(void **state)
{
	static struct flight *mine; /* the child's tools for memory are to see that nothing is lost */
	struct flight *theirs;
	bool leader;

	(void)state;
	mine = join("a", &leader);
	assert_int_equal(child_run(lead_in_child, NULL, 0), 0);
	theirs = join("a", &leader);
	assert_false(leader); /* and here all is as it was */
	flight_land(&flights, mine, NULL);
	flight_leave(mine);
	flight_leave(theirs);
}

static void a_gate_lets_one_in_for_each_token(void **state)
{
	struct owned one, two, none = OWNED_NONE;

	(void)state;
	one = gate_open(NULL);
	two = gate_open(NULL);
	assert_true(one.fd >= 0 && two.fd >= 0);
	assert_int_equal(gate_try(&one, 4), ICRED_OK);
	assert_int_equal(gate_try(&one, 4), ICRED_OK);          /* is in already */
	assert_int_equal(gate_try(&two, 4), ICRED_E_CANCELLED); /* even in this process */
	assert_int_equal(gate_try(&two, 40000), ICRED_OK);
	assert_int_equal(gate_try(&two, UINT64_MAX), ICRED_OK);
	assert_int_equal(gate_try(&one, UINT64_MAX), ICRED_E_CANCELLED);
	gate_leave(&one, 4);
	assert_int_equal(gate_try(&two, 4), ICRED_OK);
	gate_leave(&two, 4);
	gate_leave(&none, 4);
	assert_int_equal(gate_try(&none, 4), ICRED_OK); /* no place for locks: everybody is in */
}

static int end_at_once(void *data)
{
	struct owned gate = *(struct owned *)data;

	return gate_try(&gate, 4) == ICRED_OK ? 0 : 1;
}

static int open_and_die(void *data)
{
	struct owned gate = gate_open(NULL);

	(void)data;
	CHECK(gate.fd >= 0 && gate_try(&gate, 4) == ICRED_OK);
	return 0; /* with the gate held */
}

static void a_gate_ends_with_its_process(void **state)
{
	struct owned gate;

	(void)state;
	assert_int_equal(child_run(open_and_die, NULL, 0), 0);
	gate = gate_open(NULL);
	assert_true(gate.fd >= 0);
	assert_int_equal(gate_try(&gate, 4), ICRED_OK);
	gate_leave(&gate, 4);
	assert_int_equal(child_run(end_at_once, &gate, 0), 0);
}

static void a_child_that_lives_on_does_not_keep_the_gate(void **state)
{
	struct owned one, two;
	int end[2];
	char byte;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(end), 0);
	one = gate_open(NULL);
	assert_true(one.fd >= 0);
	assert_int_equal(gate_try(&one, 4), ICRED_OK);
	pid = fork();
	if (pid == 0) {
		close(end[1]);
		_exit(read(end[0], &byte, 1) == 0 ? 0 : 1);
	}
	gate_leave(&one, 4);
	two = gate_open(NULL);
	assert_true(two.fd >= 0);
	assert_int_equal(gate_try(&two, 4), ICRED_OK);
	gate_leave(&two, 4);
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

	return cmocka_run_group_tests_name("flight", tests, NULL, NULL);
}
