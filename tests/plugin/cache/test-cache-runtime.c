/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What only files have: damage, strangers, hostile directories, full disks, and having to be swept. */
#include "config.h"
#include <dirent.h>
#include <fcntl.h>
#include <ftw.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/lib/child.h"
#include "tests/plugin/cache/cache-host.h"

#define MANY 10000

static char base[64], dir[80], file[96];
static struct cache cache;
static unsigned char blob[ICRED_BLOB_MAX], found[ICRED_BLOB_MAX];
static size_t got;

static int64_t in_seconds(int seconds)
{
	return (int64_t)time(NULL) + seconds;
}

static int setup(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/test-cache-XXXXXX");
	if (mkdtemp(base) == NULL || setenv("XDG_RUNTIME_DIR", base, 1) != 0)
		return -1;
	(void)snprintf(dir, sizeof(dir), "%s/icred", base);
	(void)snprintf(file, sizeof(file), "%s/entry.token", dir);
	memset(blob, 'x', sizeof(blob));
	if (cache_open(&cache, "runtime", NULL) != 0)
		return -1;
	return cache_save(&cache, "entry", blob, 100, in_seconds(100));
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *where)
{
	(void)st;
	(void)type;
	(void)where;
	return remove(path);
}

static int teardown(void **state)
{
	(void)state;
	cache_close(&cache);
	(void)chmod(base, 0700);
	(void)chmod(dir, 0700);
	return nftw(base, remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

static int load(void)
{
	return cache_load(&cache, "entry", found, sizeof(found), &got);
}

static int exists(const char *name)
{
	char path[256];
	struct stat st;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	return lstat(path, &st) == 0;
}

static int count_files(const char *suffix)
{
	DIR *list = opendir(dir);
	struct dirent *entry;
	int n = 0;

	assert_non_null(list);
	while ((entry = readdir(list)) != NULL) {
		size_t len = strlen(entry->d_name);

		n += len > strlen(suffix) && strcmp(entry->d_name + len - strlen(suffix), suffix) == 0;
	}
	(void)closedir(list);
	return n;
}

static void is_a_private_file(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(lstat(file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(st.st_nlink, 1);
	(void)umask(0777);
	assert_int_equal(cache_save(&cache, "entry", blob, 10, in_seconds(100)), ICRED_OK);
	(void)umask(022);
	assert_int_equal(lstat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_int_equal(count_files(".temp"), 0);
}

/* Not found, reported once, nothing of it in the caller's buffer; and the next save replaces it. */
static void assert_ignored(const char *why)
{
	size_t i;

	cache.warnings = 0;
	memset(found, 0xa5, sizeof(found));
	assert_int_equal(load(), ICRED_E_NOT_FOUND);
	assert_int_equal(cache.warnings, 1);
	assert_non_null(strstr(cache.said, why));
	assert_non_null(strstr(cache.said, "entry.token"));
	for (i = 0; i < sizeof(found); i++)
		assert_true(found[i] == 0xa5 || found[i] == 0);
	assert_int_equal(cache_save(&cache, "entry", blob, 100, in_seconds(100)), ICRED_OK);
	assert_int_equal(load(), ICRED_OK);
	assert_int_equal(got, 100);
}

/* Another byte than the one that is there, whichever that is. */
static void spoil_byte(off_t at)
{
	int fd = open(file, O_RDWR | O_CLOEXEC);
	char byte;

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &byte, 1, at), 1);
	byte = (char)(byte ^ 0x55);
	assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	close(fd);
}

static void damage_is_noticed(void **state)
{
	static const off_t cut[] = {0, 1, 31, 32};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		assert_int_equal(truncate(file, cut[i]), 0);
		assert_ignored("size");
	}
	assert_int_equal(truncate(file, 131), 0);
	assert_ignored("damaged");
	assert_int_equal(truncate(file, 133), 0);
	assert_ignored("damaged");
	assert_int_equal(truncate(file, 1 << 30), 0);
	assert_ignored("size");
	for (i = 0; i < 132; i++) {
		spoil_byte((off_t)i);
		assert_ignored("damaged");
	}
}

static void strange_files_are_not_trusted(void **state)
{
	char other[128];

	(void)state;
	assert_int_equal(chmod(file, 0640), 0);
	assert_ignored("mode");
	assert_int_equal(chmod(file, 0400), 0);
	assert_ignored("mode");
	(void)snprintf(other, sizeof(other), "%s/other", base);
	assert_int_equal(link(file, other), 0);
	assert_ignored("second name");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(symlink("../other", file), 0);
	assert_ignored("symbolic link");
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	assert_ignored("not a file");
	if (geteuid() == 0) {
		assert_int_equal(chown(file, CHILD_NOBODY, (gid_t)-1), 0);
		assert_ignored("another user");
	}
	/* What was linked from here was not written through. */
	assert_int_equal(access(other, F_OK), 0);
}

static void a_directory_in_the_way_is_reported(void **state)
{
	(void)state;
	assert_int_equal(unlink(file), 0);
	assert_int_equal(mkdir(file, 0700), 0);
	assert_int_equal(load(), ICRED_E_NOT_FOUND);
	assert_non_null(strstr(cache.said, "not a file"));
	assert_int_equal(cache_save(&cache, "entry", blob, 10, in_seconds(9)), ICRED_E_DENIED);
	assert_non_null(strstr(cache.said, "remove what is in the way"));
	assert_int_equal(cache_drop(&cache, "entry"), ICRED_E_DENIED);
	assert_int_equal(count_files(".temp"), 0);
}

static int nothing(const char *name, void *data)
{
	(void)name;
	(void)data;
	return 0;
}

static void assert_denied(const char *why)
{
	cache.said[0] = '\0';
	assert_int_equal(load(), ICRED_E_DENIED);
	assert_non_null(strstr(cache.said, why));
	assert_int_equal(cache_save(&cache, "entry", blob, 10, in_seconds(9)), ICRED_E_DENIED);
	assert_int_equal(cache_drop(&cache, "entry"), ICRED_E_DENIED);
	assert_int_equal(cache_each(&cache, nothing, NULL), ICRED_E_DENIED);
	assert_non_null(strstr(cache.said, why));
}

static void hostile_directories_are_errors(void **state)
{
	char moved[96];

	(void)state;
	assert_int_equal(chmod(dir, 0750), 0);
	assert_denied("chmod 700");
	assert_int_equal(chmod(dir, 0500), 0);
	assert_denied("not writable");
	assert_int_equal(chmod(dir, 0700), 0);
	(void)snprintf(moved, sizeof(moved), "%s/moved", base);
	assert_int_equal(rename(dir, moved), 0);
	assert_int_equal(symlink("moved", dir), 0);
	assert_denied("symbolic link");
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "relative", 1), 0);
	assert_denied("absolute");
}

static int child_without_directory(void *data)
{
	(void)data;
	CHECK(unsetenv("XDG_RUNTIME_DIR") == 0);
	CHECK(load() == ICRED_E_NOT_FOUND);
	CHECK(cache_save(&cache, "entry", blob, 10, in_seconds(9)) == ICRED_E_UNSUPPORTED);
	CHECK(cache_drop(&cache, "entry") == ICRED_E_NOT_FOUND);
	CHECK(cache_each(&cache, nothing, NULL) == ICRED_E_UNSUPPORTED);
	/* No warning, but the reason can be shown. */
	CHECK(cache.warnings == 0 && strstr(cache.said, "no runtime directory") != NULL);
	return 0;
}

static void no_directory_is_silent(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(child_run(child_without_directory, NULL, 64323), 0);
}

/* As on a full disk: the file cannot get as long as it must. */
static int child_full(void *data)
{
	struct rlimit limit = {64, 64};

	(void)data;
	CHECK(signal(SIGXFSZ, SIG_IGN) != SIG_ERR && setrlimit(RLIMIT_FSIZE, &limit) == 0);
	CHECK(cache_save(&cache, "entry", blob, 200, in_seconds(100)) == ICRED_E_UNSUPPORTED);
	CHECK(cache.warnings == 1 && strstr(cache.said, "not kept") != NULL);
	CHECK(cache_save(&cache, "another", blob, 200, in_seconds(100)) == ICRED_E_UNSUPPORTED);
	return 0;
}

static void a_full_disk_leaves_the_old_entry(void **state)
{
	(void)state;
	assert_int_equal(child_run(child_full, NULL, geteuid()), 0);
	assert_int_equal(load(), ICRED_OK);
	assert_int_equal(got, 100);
	assert_int_equal(count_files(".temp"), 0);
	assert_int_equal(count_files(".token"), 1);
}

static void make_file(const char *name, int64_t age)
{
	struct timespec times[2] = {{.tv_sec = (time_t)(time(NULL) - age)}, {0}};
	char path[160];
	int fd;

	times[1] = times[0];
	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(futimens(fd, times), 0);
	close(fd);
}

/* A sweep is due once a second; a save at a later time, then. */
static void save_later(void)
{
	struct timespec past[2] = {{.tv_sec = 1}, {.tv_sec = 1}};
	char path[160];

	(void)snprintf(path, sizeof(path), "%s/sweep", dir);
	assert_int_equal(utimensat(AT_FDCWD, path, past, AT_SYMLINK_NOFOLLOW), 0);
	assert_int_equal(cache_save(&cache, "entry", blob, 500, in_seconds(900)), ICRED_OK);
}

static void orphans_are_swept(void **state)
{
	(void)state;
	make_file("entry.0123456789abcdef.temp", 100);
	make_file("entry.0123456789abcdee.temp", 0);
	make_file("entry.0123456789abcded.temp", -100000);
	make_file("somebody.lock", 100000);
	make_file("damaged.token", 100000);
	save_later();
	assert_false(exists("entry.0123456789abcdef.temp"));
	assert_true(exists("entry.0123456789abcdee.temp"));
	assert_false(exists("entry.0123456789abcded.temp"));
	assert_true(exists("somebody.lock"));
	assert_true(exists("damaged.token"));
	assert_true(exists("entry.token"));
}

static int count(const char *name, void *data)
{
	++*(int *)data;
	return strlen(name) < 5;
}

/* Every eighth expires at once; a few hundred saves later none of those is left. */
static void ten_thousand_entries(void **state)
{
	struct timespec wait = {2, 0};
	char name[32];
	int i, n = 0;

	(void)state;
	for (i = 0; i < MANY; i++) {
		(void)snprintf(name, sizeof(name), "many-%d", i);
		assert_int_equal(
			cache_save(&cache, name, blob, 500, in_seconds(i % 8 == 0 && i > MANY / 2 ? 1 : 900)),
			ICRED_OK);
	}
	nanosleep(&wait, NULL);
	for (i = 0; i < 2 * MANY / 32; i++)
		save_later();
	assert_int_equal(cache_each(&cache, count, &n), ICRED_OK);
	assert_int_equal(n, MANY - (MANY / 2 - 1) / 8 + 1);
	for (i = 0; i < MANY; i += i % 8 == 7 ? 2 : 1) {
		(void)snprintf(name, sizeof(name), "many-%d", i | 1);
		assert_int_equal(cache_load(&cache, name, found, sizeof(found), &got), ICRED_OK);
		assert_int_equal(got, 500);
	}
	assert_int_equal(cache.warnings, 0);
}

static void a_strange_cursor_does_no_harm(void **state)
{
	char path[96];
	int64_t positions[] = {-1, INT64_MAX, 12345};
	size_t i;
	int fd;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/sweep", dir);
	for (i = 0; i < 3; i++) {
		make_file("entry.0123456789abcdef.temp", 100);
		fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		assert_int_equal(write(fd, &positions[i], sizeof(positions[i])), sizeof(positions[i]));
		close(fd);
		save_later();
		save_later();
		assert_false(exists("entry.0123456789abcdef.temp"));
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(symlink("../victim", path), 0);
	save_later();
	assert_false(exists("../victim"));
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_a_private_file),
		TEST(damage_is_noticed),
		TEST(strange_files_are_not_trusted),
		TEST(a_directory_in_the_way_is_reported),
		TEST(hostile_directories_are_errors),
		TEST(no_directory_is_silent),
		TEST(a_full_disk_leaves_the_old_entry),
		TEST(orphans_are_swept),
		TEST(ten_thousand_entries),
		TEST(a_strange_cursor_does_no_harm),
	};

	return cmocka_run_group_tests_name("cache runtime", tests, NULL, NULL);
}
