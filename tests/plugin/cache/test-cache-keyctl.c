/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only the kernel keyring has: possession, quotas, sandboxes, keys that others made. */
#include "config.h"
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/keyctl.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/lib/child.h"
#include "tests/plugin/cache/cache-host.h"

/* Users who have no keys, in a range that no system gives to people or services. */
#define FIRST_FREE 1879048192
#define FREE_IDS   268435456
#define FREE_TRIES 1000

static uid_t stranger;
static char name[80];
static char title[96];
static struct cache cache;
static unsigned char blob[1000], found[1000];
static size_t got;

static int64_t in_seconds(int seconds)
{
	return (int64_t)time(NULL) + seconds;
}

/* The kernel counts keys by user for the whole machine, and for a while those that are gone as well. */
static bool has_keys(uid_t user)
{
	char line[256];
	FILE *users = fopen("/proc/key-users", "re");
	unsigned long id;
	bool has = false;

	while (users != NULL && !has && fgets(line, sizeof(line), users) != NULL)
		has = sscanf(line, "%lu:", &id) == 1 && id == user;
	if (users != NULL)
		(void)fclose(users);
	return has;
}

static uid_t free_user(void)
{
	uid_t user;
	int i = 0;

	do
		user = FIRST_FREE + chance() % FREE_IDS;
	while (has_keys(user) && ++i < FREE_TRIES);
	return user;
}

static int setup(void **state)
{
	(void)snprintf(name, sizeof(name), "test-%08x", chance());
	(void)snprintf(title, sizeof(title), "icred:%s", name);
	memset(blob, 'x', sizeof(blob));
	if (cache_open(&cache, "keyctl", *state) != 0)
		return -1;
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	(void)cache_drop(&cache, name);
	cache_close(&cache);
	return 0;
}

/* The reason can be shown; nothing else was reported. */
static int unsaved(const struct cache *of)
{
	return strncmp(of->said, "the kernel keyring cannot take the token: ", 41) == 0;
}

static void needs_keyring(void)
{
	if (cache_save(&cache, name, "x", 1, in_seconds(60)) == ICRED_E_UNSUPPORTED)
		skip();
	assert_int_equal(cache_drop(&cache, name), ICRED_OK);
}

static long user_key(void)
{
	return syscall(SYS_keyctl, (long)KEYCTL_SEARCH, (long)KEY_SPEC_USER_KEYRING, "user", title, 0L);
}

/* As /proc/keys has it: 1 if the key ends by itself, 0 if not, -1 if it isn't there. */
static int has_limit(long key)
{
	char line[512], limit[32];
	FILE *keys = fopen("/proc/keys", "re");
	unsigned long id;
	int limited = -1;

	while (keys != NULL && fgets(line, sizeof(line), keys) != NULL) {
		if (sscanf(line, "%lx %*s %*s %31s", &id, limit) == 2 && id == (unsigned long)key)
			limited = strcmp(limit, "perm") != 0;
	}
	if (keys != NULL)
		(void)fclose(keys);
	return limited;
}

static int whole_life(void)
{
	long key;

	CHECK(cache_save(&cache, name, blob, 100, in_seconds(60)) == ICRED_OK);
	key = user_key();
	CHECK(key < 0 || has_limit(key) == 1);
	CHECK(cache_save(&cache, name, blob, 200, in_seconds(60)) == ICRED_OK);
	CHECK(user_key() != key || key < 0);
	CHECK(key < 0 || has_limit(user_key()) == 1);
	CHECK(cache_load(&cache, name, found, sizeof(found), &got) == ICRED_OK && got == 200);
	CHECK(cache.warnings == 0 && cache.said[0] == '\0');
	return 0;
}

static int child_life(void *data)
{
	(void)data;
	CHECK(whole_life() == 0);
	return cache_drop(&cache, name);
}

/* No process of the user possesses the user keyring there: as under cron or in a systemd service. */
static int child_in_new_session(void *data)
{
	CHECK(syscall(SYS_keyctl, (long)KEYCTL_JOIN_SESSION_KEYRING, NULL, 0L, 0L, 0L) > 0);
	if (data == NULL)
		return child_life(NULL);
	CHECK(cache_load(&cache, name, found, sizeof(found), &got) == ICRED_OK && got == 100);
	CHECK(cache_save(&cache, name, blob, 300, in_seconds(60)) == ICRED_OK);
	CHECK(has_limit(user_key()) == 1);
	return 0;
}

static void another_session_has_all_rights(void **state)
{
	static char theirs = 1;
	long key;

	(void)state;
	needs_keyring();
	assert_int_equal(cache_save(&cache, name, blob, 100, in_seconds(60)), ICRED_OK);
	assert_int_equal(child_run(child_in_new_session, &theirs, geteuid()), 0);
	assert_int_equal(cache_load(&cache, name, found, sizeof(found), &got), ICRED_OK);
	assert_int_equal(got, 300);
	key = user_key();
	assert_int_equal(child_run(child_in_new_session, NULL, geteuid()), 0);
	assert_int_not_equal(user_key(), key);
	assert_int_equal(cache_load(&cache, name, found, sizeof(found), &got), ICRED_E_NOT_FOUND);
	assert_int_equal(child_run(child_in_new_session, NULL, stranger), 0);
}

static void an_ordinary_user_can_use_it(void **state)
{
	(void)state;
	needs_keyring();
	assert_int_equal(child_run(child_life, NULL, stranger), 0);
}

static int drop_entry(const char *entry, void *data)
{
	++*(int *)data;
	return cache_drop(&cache, entry) == ICRED_OK ? 0 : 42;
}

/* Until the kernel takes no more; what was there still can be replaced then. */
static int child_quota(void *data)
{
	char entry[sizeof(name) + 16];
	size_t size = *(const size_t *)data;
	int i, dropped = 0, r = ICRED_OK;

	CHECK(cache_each(&cache, drop_entry, &dropped) == ICRED_OK);
	CHECK(cache_save(&cache, name, blob, 900, in_seconds(60)) == ICRED_OK);
	for (i = 0; i < 1000 && r == ICRED_OK; i++) {
		(void)snprintf(entry, sizeof(entry), "%s-%d", name, i);
		r = cache_save(&cache, entry, blob, size, in_seconds(60));
	}
	CHECK(r == ICRED_E_UNSUPPORTED && cache.warnings == 0 && unsaved(&cache));
	CHECK(strstr(cache.said, strerror(EDQUOT)));
	CHECK(cache_load(&cache, entry, found, sizeof(found), &got) == ICRED_E_NOT_FOUND);
	CHECK(cache_load(&cache, name, found, sizeof(found), &got) == ICRED_OK && got == 900);
	CHECK(cache_save(&cache, name, found, 800, in_seconds(60)) == ICRED_OK);
	CHECK(has_limit(user_key()) == 1);
	CHECK(cache_save(&cache, name, found, 700, in_seconds(60)) == ICRED_OK);
	dropped = 0;
	CHECK(cache_each(&cache, drop_entry, &dropped) == ICRED_OK && dropped == i);
	return cache.warnings == 0 ? 0 : CHILD_FAILED;
}

/* The quota's bytes are used up first, or its number of keys. */
static void a_full_quota_is_no_error(void **state)
{
	size_t large = 1000, small = 1;

	(void)state;
	needs_keyring();
	if (geteuid() != 0) /* not to fill a real user's keyring */
		skip();
	assert_int_equal(child_run(child_quota, &large, free_user()), 0);
	assert_int_equal(child_run(child_quota, &small, free_user()), 0);
}

/* Under a filter as containers have, which answers the keyring calls with this error. */
static int child_filtered(void *data)
{
	unsigned error = *(const unsigned *)data;
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_keyctl, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_add_key, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | (error & SECCOMP_RET_DATA)),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {sizeof(code) / sizeof(code[0]), code};
	int none = 0;

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) != 0 || user_key() >= 0 ||
	    errno != (int)error)
		return CHILD_SKIP;
	CHECK(cache_load(&cache, name, found, sizeof(found), &got) == ICRED_E_NOT_FOUND);
	CHECK(cache_save(&cache, name, blob, 10, in_seconds(60)) == ICRED_E_UNSUPPORTED);
	CHECK(cache_drop(&cache, name) == ICRED_E_NOT_FOUND);
	CHECK(cache_each(&cache, drop_entry, &none) == ICRED_E_UNSUPPORTED);
	CHECK(cache.warnings == 0 && unsaved(&cache));
	return 0;
}

static void a_sandbox_is_silent(void **state)
{
	static unsigned errors[] = {EPERM, ENOSYS, EACCES, EINVAL};
	size_t i;
	int r;

	(void)state;
	for (i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
		r = child_run(child_filtered, &errors[i], geteuid());
		if (r == CHILD_SKIP)
			skip();
		assert_int_equal(r, 0);
	}
}

/* A process that runs for another user than its own: the user keyring is not that user's. */
static int child_switched(void *data)
{
	struct cache other;
	const char *keyring = data;

	CHECK(seteuid(stranger) == 0);
	CHECK(cache_open(&other, "keyctl", keyring) == ICRED_OK);
	CHECK(cache_load(&other, name, found, sizeof(found), &got) == ICRED_E_NOT_FOUND);
	CHECK(cache_save(&other, name, blob, 10, in_seconds(60)) == ICRED_E_UNSUPPORTED);
	CHECK(cache_drop(&other, name) == ICRED_E_NOT_FOUND);
	CHECK(other.warnings == 0 && unsaved(&other));
	return 0;
}

static void a_process_that_switched_users_stays_out(void **state)
{
	char user[] = "user", session[] = "session";

	(void)state;
	needs_keyring();
	if (geteuid() != 0)
		skip();
	assert_int_equal(cache_save(&cache, name, blob, 100, in_seconds(60)), ICRED_OK);
	assert_int_equal(child_run(child_switched, user, 0), 0);
	assert_int_equal(child_run(child_switched, session, 0), 0);
}

/* As after su: the session keyring that came along is another user's. */
static int child_after_su(void *data)
{
	(void)data;
	CHECK(syscall(SYS_keyctl, (long)KEYCTL_JOIN_SESSION_KEYRING, NULL, 0L, 0L, 0L) > 0);
	CHECK(cache_save(&cache, name, blob, 100, in_seconds(60)) == ICRED_OK);
	CHECK(setuid(stranger) == 0);
	CHECK(cache_load(&cache, name, found, sizeof(found), &got) == ICRED_E_NOT_FOUND);
	CHECK(cache_save(&cache, name, blob, 10, in_seconds(60)) == ICRED_E_UNSUPPORTED);
	return 0;
}

static void a_session_of_another_user_is_not_used(void **state)
{
	(void)state;
	needs_keyring();
	if (geteuid() != 0)
		skip();
	assert_int_equal(child_run(child_after_su, NULL, 0), 0);
}

static int child_session(void *data)
{
	(void)data;
	CHECK(syscall(SYS_keyctl, (long)KEYCTL_JOIN_SESSION_KEYRING, NULL, 0L, 0L, 0L) > 0);
	CHECK(whole_life() == 0);
	CHECK(user_key() < 0);
	CHECK(syscall(SYS_keyctl, (long)KEYCTL_JOIN_SESSION_KEYRING, NULL, 0L, 0L, 0L) > 0);
	CHECK(cache_load(&cache, name, found, sizeof(found), &got) == ICRED_E_NOT_FOUND);
	return 0;
}

static void the_session_keyring_is_the_session_s(void **state)
{
	(void)state;
	needs_keyring();
	assert_int_equal(child_run(child_session, NULL, geteuid()), 0);
	assert_int_equal(child_run(child_session, NULL, stranger), 0);
}

static int child_persistent(void *data)
{
	(void)data;
	CHECK(syscall(SYS_keyctl, (long)KEYCTL_JOIN_SESSION_KEYRING, NULL, 0L, 0L, 0L) > 0);
	CHECK(cache_load(&cache, name, found, sizeof(found), &got) == ICRED_OK && got == 200);
	return child_life(NULL);
}

static int child_saves(void *data)
{
	(void)data;
	return whole_life();
}

static void the_persistent_keyring_outlives_sessions(void **state)
{
	(void)state;
	needs_keyring();
	assert_int_equal(child_run(child_saves, NULL, stranger), 0);
	assert_int_equal(child_run(child_persistent, NULL, stranger), 0);
	assert_int_equal(child_run(child_saves, NULL, geteuid()), 0);
	assert_true(user_key() < 0);
	assert_int_equal(child_run(child_persistent, NULL, geteuid()), 0);
}

static void an_unknown_keyring_is_refused(void **state)
{
	struct cache other;

	(void)state;
	assert_int_equal(cache_open(&other, "keyctl", "logon"), ICRED_E_INVALID);
	assert_non_null(strstr(other.said, "user, session or persistent"));
	assert_int_equal(cache_open(&other, "keyctl", ""), ICRED_E_INVALID);
}

static int is_mine(const char *entry, void *data)
{
	*(int *)data += strncmp(entry, name, strlen(name)) == 0;
	return 0;
}

static long plant(const char *type, const char *description, size_t len)
{
	return syscall(SYS_add_key, type, description, len > 0 ? blob : NULL, len,
		       (long)KEY_SPEC_USER_KEYRING);
}

static void foreign_keys_are_left_alone(void **state)
{
	static unsigned char big[20000];
	char text[3][128];
	long key[4];
	int i, count = 0;

	(void)state;
	needs_keyring();
	(void)snprintf(text[0], sizeof(text[0]), "icred:%s BAD", name);
	(void)snprintf(text[1], sizeof(text[1]), "other;icred:%s", name);
	(void)snprintf(text[2], sizeof(text[2]), "icred:%s-ring", name);
	key[0] = plant("user", text[0], 10);
	key[1] = plant("user", text[1], 10);
	key[2] = plant("keyring", text[2], 0);
	assert_int_equal(cache_each(&cache, is_mine, &count), ICRED_OK);
	assert_int_equal(count, 0);
	/* One that is no entry, for its size. */
	key[3] = syscall(SYS_add_key, "user", title, big, sizeof(big), (long)KEY_SPEC_USER_KEYRING);
	if (key[3] > 0) {
		assert_int_equal(cache_load(&cache, name, found, sizeof(found), &got), ICRED_E_NOT_FOUND);
		assert_int_equal(cache.warnings, 1);
	}
	for (i = 0; i < 4; i++)
		(void)syscall(SYS_keyctl, (long)KEYCTL_UNLINK, key[i], (long)KEY_SPEC_USER_KEYRING, 0L, 0L);
}

#define TEST_IN(function, keyring) \
	cmocka_unit_test_prestate_setup_teardown(function, setup, teardown, keyring)
#define TEST(function) TEST_IN(function, NULL)

int main(void)
{
	char user[] = "user", session[] = "session", persistent[] = "persistent";
	const struct CMUnitTest tests[] = {
		TEST_IN(another_session_has_all_rights, user),
		TEST(an_ordinary_user_can_use_it),
		TEST(a_full_quota_is_no_error),
		TEST(a_sandbox_is_silent),
		TEST_IN(a_sandbox_is_silent, session),
		TEST_IN(a_sandbox_is_silent, persistent),
		TEST(a_process_that_switched_users_stays_out),
		TEST_IN(a_session_of_another_user_is_not_used, session),
		TEST_IN(the_session_keyring_is_the_session_s, session),
		TEST_IN(the_persistent_keyring_outlives_sessions, persistent),
		TEST(an_unknown_keyring_is_refused),
		TEST(foreign_keys_are_left_alone),
	};

	stranger = free_user();
	return cmocka_run_group_tests_name("cache keyctl", tests, NULL, NULL);
}
