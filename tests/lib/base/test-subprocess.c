/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "lib/base/clock.h"
#include "lib/base/subprocess.h"
#include "tests/lib/core.h"

static char out[64], err[64];

static int until(struct subprocess *process)
{
	int left = clock_left(*(int64_t *)process->data);

	return left ? left : -1;
}

/* What sh does with `script`, for so many milliseconds; 0: for as long as it takes. */
static enum subprocess_end run(struct subprocess *process, const char *script, int milliseconds)
{
	char sh[] = "sh", dash_c[] = "-c", command[200];
	char *argv[] = {sh, dash_c, command, NULL};
	int64_t deadline = clock_ms() + milliseconds;

	*process = (struct subprocess){.path = "sh",
				       .argv = argv,
				       .out = {out, sizeof(out) - 1, 0},
				       .err = {err, sizeof(err) - 1, 0}};
	if (milliseconds) {
		process->wait = until;
		process->data = &deadline;
		process->farewell = 50;
	}
	assert_in_range(snprintf(command, sizeof(command), "%s", script), 1, sizeof(command) - 1);
	memset(out, 0, sizeof(out));
	memset(err, 0, sizeof(err));
	return subprocess_run(process);
}

static void test_output(void **state)
{
	struct subprocess process;

	(void)state;
	assert_int_equal(run(&process, "cat; echo one; echo two >&2; exit 3", 0), SUBPROCESS_ENDED);
	assert_string_equal(out, "one\n");
	assert_string_equal(err, "two\n");
	assert_int_equal(process.out.len, 4);
	assert_int_equal(WEXITSTATUS(process.status), 3);
	assert_int_equal(run(&process, "kill -9 $$", 0), SUBPROCESS_ENDED);
	assert_true(WIFSIGNALED(process.status) && WTERMSIG(process.status) == SIGKILL);
	/* More than a pipe holds, and than the buffer does. */
	assert_int_equal(run(&process, "head -c 300000 /dev/zero | tr '\\0' x", 0), SUBPROCESS_ENDED);
	assert_int_equal(process.out.len, sizeof(out) - 1);
	assert_int_equal(WEXITSTATUS(process.status), 0);
}

static void test_what_it_gets(void **state)
{
	char variable[] = "A=b", name[] = "env";
	char *environment[] = {variable, NULL}, *argv[] = {name, NULL};
	int fd = open("/dev/null", O_RDONLY);
	struct subprocess process = {.path = "/usr/bin/env",
				     .argv = argv,
				     .environment = environment,
				     .out = {out, sizeof(out), 0}};
	sigset_t set;

	(void)state;
	memset(out, 0, sizeof(out));
	assert_int_equal(subprocess_run(&process), SUBPROCESS_ENDED);
	assert_string_equal(out, "A=b\n");
	assert_true(fd > STDERR_FILENO);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	/* By the shell alone: while it starts a program, it blocks signals itself. */
	assert_int_equal(
		run(&process,
		    "ls /proc/$$/fd; while read -r a b; do [ $a != SigBlk: ] || echo $a $b >&2; done "
		    "</proc/$$/status; kill -PIPE $$",
		    0),
		SUBPROCESS_ENDED);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	signal(SIGPIPE, SIG_DFL);
	assert_string_equal(out, "0\n1\n2\n");
	assert_string_equal(err, "SigBlk: 0000000000000000\n");
	assert_true(WIFSIGNALED(process.status) && WTERMSIG(process.status) == SIGPIPE);
	close(fd);
	/* Also if the caller has no standard input: the next file that it opened would be one. */
	fd = dup(STDIN_FILENO);
	close(STDIN_FILENO);
	assert_int_equal(run(&process, "readlink /proc/$$/fd/0", 0), SUBPROCESS_ENDED);
	dup2(fd, STDIN_FILENO);
	close(fd);
	assert_string_equal(out, "/dev/null\n");
}

static void test_deadline(void **state)
{
	struct subprocess process;
	int64_t start = clock_ms();

	(void)state;
	assert_int_equal(run(&process, "echo early; sleep 20 & sleep 20", 200), SUBPROCESS_STOPPED);
	assert_string_equal(out, "early\n");
	assert_int_equal(run(&process, "trap '' TERM; while :; do echo x; done", 200), SUBPROCESS_STOPPED);
	assert_int_equal(WTERMSIG(process.status), SIGKILL);
	assert_int_equal(run(&process, "trap 'echo bye >file; exit' TERM; sleep 20", 1), SUBPROCESS_STOPPED);
	unlink("file");
	/* What stays in the background is not waited for, even if it has the pipe. */
	assert_int_equal(run(&process, "sleep 3 & echo done", 0), SUBPROCESS_ENDED);
	assert_string_equal(out, "done\n");
	assert_true(clock_ms() < start + 3000);
}

static void test_not_run(void **state)
{
	char name[] = "x", *argv[] = {name, NULL};
	struct subprocess process = {.path = "/nonexistent/program", .argv = argv};
	struct subprocess looked_up = {.path = "nonexistent-program", .argv = argv};

	(void)state;
	assert_int_equal(subprocess_run(&process), SUBPROCESS_NOT_RUN);
	assert_int_equal(process.error, ENOENT);
	assert_int_equal(subprocess_run(&looked_up), SUBPROCESS_NOT_RUN);
	process.path = "/dev/null";
	assert_int_equal(subprocess_run(&process), SUBPROCESS_NOT_RUN);
	assert_int_equal(process.error, EACCES);
}

static volatile sig_atomic_t group;

static void end_group(int number)
{
	(void)number;
	kill(-(pid_t)group, SIGKILL);
}

static void test_group(void **state)
{
	struct sigaction action = {.sa_handler = end_group};
	char name[] = "sleep", seconds[] = "20", *argv[] = {name, seconds, NULL};
	struct subprocess process = {.path = "sleep", .argv = argv, .group = &group};

	(void)state;
	sigaction(SIGALRM, &action, NULL);
	alarm(1);
	assert_int_equal(subprocess_run(&process), SUBPROCESS_ENDED);
	assert_int_equal(WTERMSIG(process.status), SIGKILL);
	assert_int_equal(group, 0);
	/* Without a status to wait for, its end is noticed all the same. */
	signal(SIGCHLD, SIG_IGN);
	assert_int_equal(run(&process, "exit 3", 0), SUBPROCESS_ENDED);
	assert_int_equal(process.status, 0);
	signal(SIGCHLD, SIG_DFL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output),   cmocka_unit_test(test_what_it_gets),
		cmocka_unit_test(test_deadline), cmocka_unit_test(test_not_run),
		cmocka_unit_test(test_group),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
