/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "lib/client/launch.h"
#include "tests/lib/child.h"
#include "tests/lib/client/spawn-worker.h"
#include "tests/lib/core.h"

static char worker[4096];
static volatile sig_atomic_t signals;

static void count_signal(int number)
{
	(void)number;
	signals++;
}

/* A started stand-in for the worker, and its report. */
struct started {
	struct child child;
	int mine;
	struct spawn_report report;
};

static void start(struct started *started, bool keep_stderr)
{
	struct pollfd answer = {.events = POLLIN};
	int pair[2];

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	CHECK(spawn(worker, pair[1], keep_stderr, &started->child) == ICRED_OK);
	close(pair[1]);
	started->mine = answer.fd = pair[0];
	CHECK(started->child.pid > 0);
	CHECK(poll(&answer, 1, 20000) == 1);
	CHECK(recv(pair[0], &started->report, sizeof(started->report), 0) == sizeof(started->report));
	CHECK(started->report.pid == started->child.pid);
}

static void release(struct started *started)
{
	int status;

	child_release(&started->child, &status);
}

/* Until the process is no more; a zombie still is. */
static void wait_until_gone(pid_t pid)
{
	for (int i = 0; i < 20000 && kill(pid, 0) == 0; i++)
		clock_sleep(1);
	CHECK(kill(pid, 0) < 0 && errno == ESRCH);
}

static void no_child_to_wait_for(void)
{
	errno = 0;
	CHECK(waitpid(-1, NULL, WNOHANG | __WALL) == -1 && errno == ECHILD);
}

/* Its life in a program that handles SIGCHLD in one of the ways there are; in a process of its own. */
static int live_and_end(void *data)
{
	struct sigaction action = *(struct sigaction *)data;
	struct started started;
	int status;

	CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
	signals = 0;
	start(&started, false);
	errno = 0;
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD); /* no wait() of ours meets it */
	close(started.mine);
	clock_sleep(20);
	CHECK(waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD);
	CHECK(child_release(&started.child, &status) && status == 0);
	CHECK(started.child.pid == 0 && started.child.socket.fd == -1);
	no_child_to_wait_for();
	CHECK(signals == 0);
	return 0;
}

/* The same where orphans come back to the caller. */
static int live_in_a_subreaper(void *data)
{
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	return live_and_end(data);
}

static void a_caller_never_hears_of_its_worker(void **state)
{
	struct sigaction actions[] = {
		{.sa_handler = count_signal},
		{.sa_handler = count_signal, .sa_flags = SA_NOCLDWAIT},
		{.sa_handler = SIG_IGN},
		{.sa_handler = SIG_DFL},
	};

	(void)state;
	assert_int_equal(setenv("SPAWN_LINGER", "end", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		assert_int_equal(child_run(live_and_end, &actions[i], 0), 0);
		assert_int_equal(child_run(live_in_a_subreaper, &actions[i], 0), 0);
	}
}

static void the_world_of_a_worker_is_clean(void **state)
{
	struct started started;
	int extra = open("/dev/null", O_RDONLY); /* not close-on-exec: a caller's own leak */

	(void)state;
	assert_true(extra > 2);
	assert_int_equal(setenv("ICRED_TOKEN", "crs_secret", 1), 0);
	assert_int_equal(setenv("SPAWN_LINGER", "end", 1), 0);
	start(&started, false);
	assert_int_equal(started.report.open, 3);
	assert_true(started.report.null_out);
	assert_true(started.report.null_error);
	assert_true(started.report.leader);
	assert_true(started.report.named);
	assert_false(started.report.token);
	assert_true(started.report.environment);
	assert_string_equal(started.report.directory, "/");
	close(started.mine);
	release(&started);
	start(&started, true);
	assert_true(started.report.valid_error);
	close(started.mine);
	release(&started);
	close(extra);
	assert_int_equal(unsetenv("ICRED_TOKEN"), 0);
}

/* With these of 0, 1 and 2 closed, and the control socket there or above. */
static int start_without_some(void *data)
{
	unsigned closed = *(unsigned *)data;
	struct started started = {.mine = -1};
	struct pollfd answer = {.events = POLLIN};
	int pair[2], high;

	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	for (int fd = 0; fd < 3; fd++)
		if (closed & 1u << fd)
			close(fd);
	high = closed & 8 ? fcntl(pair[1], F_DUPFD_CLOEXEC, 0) : pair[1];
	if (high < 0 || spawn(worker, high, (closed & 16) != 0, &started.child) < 0)
		return CHILD_FAILED;
	answer.fd = pair[0];
	if (poll(&answer, 1, 20000) != 1 ||
	    recv(pair[0], &started.report, sizeof(started.report), 0) != sizeof(started.report))
		return 2;
	close(pair[0]);
	close(pair[1]);
	release(&started);
	if (started.report.open != 3 || !started.report.null_out || !started.report.valid_error)
		return 3;
	return (closed & 16) && !(closed & 4) ? 0 : started.report.null_error ? 0 : 4;
}

static void standard_descriptors_are_sane_whatever_the_caller_has(void **state)
{
	(void)state;
	assert_int_equal(unsetenv("SPAWN_LINGER"), 0);
	for (unsigned closed = 0; closed < 32; closed++) {
		int r = child_run(start_without_some, &closed, 0);
		if (r)
			fail_msg("case %u: %d", closed, r);
	}
}

static int miss(void *data)
{
	struct sigaction action = {.sa_handler = count_signal};
	struct child child = NO_CHILD;
	int pair[2], before = open("/dev/null", O_RDONLY | O_CLOEXEC), after;

	CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0);
	CHECK(spawn(data, pair[1], false, &child) == ICRED_E_INTERNAL);
	CHECK(child.pid == 0);
	CHECK(strstr(icred_error()->message, data));
	close(pair[0]);
	close(pair[1]);
	close(before);
	after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	CHECK(after == before); /* no descriptor stays */
	clock_sleep(20);
	no_child_to_wait_for();
	CHECK(signals == 0);
	return 0;
}

static int miss_in_a_subreaper(void *data)
{
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	return miss(data);
}

static void what_can_not_be_started_leaves_an_error_and_nothing_else(void **state)
{
	char missing[] = "/nonexistent/icred-worker", directory[] = "/tmp", script[] = "/dev/null";
	char *const all[] = {missing, directory, script};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		assert_int_equal(child_run(miss, all[i], 0), 0);
		assert_int_equal(child_run(miss_in_a_subreaper, all[i], 0), 0);
	}
	assert_int_equal(child_run(miss, missing, 0), 0);
}

static int kill_it(void *data)
{
	struct sigaction action = {.sa_handler = count_signal};
	struct started started;
	pid_t pid;

	(void)data;
	CHECK(sigaction(SIGCHLD, &action, NULL) == 0);
	start(&started, false);
	pid = started.report.pid;
	CHECK(kill(pid, 0) == 0);
	child_kill(&started.child);
	wait_until_gone(pid);
	release(&started);
	close(started.mine);
	no_child_to_wait_for();
	child_kill(&started.child); /* of nothing: nothing */
	CHECK(signals == 0);
	return 0;
}

static int release_one_that_hangs(void *data)
{
	struct started started;
	int64_t before;

	(void)data;
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1) == 0);
	start(&started, false);
	close(started.mine); /* which this one does not care about */
	before = clock_ms();
	release(&started);
	CHECK(clock_ms() - before < 10000);
	wait_until_gone(started.report.pid);
	no_child_to_wait_for();
	return 0;
}

static void one_that_hangs_can_be_killed(void **state)
{
	(void)state;
	assert_int_equal(setenv("SPAWN_LINGER", "for ever", 1), 0);
	assert_int_equal(child_run(kill_it, NULL, 0), 0);
	assert_int_equal(child_run(release_one_that_hangs, NULL, 0), 0);
}

/* What a worker's end is told as. */
static void words_say_how_it_ended(void **state)
{
	static const struct {
		int status;
		const char *words;
	} cases[] = {
		{0, "ended (status 0)"},
		{127 << 8, "ended (status 127)"},
		{SIGSEGV, "crashed (SIGSEGV)"},
		{SIGBUS | 0x80, "crashed (SIGBUS)"}, /* with a core file */
		{SIGABRT, "crashed (SIGABRT)"},
		{SIGKILL, "was killed by SIGKILL"},
		{SIGXFSZ, "was killed by SIGXFSZ"},
		{SIGTERM, "was killed by SIGTERM"},
		{SIGVTALRM, "was killed by SIGVTALRM"},
		{SIGPROF, "was killed by SIGPROF"},
		{SIGIO, "was killed by SIGIO"},
		{SIGPWR, "was killed by SIGPWR"},
		{40, "was killed by signal 40"},
	};
	char words[STATUS_WORDS_MAX];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		status_words(cases[i].status, words, sizeof(words));
		assert_string_equal(words, cases[i].words);
	}
}

static int how_it_ended(void *data)
{
	int number = *(int *)data, status = -1;
	struct started started;

	start(&started, false);
	CHECK(kill(started.child.pid, number) == 0);
	CHECK(child_ended(&started.child, &status) && WIFSIGNALED(status) && WTERMSIG(status) == number);
	CHECK(child_ended(&started.child, &status)); /* for the next who asks, too */
	CHECK(child_release(&started.child, &status) && WTERMSIG(status) == number);
	close(started.mine);
	no_child_to_wait_for();
	return 0;
}

static int it_is_at_work(void *data)
{
	struct started started;
	int status;

	(void)data;
	start(&started, false);
	CHECK(!child_ended(&started.child, &status));
	close(started.mine);
	release(&started);
	return 0;
}

static void the_supervisor_tells_how_it_ended(void **state)
{
	int number = SIGKILL; /* others are blocked in this stand-in */

	(void)state;
	assert_int_equal(setenv("SPAWN_LINGER", "end", 1), 0);
	assert_int_equal(child_run(how_it_ended, &number, 0), 0);
	assert_int_equal(child_run(it_is_at_work, NULL, 0), 0);
}

/* The program's own child has the number that our supervisor had: it is neither signalled nor reaped. */
static int take_the_number(void *data)
{
	struct started started;
	pid_t theirs, supervisor;
	int status;

	(void)data;
	start(&started, false);
	close(started.mine);
	supervisor = started.child.supervisor;
	theirs = fork();
	CHECK(theirs >= 0);
	if (!theirs) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	started.child.supervisor = theirs;
	child_kill(&started.child);
	release(&started);
	CHECK(waitpid(theirs, &status, WNOHANG) == 0);
	CHECK(kill(theirs, SIGKILL) == 0 && waitpid(theirs, &status, 0) == theirs);
	CHECK(WTERMSIG(status) == SIGKILL);
	CHECK(waitpid(supervisor, NULL, (int)__WCLONE) == supervisor); /* its socket ended */
	return 0;
}

static void a_number_is_not_a_supervisor(void **state)
{
	(void)state;
	assert_int_equal(setenv("SPAWN_LINGER", "end", 1), 0);
	assert_int_equal(child_run(take_the_number, NULL, 0), 0);
}

static bool obey(struct sock_filter *filter, size_t count)
{
	struct sock_fprog program = {(unsigned short)count, filter};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

/* A kernel that promises no memory twice: what would copy the program fails. */
static bool no_copies(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[0])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_VFORK, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOMEM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return obey(filter, ARRAY_SIZE(filter));
}

/* As for a program that has become another user since. */
static bool no_signals(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_kill, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};

	return obey(filter, ARRAY_SIZE(filter));
}

/* It can end its worker, in each of the ways, and need not wait for ever. */
static int live_without_signals(void *data)
{
	bool killed = *(bool *)data;
	struct started started;
	int status;

	start(&started, false);
	if (!no_signals())
		return CHILD_SKIP;
	if (killed)
		child_kill(&started.child);
	else
		close(started.mine);
	CHECK(child_release(&started.child, &status));
	CHECK(killed ? WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL : status == 0);
	no_child_to_wait_for();
	return 0;
}

/* Nor if it has closed the socket, while a process that it has forked holds that. */
static int live_without_signals_and_socket(void *data)
{
	struct started started;
	int status, life[2];
	pid_t other;

	(void)data;
	start(&started, false);
	CHECK(pipe(life) == 0);
	other = fork();
	CHECK(other >= 0);
	if (!other) { /* as long as we live, and so does the supervisor */
		close(life[1]);
		_exit(read(life[0], &status, 1) != 0);
	}
	close(started.child.socket.fd);
	if (!no_signals())
		return CHILD_SKIP;
	CHECK(!child_release(&started.child, &status));
	return 0;
}

static void a_supervisor_is_asked_without_signals(void **state)
{
	bool ways[] = {true, false};
	int r = 0;

	(void)state;
	assert_int_equal(setenv("SPAWN_LINGER", "end", 1), 0);
	for (size_t i = 0; i < ARRAY_SIZE(ways) && !r; i++)
		r = child_run(live_without_signals, &ways[i], 0);
	if (!r)
		r = child_run(live_without_signals_and_socket, NULL, 0);
	if (r == CHILD_SKIP)
		skip();
	assert_int_equal(r, 0);
}

/* What the program closes then has no other end left: neither supervisor nor worker has a copy. */
static void its_descriptors_are_its_alone_when_it_goes_on(void **state)
{
	(void)state;
	assert_int_equal(setenv("SPAWN_LINGER", "end", 1), 0);
	for (int i = 0; i < 20; i++) {
		int control[2], theirs[2];
		struct child child = NO_CHILD;
		assert_int_equal(pipe(theirs), 0);
		assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), 0);
		assert_int_equal(spawn(worker, control[1], false, &child), ICRED_OK);
		struct pollfd end = {.fd = theirs[0], .events = POLLIN};
		int status;
		close(theirs[1]);
		assert_int_equal(poll(&end, 1, 0), 1);
		close(theirs[0]);
		close(control[0]);
		close(control[1]);
		child_release(&child, &status);
	}
}

static int live_without_a_copy(void *data)
{
	struct started started;

	(void)data;
	if (!no_copies())
		return CHILD_SKIP;
	start(&started, false);
	CHECK(started.child.supervisor == 0 && started.child.socket.fd == -1);
	no_child_to_wait_for();
	child_kill(&started.child); /* there is no supervisor to do it: the end of its socket ends it */
	close(started.mine);
	release(&started);
	wait_until_gone(started.report.pid);
	return 0;
}

static void without_memory_for_a_supervisor_init_reaps(void **state)
{
	int r;

	(void)state;
	assert_int_equal(setenv("SPAWN_LINGER", "end", 1), 0);
	r = child_run(live_without_a_copy, NULL, 0);
	if (r == CHILD_SKIP)
		skip();
	assert_int_equal(r, 0);
}

static void *start_and_end(void *data)
{
	(void)data;
	for (int i = 0; i < 5; i++) {
		struct started started;
		start(&started, false);
		close(started.mine);
		release(&started);
	}
	return NULL;
}

static void threads_start_at_once(void **state)
{
	pthread_t threads[4];
	sigset_t before, after;

	(void)state;
	assert_int_equal(setenv("SPAWN_LINGER", "end", 1), 0);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &before), 0);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_create(&threads[i], NULL, start_and_end, NULL), 0);
	start_and_end(NULL);
	for (size_t i = 0; i < ARRAY_SIZE(threads); i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(pthread_sigmask(SIG_SETMASK, NULL, &after), 0);
	for (int number = 1; number < SIGRTMAX; number++)
		assert_int_equal(sigismember(&before, number), sigismember(&after, number));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_caller_never_hears_of_its_worker),
		cmocka_unit_test(the_world_of_a_worker_is_clean),
		cmocka_unit_test(standard_descriptors_are_sane_whatever_the_caller_has),
		cmocka_unit_test(what_can_not_be_started_leaves_an_error_and_nothing_else),
		cmocka_unit_test(one_that_hangs_can_be_killed),
		cmocka_unit_test(words_say_how_it_ended),
		cmocka_unit_test(the_supervisor_tells_how_it_ended),
		cmocka_unit_test(a_number_is_not_a_supervisor),
		cmocka_unit_test(without_memory_for_a_supervisor_init_reaps),
		cmocka_unit_test(a_supervisor_is_asked_without_signals),
		cmocka_unit_test(its_descriptors_are_its_alone_when_it_goes_on),
		cmocka_unit_test(threads_start_at_once),
	};

	built(worker, sizeof(worker), "tests/lib/client/spawn-worker");
	return cmocka_run_group_tests_name("spawn", tests, NULL, NULL);
}
