/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Run a part of a test in a child process: as another user, in another session,
 * under a filter.  There cmocka's assertions don't work; CHECK says what failed.
 */
#ifndef ICRED_TESTS_LIB_CHILD_H
#define ICRED_TESTS_LIB_CHILD_H

#include <grp.h>
#include <stdio.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <unistd.h>

#define CHILD_NOBODY 65534
#define CHILD_SKIP   77
#define CHILD_FAILED 1

#define CHECK(condition)                                                                            \
	do {                                                                                        \
		if (!(condition)) {                                                                 \
			fprintf(stderr, "# %s:%d: not true: %s\n", __FILE__, __LINE__, #condition); \
			_exit(CHILD_FAILED);                                                        \
		}                                                                                   \
	} while (0)

/* What the child returned; it runs as `user` if we are root. */
static inline int child_run(int (*run)(void *data), void *data, uid_t user)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		if (geteuid() == 0 && user != 0) {
			CHECK(setgroups(0, NULL) == 0);
			CHECK(setgid((gid_t)user) == 0);
			CHECK(setuid(user) == 0);
		}
		_exit(run(data));
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
		return CHILD_FAILED;
	return WEXITSTATUS(status);
}

#endif
