/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests for event loops, whatever an application does with its descriptor and in whichever order. */
#include "config.h"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/api/handle.h"
#include "tests/lib/core.h"

#define ID    "8d0c4f5e-0000-4000-8000-000000000001"
#define GUARD 60 /* seconds for what should not take any */

static icred_t *handle;
/* Each thread has it, and glibc takes it from where the thread's stack is. */
static __thread volatile char large[1024 * 1024];

static int begin(void **state)
{
	struct icred_options options = {
		.size = sizeof(options), .app = "12345", .installation = ID, .flags = ICRED_NO_CACHE};

	(void)state;
	alarm(GUARD);
	setenv("ICRED_CONFIG_DIR", "/nonexistent", 1);
	setenv("ICRED_LIBEXEC_DIR", "/nonexistent", 1);
	return icred_open(&handle, NULL, &options);
}

static int end(void **state)
{
	(void)state;
	icred_close(handle);
	handle = NULL;
	alarm(0);
	return 0;
}

static void have_token(void)
{
	struct token_body *body = test_body(handle->context.pool, ID, clock_utc(), clock_utc() + 7200);

	table_put(&handle->table, body);
	token_body_unref(body);
}

static icred_request_t *start(void)
{
	icred_request_t *request;

	assert_int_equal(icred_request_start(handle, NULL, 0, &request), 0);
	return request;
}

static void wait_until_ready(const icred_request_t *request)
{
	struct pollfd ready = {.fd = icred_request_fd(request), .events = POLLIN};

	assert_int_equal(poll(&ready, 1, GUARD * 1000), 1);
}

static void assert_token(icred_request_t *request)
{
	icred_token_t *token;

	assert_int_equal(icred_request_finish(request, &token), 0);
	assert_string_equal(icred_token_secret(token), "crs_" ID);
	icred_token_unref(token);
}

/* No worker can be started here. */
static void assert_failed(icred_request_t *request)
{
	icred_token_t *token;

	assert_int_equal(icred_request_finish(request, &token), ICRED_E_INTERNAL);
	assert_failure(ICRED_E_INTERNAL, "icred-worker");
}

static void drain(const icred_request_t *request)
{
	char byte;

	wait_until_ready(request);
	assert_true(read(icred_request_fd(request), &byte, 1) <= 0);
	wait_until_ready(request);
}

static void an_answer_stays_though_the_descriptor_is_read(void **state)
{
	icred_request_t *request;

	(void)state;
	request = start();
	drain(request);
	assert_failed(request);
	have_token();
	request = start();
	drain(request);
	assert_token(request);
}

static void what_an_application_writes_is_no_answer(void **state)
{
	icred_request_t *request = start();
	int fd = icred_request_fd(request);
	uint64_t one = 1;

	(void)state;
	assert_true(write(fd, &one, sizeof(one)) <= 0);
	assert_int_equal(shutdown(fd, SHUT_RDWR), 0);
	assert_failed(request);
}

static void finish_waits(void **state)
{
	(void)state;
	large[0] = 1;
	for (int i = 0; i < 100; i++)
		assert_failed(start());
}

static void one_of_many_may_go(void **state)
{
	icred_request_t *requests[20];

	(void)state;
	for (int turn = 0; turn < 20; turn++) {
		for (int i = 0; i < 20; i++)
			requests[i] = start();
		for (int i = 0; i < 20; i += 2)
			icred_request_cancel(requests[i]);
		for (int i = 19; i > 0; i -= 2)
			assert_failed(requests[i]);
	}
}

/* It is to be ended before the profile is closed; if not, it has been answered by then. */
static void a_request_may_outlive_the_profile(void **state)
{
	icred_request_t *served, *failed, *cut, *cancelled;
	icred_token_t *token;

	(void)state;
	failed = start();
	wait_until_ready(failed);
	cut = start();
	cancelled = start();
	icred_close(handle);
	handle = NULL;
	wait_until_ready(cut);
	assert_true(icred_request_finish(cut, &token) < 0);
	icred_request_cancel(cancelled);
	assert_failed(failed);
	assert_int_equal(begin(NULL), 0);
	have_token();
	served = start();
	icred_close(handle);
	handle = NULL;
	assert_token(served);
}

/* The program closed it, and has its own under that number: neither woken up by us nor closed. */
static void another_file_under_its_number_is_left_alone(void **state)
{
	icred_request_t *request = start();
	int fd = icred_request_fd(request), pair[2];
	struct pollfd news = {.events = POLLIN};
	struct stat before, after;

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(dup2(pair[0], fd), fd);
	assert_int_equal(fstat(fd, &before), 0);
	news.fd = fd;
	assert_int_equal(poll(&news, 1, 200), 0);
	assert_failed(request);
	assert_int_equal(fstat(fd, &after), 0);
	assert_int_equal(before.st_ino, after.st_ino);
	assert_int_equal(poll(&news, 1, 0), 0);
	close(fd);
	close(pair[0]);
	close(pair[1]);
}

#define MANY 400

static unsigned threads_now(void)
{
	DIR *list = opendir("/proc/self/task");
	unsigned count = 0;

	while (list && readdir(list))
		count++;
	if (list)
		closedir(list);
	return count > 2 ? count - 2 : 0;
}

static void many_requests_are_few_threads(void **state)
{
	static icred_request_t *requests[MANY];
	struct rlimit files = {2 * MANY, 2 * MANY};
	unsigned before = threads_now(), most = 0;
	char id[] = ID;

	(void)state;
	(void)setrlimit(RLIMIT_NOFILE, &files);
	for (int i = 0; i < MANY; i++) {
		(void)snprintf(id + sizeof(ID) - 5, 5, "%04x", (unsigned)i);
		assert_int_equal(icred_request_start(handle, id, 0, &requests[i]), 0);
		most = MAX(most, threads_now());
	}
	assert_in_range(most, 0,
			before + 40); /* THREADS_MAX of icred_request.c, and some that are just ending */
	for (int i = 0; i < MANY; i += 3)
		icred_request_cancel(requests[i]);
	for (int i = MANY - 1; i >= 0; i--)
		if (i % 3)
			assert_failed(requests[i]);
}

int main(void)
{
#define TEST(function) cmocka_unit_test_setup_teardown(function, begin, end)
	const struct CMUnitTest tests[] = {
		TEST(an_answer_stays_though_the_descriptor_is_read),
		TEST(what_an_application_writes_is_no_answer),
		TEST(finish_waits),
		TEST(one_of_many_may_go),
		TEST(another_file_under_its_number_is_left_alone),
		TEST(many_requests_are_few_threads),
		TEST(a_request_may_outlive_the_profile),
	};

	return cmocka_run_group_tests_name("requests", tests, NULL, NULL);
}
