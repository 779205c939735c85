/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Mint tokens in a process that minds its children, signals and descriptors,
 * and print "ok", or what it noticed of the worker.
 *
 *   child-watch plain|handler|ignore|nocldwait|subreaper|closed|blocked|many
 */
#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <icred/icred.h>

#define OUTPUT   100 /* where standard output goes while it may be closed */
#define MANY     20
#define FDS_MAX  1024
#define LINE_MAX 200
#define STAT_MAX 512
#define IDLE_MS  6500 /* a worker without work leaves after 5 seconds */

static volatile sig_atomic_t children_seen;
static bool noticed;

static void notice(const char *what, long number)
{
	char line[LINE_MAX];
	int len = snprintf(line, sizeof(line), "%s (%ld)\n", what, number);

	noticed = true;
	if (write(OUTPUT, line, (size_t)len) < 0)
		_exit(1);
}

static void on_child(int number)
{
	(void)number;
	children_seen++;
}

static bool is(const char *how, const char *what)
{
	return strcmp(how, what) == 0;
}

static void prepare(const char *how)
{
	struct sigaction action = {.sa_handler = is(how, "ignore") ? SIG_IGN : on_child};
	sigset_t all;

	if (is(how, "nocldwait"))
		action.sa_flags = SA_NOCLDWAIT;
	if (!is(how, "plain"))
		sigaction(SIGCHLD, &action, NULL);
	if (is(how, "subreaper"))
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (is(how, "blocked")) {
		sigfillset(&all);
		sigprocmask(SIG_SETMASK, &all, NULL);
	}
	for (int fd = 0; is(how, "closed") && fd < 3; fd++)
		close(fd);
}

/* How many descriptors there are; the first call notes which, and of the others none may survive an exec. */
static int descriptors(bool complain)
{
	static bool known[FDS_MAX];
	DIR *list = opendir("/proc/self/fd");
	struct dirent *entry;
	int count = 0;

	while (list && (entry = readdir(list)) != NULL) {
		int fd = atoi(entry->d_name);
		if (entry->d_name[0] == '.' || fd == dirfd(list))
			continue;
		count++;
		if (!complain && fd < FDS_MAX)
			known[fd] = true;
		if (fd < FDS_MAX && !known[fd] && !(fcntl(fd, F_GETFD) & FD_CLOEXEC))
			notice("a descriptor without FD_CLOEXEC", fd);
	}
	closedir(list);
	return count;
}

static void look(void)
{
	int status = 0;
	pid_t pid;

	errno = 0;
	pid = waitpid(-1, &status, WNOHANG);
	if (pid != -1 || errno != ECHILD)
		notice("wait() sees a child", pid);
	if (children_seen)
		notice("SIGCHLD came", children_seen);
}

/* The state of a process if it is our child, of whatever kind; else 0. */
static char child_state(const char *pid)
{
	char name[300], line[STAT_MAX], state = 0;
	const char *end;
	int parent = 0;
	ssize_t n = -1;

	snprintf(name, sizeof(name), "/proc/%s/stat", pid);
	int fd = open(name, O_RDONLY | O_CLOEXEC);
	if (fd >= 0) {
		n = read(fd, line, sizeof(line) - 1);
		close(fd);
	}
	line[n > 0 ? n : 0] = '\0';
	end = strrchr(line, ')'); /* the name before it may be anything */
	return end && sscanf(end, ") %c %d", &state, &parent) == 2 && parent == getpid() ? state : 0;
}

/* A worker that has left while the handle is open leaves nothing to bury. */
static void look_for_zombies(void)
{
	DIR *list = opendir("/proc");
	struct dirent *entry;

	while (list && (entry = readdir(list)) != NULL)
		if (atoi(entry->d_name) > 0 && child_state(entry->d_name) == 'Z')
			notice("a zombie", atoi(entry->d_name));
	closedir(list);
}

static void outlast_worker(icred_t *handle)
{
	const struct timespec idle = {IDLE_MS / 1000, IDLE_MS % 1000 * 1000000L};
	icred_token_t *token = NULL;

	nanosleep(&idle, NULL);
	look_for_zombies();
	if (icred_get_token(handle, NULL, 0, &token) == 0)
		icred_reject_token(handle, token);
	icred_token_unref(token);
}

static void get(icred_t *handle)
{
	icred_token_t *token = NULL;

	if (icred_get_token(handle, NULL, 0, &token) < 0)
		notice(icred_error()->message, icred_error()->code);
	icred_token_unref(token);
}

static void mint(unsigned count, bool patient)
{
	struct icred_options options = {.size = sizeof(options), .flags = ICRED_NO_CACHE};
	icred_t *handle = NULL;
	icred_token_t *token = NULL;

	if (icred_open(&handle, NULL, &options) < 0) {
		notice(icred_error()->message, icred_error()->code);
		return;
	}
	get(handle);
	while (--count > 0 && icred_get_token(handle, NULL, 0, &token) == 0) {
		icred_reject_token(handle, token);
		icred_token_unref(token);
	}
	if (patient) {
		outlast_worker(handle);
		get(handle); /* of a second worker */
		look_for_zombies();
	}
	look();
	descriptors(true);
	icred_close(handle);
}

static bool same_signals(const sigset_t *a, const sigset_t *b)
{
	for (int number = 1; number <= SIGRTMAX; number++)
		if (sigismember(a, number) != sigismember(b, number))
			return false;
	return true;
}

int main(int argc, char **argv)
{
	const char *how = argc == 2 ? argv[1] : "plain";
	struct sigaction action_before, action_after;
	sigset_t before, after;
	int count;

	if (dup2(STDOUT_FILENO, OUTPUT) < 0)
		return 1;
	prepare(how);
	sigprocmask(SIG_SETMASK, NULL, &before);
	sigaction(SIGCHLD, NULL, &action_before);
	count = descriptors(false);
	mint(is(how, "many") ? MANY : 1, is(how, "subreaper"));
	look();
	errno = 0;
	if (waitpid(-1, NULL, WNOHANG | __WALL) != -1 || errno != ECHILD)
		notice("a child is left, or its zombie", errno);
	if (descriptors(true) != count)
		notice("more or fewer descriptors than before", count);
	sigprocmask(SIG_SETMASK, NULL, &after);
	sigaction(SIGCHLD, NULL, &action_after);
	if (!same_signals(&before, &after))
		notice("another signal mask", 0);
	if (action_before.sa_handler != action_after.sa_handler)
		notice("another action for SIGCHLD", 0);
	if (!noticed && write(OUTPUT, "ok\n", 3) != 3)
		return 1;
	return noticed;
}
