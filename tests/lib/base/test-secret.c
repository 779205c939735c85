/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <pthread.h>
#include <stdalign.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/base/secret.h"
#include "tests/lib/core.h"

#define THREADS 8
#define ROUNDS  400
#define MANY    2000

static bool all_are(const unsigned char *bytes, size_t len, unsigned char value)
{
	for (size_t i = 0; i < len; i++)
		if (bytes[i] != value)
			return false;
	return true;
}

static char *secret_text(struct secret_pool *pool, const char *text)
{
	char *secret = secret_alloc(pool, strlen(text) + 1);

	assert_non_null(secret);
	return strcpy(secret, text);
}

static void every_size_up_to_the_limit_can_be_had(void **state)
{
	static const size_t sizes[] = {
		0, 1, 31, 32, 33, 64, 4096, 8159, 8160, 8161, 16384, 65536, SECRET_MAX - 1, SECRET_MAX};
	struct secret_pool *pool = secret_pool_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(sizes); i++) {
		unsigned char *secret = secret_alloc(pool, sizes[i]);
		assert_non_null(secret);
		assert_int_equal((uintptr_t)secret % alignof(max_align_t), 0);
		assert_true(all_are(secret, sizes[i], 0));
		memset(secret, 0xa5, sizes[i]);
		assert_null(secret_free(secret));
	}
	assert_null(secret_alloc(pool, (size_t)SECRET_MAX + 1));
	assert_null(secret_alloc(pool, SIZE_MAX));
	assert_null(secret_free(NULL));
	assert_null(secret_pool_unref(NULL));
	secret_pool_unref(pool);
}

static void a_secret_is_wiped_when_it_is_freed(void **state)
{
	struct secret_pool *pool = secret_pool_new();
	unsigned char *secret = secret_alloc(pool, 1000), *neighbour = secret_alloc(pool, 1000);

	(void)state;
	assert_true(neighbour > secret && neighbour < secret + 16384); /* it keeps the slab mapped */
	memset(secret, 0xa5, 1000);
	memset(neighbour, 0x5a, 1000);
	secret_free(secret);
	assert_true(all_are(secret, 1000, 0));
	assert_true(all_are(neighbour, 1000, 0x5a));
	assert_ptr_equal(secret_alloc(pool, 1000), secret); /* and its place is used again */
	secret_free(secret);
	secret_free(neighbour);
	secret_pool_unref(pool);
}

static void many_secrets_do_not_touch_each_other(void **state)
{
	static unsigned char *secrets[MANY];
	struct secret_pool *pool = secret_pool_new();

	(void)state;
	for (size_t turn = 0; turn < 3; turn++) {
		for (size_t i = 0; i < MANY; i++) {
			size_t size = i * 7 % 600 + (i % 100 ? 0 : 9000);
			if (!secrets[i]) {
				secrets[i] = secret_alloc(pool, size);
				assert_non_null(secrets[i]);
				assert_true(all_are(secrets[i], size, 0));
				memset(secrets[i], (int)(i % 255 + 1), size);
			}
		}
		for (size_t i = 0; i < MANY; i++) {
			size_t size = i * 7 % 600 + (i % 100 ? 0 : 9000);
			assert_true(all_are(secrets[i], size, (unsigned char)(i % 255 + 1)));
			if (turn == 2 || (i + turn) % 2)
				secrets[i] = secret_free(secrets[i]);
		}
	}
	secret_pool_unref(pool);
}

/* The "VmFlags:" of the mapping that has this address, and how many kB of it are locked. */
static void mapping_of(const void *address, char *flags, size_t cap, unsigned long *ret_locked)
{
	FILE *maps = fopen("/proc/self/smaps", "r");
	unsigned long from = 0, to = 0;
	char line[512];

	flags[0] = '\0';
	*ret_locked = 0;
	assert_non_null(maps);
	while (fgets(line, sizeof(line), maps)) {
		char *dash = NULL;
		unsigned long first = strtoul(line, &dash, 16);
		if (dash && *dash == '-') {
			from = first;
			to = strtoul(dash + 1, NULL, 16);
		}
		if ((uintptr_t)address < from || (uintptr_t)address >= to)
			continue;
		if (strncmp(line, "Locked:", 7) == 0)
			*ret_locked = strtoul(line + 7, NULL, 10);
		if (strncmp(line, "VmFlags:", 8) == 0)
			(void)snprintf(flags, cap, "%s", line + 8);
	}
	(void)fclose(maps);
}

/* Sanitizers turn mlock(2) into nothing. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__clang__)
#define SANITIZED (__has_feature(address_sanitizer) || __has_feature(thread_sanitizer))
#else
#define SANITIZED 0
#endif

static void secrets_are_locked_and_not_in_core_files(void **state)
{
	struct secret_pool *pool = secret_pool_new();
	unsigned char *small = secret_alloc(pool, 100), *large = secret_alloc(pool, 40000);
	unsigned char *const both[] = {small, large};
	struct rlimit limit;
	unsigned long locked;
	char flags[512];

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &limit), 0);
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		both[i][0] = 1;
		mapping_of(both[i], flags, sizeof(flags), &locked);
		if (!flags[0])
			skip(); /* a kernel that does not tell */
		assert_non_null(strstr(flags, " dd"));
		if (!SANITIZED && limit.rlim_cur >= 262144 && !strstr(flags, " lo"))
			fail_msg("not locked:%s", flags);
	}
	secret_free(small);
	secret_free(large);
	secret_pool_unref(pool);
}

static void a_pool_lives_as_long_as_its_secrets(void **state)
{
	struct secret_pool *pool = secret_pool_new();
	char *one = secret_text(pool, "crs_one"), *two = secret_text(pool, "crs_two");

	(void)state;
	secret_pool_unref(secret_pool_ref(pool));
	secret_pool_unref(pool);
	assert_string_equal(one, "crs_one");
	secret_free(one);
	assert_string_equal(two, "crs_two"); /* a tool for memory sees it if the slab has gone */
	memset(two, 'x', 7);
	secret_free(two);
}

static void every_difference_is_found(void **state)
{
	static const struct {
		const char *a, *b;
		bool equal;
	} cases[] = {
		{"", "", true},        {"a", "a", true},      {"abc", "abc", true},  {"", "a", false},
		{"a", "", false},      {"abc", "abd", false}, {"abc", "xbc", false}, {"abc", "ab", false},
		{"ab", "abab", false}, {"abab", "ab", false}, {"a", "aaaa", false},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
		assert_int_equal(secret_equal(cases[i].a, cases[i].b), cases[i].equal);
}

static void *allocate_and_free(void *data)
{
	unsigned char *kept[4] = {NULL};
	uintptr_t wrong = 0;

	for (size_t i = 0; i < ROUNDS; i++) {
		size_t size = i * 13 % 700;
		unsigned char **slot = &kept[i % ARRAY_SIZE(kept)], mark = (unsigned char)(i | 1);
		*slot = secret_free(*slot);
		*slot = secret_alloc(data, size);
		wrong += !*slot || !all_are(*slot, size, 0);
		memset(*slot, mark, size);
		wrong += !all_are(*slot, size, mark);
	}
	for (size_t i = 0; i < ARRAY_SIZE(kept); i++)
		secret_free(kept[i]);
	return (void *)wrong;
}

static void threads_share_a_pool(void **state)
{
	struct secret_pool *pool = secret_pool_new();
	pthread_t threads[THREADS];

	(void)state;
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, allocate_and_free, pool), 0);
	for (size_t i = 0; i < THREADS; i++) {
		void *wrong = NULL;
		assert_int_equal(pthread_join(threads[i], &wrong), 0);
		assert_null(wrong);
	}
	secret_pool_unref(pool);
}

static _Atomic bool enough;

static void *churn(void *data)
{
	while (!atomic_load(&enough))
		secret_free(secret_alloc(data, 100));
	return NULL;
}

static void a_fork_in_the_midst_leaves_both_sides_working(void **state)
{
	struct secret_pool *pool = secret_pool_new();
	char *older = secret_text(pool, "older");
	pthread_t thread;
	int status;

	(void)state;
	assert_int_equal(pthread_create(&thread, NULL, churn, pool), 0);
	for (int i = 0; i < 30; i++) {
		pid_t pid = fork();
		if (pid == 0) {
			char *mine;
			alarm(20); /* rather than wait for ever */
			mine = secret_text(pool, "mine");
			bool ok = mine && strcmp(mine, "mine") == 0 && strcmp(older, "older") == 0;
			secret_free(mine);
			secret_free(older);
			_exit(ok ? 0 : 1);
		}
		assert_true(pid > 0);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
	atomic_store(&enough, true);
	assert_int_equal(pthread_join(thread, NULL), 0);
	assert_string_equal(older, "older");
	secret_free(older);
	secret_pool_unref(pool);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_size_up_to_the_limit_can_be_had),
		cmocka_unit_test(a_secret_is_wiped_when_it_is_freed),
		cmocka_unit_test(many_secrets_do_not_touch_each_other),
		cmocka_unit_test(secrets_are_locked_and_not_in_core_files),
		cmocka_unit_test(a_pool_lives_as_long_as_its_secrets),
		cmocka_unit_test(every_difference_is_found),
		cmocka_unit_test(threads_share_a_pool),
		cmocka_unit_test(a_fork_in_the_midst_leaves_both_sides_working),
	};

	return cmocka_run_group_tests_name("secret", tests, NULL, NULL);
}
