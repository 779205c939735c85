/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds for every cache module, tried with each of them; their own ways are in test-cache-NAME.c. */
#include "config.h"
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/lib/child.h"
#include "tests/plugin/cache/cache-host.h"

#define WORKERS 4
#define ROUNDS  100

static char base[64];
static char name[65];
static struct cache cache;
static unsigned char blob[ICRED_BLOB_MAX], read_back[ICRED_BLOB_MAX];
static _Thread_local unsigned char contended[600];

static int64_t in_seconds(int seconds)
{
	return (int64_t)time(NULL) + seconds;
}

static int setup(void **state)
{
	size_t i;

	(void)snprintf(base, sizeof(base), "/tmp/test-cache-XXXXXX");
	if (mkdtemp(base) == NULL || setenv("XDG_RUNTIME_DIR", base, 1) != 0)
		return -1;
	(void)snprintf(name, sizeof(name), "test-%08x.a-0", chance());
	for (i = 0; i < sizeof(blob); i++)
		blob[i] = (unsigned char)(i * 7 + i / 256);
	return cache_open(&cache, *state, NULL);
}

static int drop_mine(const char *entry, void *data)
{
	(void)data;
	if (strncmp(entry, name, strcspn(name, ".") + 1) == 0)
		(void)cache_drop(&cache, entry);
	return 0;
}

static int teardown(void **state)
{
	char path[128];

	(void)state;
	(void)cache_each(&cache, drop_mine, NULL);
	cache_close(&cache);
	(void)snprintf(path, sizeof(path), "%s/icred/sweep", base);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/icred", base);
	(void)rmdir(path);
	return rmdir(base);
}

/* A machine without kernel keyrings has nothing to try. */
static void needs_cache(void)
{
	if (cache_save(&cache, name, "x", 1, in_seconds(60)) == ICRED_E_UNSUPPORTED)
		skip();
	assert_int_equal(cache_drop(&cache, name), ICRED_OK);
}

static void assert_holds(const void *expected, size_t len)
{
	size_t got = 0;

	memset(read_back, 0xa5, sizeof(read_back));
	assert_int_equal(cache_load(&cache, name, read_back, sizeof(read_back), &got), ICRED_OK);
	assert_int_equal(got, len);
	assert_memory_equal(read_back, expected, len);
}

static void assert_absent(void)
{
	size_t got = 4711;

	assert_int_equal(cache_load(&cache, name, read_back, sizeof(read_back), &got), ICRED_E_NOT_FOUND);
	assert_int_equal(got, 4711);
}

static void module_is_complete(void **state)
{
	assert_int_equal(cache.module->size, sizeof(struct icred_module));
	assert_int_equal(cache.module->facility, ICRED_CACHE);
	assert_string_equal(cache.module->name, *state);
	assert_int_equal(cache.module->threads, ICRED_THREADS_PARALLEL);
	assert_int_equal(cache.module->can, ICRED_CAN_CACHE);
	assert_int_equal(cache.ops->size, sizeof(struct icred_cache_ops));
}

static void round_trip(void **state)
{
	static const size_t sizes[] = {1, 2, 255, 256, 1000, ICRED_BLOB_MAX, 3};
	size_t i;

	(void)state;
	needs_cache();
	assert_absent();
	assert_int_equal(cache_drop(&cache, name), ICRED_E_NOT_FOUND);
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(cache_save(&cache, name, blob, sizes[i], in_seconds(100)), ICRED_OK);
		assert_holds(blob, sizes[i]);
	}
	assert_int_equal(cache_drop(&cache, name), ICRED_OK);
	assert_absent();
	assert_int_equal(cache_drop(&cache, name), ICRED_E_NOT_FOUND);
	assert_int_equal(cache.warnings, 0);
}

static void expiry_is_enforced(void **state)
{
	struct timespec tick = {0, 100 * 1000 * 1000};
	int64_t end = in_seconds(1);
	size_t got;

	(void)state;
	needs_cache();
	assert_int_equal(cache_save(&cache, name, blob, 10, end), ICRED_OK);
	/* The kernel enforces it; a file stays, so that it can be dropped while a clock is ahead, until the next save. */
	while (strcmp(cache.module->name, "keyctl") == 0 &&
	       cache_load(&cache, name, read_back, sizeof(read_back), &got) == ICRED_OK) {
		assert_true((int64_t)time(NULL) <= end + 1);
		nanosleep(&tick, NULL);
	}
	if (strcmp(cache.module->name, "keyctl") == 0) {
		assert_true((int64_t)time(NULL) >= end);
		assert_absent();
	}
	/* An expired entry is no obstacle to a new one. */
	assert_int_equal(cache_save(&cache, name, blob, 20, in_seconds(100)), ICRED_OK);
	assert_holds(blob, 20);
	/* A longer life replaces a shorter, and an end in the past removes. */
	assert_int_equal(cache_save(&cache, name, blob, 30, INT64_MAX / 2), ICRED_OK);
	assert_holds(blob, 30);
	assert_int_equal(cache_save(&cache, name, blob, 40, in_seconds(0)), ICRED_OK);
	assert_absent();
	assert_int_equal(cache_save(&cache, name, blob, 40, 0), ICRED_OK);
	assert_absent();
	assert_int_equal(cache.warnings, 0);
}

static void bad_input_is_refused(void **state)
{
	static const char long_name[] = "0123456789012345678901234567890123456789012345678901234567890123x";
	static const char *const bad[] = {"", "A", "a/b", "../x", "a b", "a_b", "a;b", "\303\244", long_name};
	size_t i, got;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(cache_save(&cache, bad[i], blob, 10, in_seconds(9)), ICRED_E_INVALID);
		assert_int_equal(cache_load(&cache, bad[i], read_back, 10, &got), ICRED_E_INVALID);
		assert_int_equal(cache_drop(&cache, bad[i]), ICRED_E_INVALID);
	}
	assert_int_equal(cache_save(&cache, name, blob, 0, in_seconds(9)), ICRED_E_INVALID);
	assert_int_equal(cache_save(&cache, name, blob, ICRED_BLOB_MAX + 1, in_seconds(9)), ICRED_E_INVALID);
	assert_absent();
}

static void too_small_a_buffer_gets_nothing(void **state)
{
	static const unsigned char zero[99];
	size_t got = 4711;

	(void)state;
	needs_cache();
	assert_int_equal(cache_save(&cache, name, blob, 100, in_seconds(9)), ICRED_OK);
	memset(read_back, 0xa5, sizeof(read_back));
	assert_int_equal(cache_load(&cache, name, read_back, 99, &got), ICRED_E_NOT_FOUND);
	assert_int_equal(got, 4711);
	assert_memory_equal(read_back, zero, sizeof(zero));
	assert_int_equal(read_back[99], 0xa5);
}

static int count_mine(const char *entry, void *data)
{
	int *count = data;

	*count += strncmp(entry, name, strlen(name) - 1) == 0;
	return 0;
}

static int stop_at_once(const char *entry, void *data)
{
	(void)entry;
	++*(int *)data;
	return 42;
}

static void each_names_what_is_there(void **state)
{
	char entry[80];
	int i, count = 0;

	(void)state;
	needs_cache();
	for (i = 0; i < 20; i++) {
		(void)snprintf(entry, sizeof(entry), "%.*s%d", (int)strlen(name) - 1, name, i);
		assert_int_equal(cache_save(&cache, entry, blob, 10, in_seconds(60)), ICRED_OK);
	}
	assert_int_equal(cache_each(&cache, count_mine, &count), ICRED_OK);
	assert_int_equal(count, 20);
	count = 0;
	assert_int_equal(cache_each(&cache, stop_at_once, &count), 42);
	assert_int_equal(count, 1);
	assert_int_equal(cache_each(&cache, drop_mine, NULL), ICRED_OK);
	count = 0;
	assert_int_equal(cache_each(&cache, count_mine, &count), ICRED_OK);
	assert_int_equal(count, 0);
}

static int is_whole(size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (contended[i] != (len & 0xff))
			return 0;
	}
	return len >= 100;
}

/*
 * Saves and loads one entry all the time: what is loaded is always one whole of
 * them.  An ordinary user's keyring may be full meanwhile, and then it has none.
 */
static void *contend(void *data)
{
	int may_miss = geteuid() != 0 && strcmp(cache.module->name, "keyctl") == 0;
	unsigned seed = chance();
	unsigned char mine[600];
	size_t len = 0, size;
	int round, r;

	for (round = 0; round < ROUNDS; round++) {
		size = 100 + (size_t)rand_r(&seed) % 500;
		memset(mine, (int)(size & 0xff), size);
		r = cache_save(&cache, name, mine, size, in_seconds(100));
		if (r != ICRED_OK && !may_miss)
			return NULL;
		r = cache_load(&cache, name, contended, sizeof(contended), &len);
		if (r != ICRED_OK ? !may_miss : !is_whole(len))
			return NULL;
	}
	return data;
}

static int contend_in_child(void *data)
{
	return contend(data) != NULL ? 0 : CHILD_FAILED;
}

static void threads_and_processes_see_whole_entries(void **state)
{
	pthread_t threads[WORKERS];
	pid_t children[WORKERS];
	void *ok;
	int i, status;

	(void)state;
	needs_cache();
	for (i = 0; i < WORKERS; i++) {
		children[i] = fork();
		if (children[i] == 0)
			_exit(contend_in_child(&cache));
	}
	for (i = 0; i < WORKERS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, contend, &cache), 0);
	for (i = 0; i < WORKERS; i++) {
		assert_int_equal(pthread_join(threads[i], &ok), 0);
		assert_non_null(ok);
		assert_int_equal(waitpid(children[i], &status, 0), children[i]);
		assert_int_equal(status, 0);
	}
	assert_int_equal(cache.warnings, 0);
}

#define TEST(module, function)                                                             \
	{                                                                                  \
		module " " #function, function, setup, teardown, (void *)(uintptr_t)module \
	}
#define TESTS(module)                                                                                 \
	TEST(module, module_is_complete), TEST(module, round_trip), TEST(module, expiry_is_enforced), \
		TEST(module, bad_input_is_refused), TEST(module, too_small_a_buffer_gets_nothing),    \
		TEST(module, each_names_what_is_there),                                               \
		TEST(module, threads_and_processes_see_whole_entries)

int main(void)
{
	const struct CMUnitTest tests[] = {TESTS("keyctl"), TESTS("runtime")};

	return cmocka_run_group_tests_name("cache modules", tests, NULL, NULL);
}
