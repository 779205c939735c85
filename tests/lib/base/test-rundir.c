/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "lib/base/rundir.h"
#include "tests/lib/child.h"

#define STRANGER 64321 /* a user who has no /run/user/64321 */

static char base[64];
static char why[512];

static const char *in_base(const char *name)
{
	static char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/%s", base, name);
	return path;
}

static int make_base(void **state)
{
	(void)state;
	(void)snprintf(base, sizeof(base), "/tmp/test-rundir-XXXXXX");
	if (mkdtemp(base) == NULL)
		return -1;
	memset(why, 0, sizeof(why));
	return setenv("XDG_RUNTIME_DIR", base, 1);
}

static int remove_base(void **state)
{
	static const char *const names[] = {"icred", "other/icred", "other", "link"};
	size_t i;

	(void)state;
	(void)chmod(base, 0700);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (unlink(in_base(names[i])) != 0)
			(void)rmdir(in_base(names[i]));
	}
	return rmdir(base);
}

/* Refused, with a sentence that says this and what to do, on one line. */
static void assert_denied(const char *says)
{
	int fd = -7;

	assert_int_equal(rundir_open(&fd, why, sizeof(why)), ICRED_E_DENIED);
	assert_int_equal(fd, -7);
	assert_non_null(strstr(why, says));
	assert_non_null(strstr(why, "; "));
	assert_null(strpbrk(why, "\n\r\033"));
	assert_int_equal(rundir_open(&fd, NULL, 0), ICRED_E_DENIED);
}

static void assert_opens(const char *path)
{
	struct stat st, expected;
	int fd = -1;

	assert_int_equal(rundir_open(&fd, why, sizeof(why)), ICRED_OK);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(lstat(path, &expected), 0);
	assert_int_equal(st.st_ino, expected.st_ino);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	close(fd);
}

static void is_made_and_found_again(void **state)
{
	mode_t mask = umask(0);

	(void)state;
	assert_opens(in_base("icred"));
	umask(mask);
	assert_opens(in_base("icred"));
}

static void slashes_at_the_end_do_not_matter(void **state)
{
	(void)state;
	assert_int_equal(setenv("XDG_RUNTIME_DIR", in_base("//"), 1), 0);
	assert_opens(in_base("icred"));
}

static void relative_is_refused(void **state)
{
	(void)state;
	assert_int_equal(setenv("XDG_RUNTIME_DIR", "run/me\033[31m\n", 1), 0);
	assert_denied("not an absolute path");
}

static void too_long_is_refused(void **state)
{
	char path[PATH_MAX + 1];

	(void)state;
	memset(path, '/', sizeof(path));
	memset(path + 1, 'x', sizeof(path) - 2);
	path[PATH_MAX] = '\0';
	assert_int_equal(setenv("XDG_RUNTIME_DIR", path, 1), 0);
	assert_denied("too long");
	path[PATH_MAX - 7] = '\0'; /* with /icred it just fits, but no file system takes it */
	assert_int_equal(setenv("XDG_RUNTIME_DIR", path, 1), 0);
	assert_denied("File name too long");
}

static void missing_base_is_refused(void **state)
{
	(void)state;
	assert_int_equal(setenv("XDG_RUNTIME_DIR", in_base("none"), 1), 0);
	assert_denied("No such file");
}

static void links_are_refused(void **state)
{
	char path[PATH_MAX];

	(void)state;
	assert_int_equal(mkdir(in_base("other"), 0700), 0);
	(void)snprintf(path, sizeof(path), "%s", in_base("other"));
	assert_int_equal(symlink(path, in_base("icred")), 0);
	assert_denied("icred is a symbolic link");

	assert_int_equal(symlink(path, in_base("link")), 0);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", in_base("link"), 1), 0);
	assert_denied("link is a symbolic link");
	assert_int_equal(setenv("XDG_RUNTIME_DIR", in_base("link/"), 1), 0);
	assert_denied("link is a symbolic link");
}

static void a_file_is_refused(void **state)
{
	int fd = open(in_base("icred"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	(void)state;
	assert_true(fd >= 0);
	close(fd);
	assert_denied("Not a directory");
}

static void open_to_others_is_refused(void **state)
{
	static const mode_t modes[] = {0710, 0701, 0770, 0755, 01777};
	size_t i;

	(void)state;
	assert_int_equal(mkdir(in_base("icred"), 0700), 0);
	for (i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
		assert_int_equal(chmod(in_base("icred"), modes[i]), 0);
		assert_denied("run: chmod 700 /tmp/test-rundir-");
	}
	assert_int_equal(chmod(in_base("icred"), 0500), 0);
	assert_denied("not writable");
	assert_int_equal(chmod(in_base("icred"), 0700), 0);
	assert_int_equal(chmod(base, 0755), 0);
	assert_opens(in_base("icred"));
	assert_int_equal(chmod(base, 01777), 0);
	assert_denied("open to other users");
	assert_int_equal(chmod(base, 0720), 0);
	assert_denied("open to other users");
}

static void foreign_is_refused(void **state)
{
	(void)state;
	if (geteuid() != 0) {
		assert_int_equal(setenv("XDG_RUNTIME_DIR", "/usr", 1), 0);
		assert_denied("/usr belongs to user 0");
		return;
	}
	assert_int_equal(mkdir(in_base("icred"), 0700), 0);
	assert_int_equal(chown(in_base("icred"), CHILD_NOBODY, (gid_t)-1), 0);
	assert_denied("icred belongs to user 65534, not to user 0");
	assert_int_equal(chown(in_base("icred"), 0, (gid_t)-1), 0);
	assert_int_equal(chown(base, CHILD_NOBODY, (gid_t)-1), 0);
	assert_denied("belongs to user 65534, not to user 0");
}

static int child_cannot_create(void *data)
{
	int fd;

	(void)data;
	CHECK(rundir_open(&fd, why, sizeof(why)) == ICRED_E_DENIED);
	CHECK(strstr(why, "/icred cannot be created: Permission denied; ") != NULL);
	return 0;
}

static void unwritable_is_refused(void **state)
{
	(void)state;
	assert_int_equal(chown(base, geteuid() == 0 ? CHILD_NOBODY : geteuid(), (gid_t)-1), 0);
	assert_int_equal(chmod(base, 0500), 0);
	assert_int_equal(child_run(child_cannot_create, NULL, CHILD_NOBODY), 0);
}

/* With an empty /run/user and /tmp of its own, as root in a name space. */
static int child_without_base(void *data)
{
	struct stat st;
	int fd = -1;

	(void)data;
	if (unshare(CLONE_NEWNS) != 0 || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) != 0 ||
	    (mkdir("/run/user", 0755) != 0 && errno != EEXIST) ||
	    mount("none", "/run/user", "tmpfs", 0, NULL) != 0 || mount("none", "/tmp", "tmpfs", 0, NULL) != 0)
		return CHILD_SKIP;
	CHECK(unsetenv("XDG_RUNTIME_DIR") == 0);
	CHECK(rundir_open(&fd, why, sizeof(why)) == ICRED_E_UNSUPPORTED && fd == -1);
	CHECK(strstr(why, "/run/user/0 is missing") != NULL);
	CHECK(setenv("XDG_RUNTIME_DIR", "", 1) == 0);
	CHECK(rundir_open(&fd, NULL, 0) == ICRED_E_UNSUPPORTED && fd == -1);

	CHECK(rundir_open_spare(&fd, why, sizeof(why)) == ICRED_OK);
	CHECK(close(fd) == 0 && lstat("/tmp/icred-0", &st) == 0 && (st.st_mode & 07777) == 0700);
	CHECK(chmod("/tmp/icred-0", 0755) == 0);
	CHECK(rundir_open_spare(&fd, why, sizeof(why)) == ICRED_E_DENIED);
	CHECK(rmdir("/tmp/icred-0") == 0 && mkdir("/tmp/x", 0700) == 0 && symlink("x", "/tmp/icred-0") == 0);
	CHECK(rundir_open_spare(&fd, why, sizeof(why)) == ICRED_E_DENIED);
	CHECK(strstr(why, "symbolic link") != NULL);
	CHECK(unlink("/tmp/icred-0") == 0 && mkdir("/tmp/icred-0", 0700) == 0);
	CHECK(chown("/tmp/icred-0", CHILD_NOBODY, 0) == 0);
	CHECK(rundir_open_spare(&fd, why, sizeof(why)) == ICRED_E_DENIED);

	CHECK(mkdir("/run/user/0", 0700) == 0);
	CHECK(rundir_open(&fd, why, sizeof(why)) == ICRED_OK);
	CHECK(close(fd) == 0 && access("/run/user/0/icred", W_OK) == 0);
	return 0;
}

static void falls_back_to_run_user_and_tmp(void **state)
{
	int r = geteuid() == 0 ? child_run(child_without_base, NULL, 0) : CHILD_SKIP;

	(void)state;
	if (r == CHILD_SKIP)
		skip();
	assert_int_equal(r, 0);
}

static int child_exec(void *path)
{
	char *const argv[] = {path, NULL};

	execv(path, argv);
	return CHILD_SKIP;
}

/* What the set-user-ID copy of this program does. */
static int privileged_main(void)
{
	int fd;

	if (geteuid() != STRANGER)
		return CHILD_SKIP;
	CHECK(rundir_open(&fd, why, sizeof(why)) == ICRED_E_UNSUPPORTED);
	return 0;
}

static int copy_self(const char *path)
{
	static char buffer[65536];
	int in = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	int out = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	ssize_t n = in < 0 || out < 0 ? -1 : 1;

	while (n > 0) {
		n = read(in, buffer, sizeof(buffer));
		if (n > 0 && write(out, buffer, (size_t)n) != n)
			n = -1;
	}
	close(in);
	close(out);
	return n == 0 ? 0 : -1;
}

/* The variable points to a directory that would be right; a privileged process must not look. */
static void privileged_ignores_the_environment(void **state)
{
	char path[PATH_MAX];
	int r;

	(void)state;
	if (geteuid() != 0)
		skip();
	(void)snprintf(path, sizeof(path), "%s", in_base("other"));
	assert_int_equal(copy_self(path), 0);
	assert_int_equal(chown(path, STRANGER, 0), 0);
	assert_int_equal(chmod(path, 04755), 0);
	assert_int_equal(mkdir(in_base("link"), 0700), 0);
	assert_int_equal(chown(in_base("link"), STRANGER, 0), 0);
	assert_int_equal(chmod(base, 0755), 0);
	assert_int_equal(setenv("XDG_RUNTIME_DIR", in_base("link"), 1), 0);
	assert_int_equal(setenv("TEST_RUNDIR_PRIVILEGED", "1", 1), 0);
	r = child_run(child_exec, path, CHILD_NOBODY);
	assert_int_equal(unsetenv("TEST_RUNDIR_PRIVILEGED"), 0);
	if (r == CHILD_SKIP)
		skip();
	assert_int_equal(r, 0);
}

#define TEST(function) cmocka_unit_test_setup_teardown(function, make_base, remove_base)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(is_made_and_found_again),
		TEST(slashes_at_the_end_do_not_matter),
		TEST(relative_is_refused),
		TEST(too_long_is_refused),
		TEST(missing_base_is_refused),
		TEST(links_are_refused),
		TEST(a_file_is_refused),
		TEST(open_to_others_is_refused),
		TEST(foreign_is_refused),
		TEST(unwritable_is_refused),
		TEST(falls_back_to_run_user_and_tmp),
		TEST(privileged_ignores_the_environment),
	};

	if (getenv("TEST_RUNDIR_PRIVILEGED") != NULL)
		_exit(privileged_main()); /* a leak checker cannot work there */
	return cmocka_run_group_tests_name("rundir", tests, NULL, NULL);
}
