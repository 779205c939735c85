/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/descriptor.h"
#include "lib/base/language.h"
#include "lib/base/subprocess.h"
#include "lib/base/system-words.h"

#define CLOSE_RANGE_ON_EXEC (1u << 2) /* CLOSE_RANGE_CLOEXEC of linux/close_range.h, 5.11 */
#define TICK_MS             50        /* between looks at the process where the kernel has no pidfd */

enum { OUT, ERR, FAILED, PIPES };

pid_t subprocess_fork(volatile sig_atomic_t *ret_pid, int death)
{
	pid_t parent = getpid(), pid;
	sigset_t all, old;

	/* A signal between fork(2) and the note of the number would leave the child running. */
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	pid = fork();
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, death);
		if (getppid() != parent)
			_exit(127);
	} else if (pid > 0) {
		*ret_pid = pid;
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	return pid;
}

int subprocess_reap(volatile sig_atomic_t *pid)
{
	pid_t child = *pid;
	int status = 0;
	siginfo_t info;

	/* Wait twice: the second call frees the number. */
	while (waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT) < 0 && errno == EINTR)
		;
	*pid = 0;
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	return status;
}

/* Between fork and exec of a process with threads: system calls only. */
static void become(const struct subprocess *process, int null, int ends[PIPES][2])
{
	char *const *environment = process->environment ? process->environment : environ;
	struct sigaction usual = {.sa_handler = SIG_DFL};
	sigset_t none;
	int error;

	setpgid(0, 0);
	sigaction(SIGPIPE, &usual, NULL);
	sigaction(SIGXFSZ, &usual, NULL);
	sigaction(SIGCHLD, &usual, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
#ifdef SYS_close_range
	/* Another library of this process may have been careless with its descriptors. */
	syscall(SYS_close_range, STDERR_FILENO + 1, ~0u, CLOSE_RANGE_ON_EXEC);
#endif
	/* Without a standard input of ours, /dev/null is there already, but to be closed. */
	if (null == STDIN_FILENO)
		fcntl(null, F_SETFD, 0);
	if (dup2(null, STDIN_FILENO) == STDIN_FILENO &&
	    (!process->out.bytes || dup2(ends[OUT][1], STDOUT_FILENO) == STDOUT_FILENO) &&
	    (!process->err.bytes || dup2(ends[ERR][1], STDERR_FILENO) == STDERR_FILENO)) {
		if (strchr(process->path, '/'))
			execve(process->path, process->argv, environment);
		else
			execvpe(process->path, process->argv, environment);
	}
	error = errno;
	if (write(ends[FAILED][1], &error, sizeof(error)) < 0)
		_exit(126);
	_exit(127);
}

/* One read, or with `all` what is there to be read now; *fd is closed at the end. */
static void drain(int *fd, struct capture *to, bool all)
{
	char rest[4096];
	ssize_t n = 1;

	while (*fd >= 0 && n > 0) {
		bool fits = to->len < to->cap;

		n = fits ? read(*fd, to->bytes + to->len, to->cap - to->len) : read(*fd, rest, sizeof(rest));
		if (n > 0 && fits)
			to->len += (size_t)n;
		if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
			*fd = close_keep_errno(*fd);
		/* A process in the background may print for ever. */
		if (!all || !fits)
			break;
	}
	explicit_bzero(rest, sizeof(rest));
}

/* SIGTERM first, as some programs have files to remove; reaping comes last, so that the number stays its own. */
static void stop(const struct subprocess *process, pid_t pid, int pidfd)
{
	struct pollfd ended = {pidfd, POLLIN, 0};

	kill(-pid, SIGTERM);
	poll(&ended, 1, process->farewell);
	kill(-pid, SIGKILL);
	kill(pid, SIGKILL);
}

/* Until the program itself has ended. */
static enum subprocess_end attend(struct subprocess *process, pid_t pid, int pidfd, int *out, int *err)
{
	siginfo_t info = {.si_pid = 0};
	bool ended = false;
	int most;

	while (!ended) {
		struct pollfd events[] = {{*out, POLLIN, 0}, {*err, POLLIN, 0}, {pidfd, POLLIN, 0}};

		most = process->wait ? process->wait(process) : -1;
		if (process->wait && most < 0) {
			stop(process, pid, pidfd);
			return SUBPROCESS_STOPPED;
		}
		if (pidfd < 0 && (most < 0 || most > TICK_MS))
			most = TICK_MS;
		poll(events, ARRAY_SIZE(events), most);
		ended = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ? errno != EINTR
											 : info.si_pid != 0;
		drain(out, &process->out, ended);
		drain(err, &process->err, ended);
	}
	return SUBPROCESS_ENDED;
}

enum subprocess_end subprocess_run(struct subprocess *process)
{
	int pipes[PIPES][2] = {{-1, -1}, {-1, -1}, {-1, -1}}, pidfd = -1, null;
	const bool wanted[PIPES] = {process->out.bytes, process->err.bytes, true};
	enum subprocess_end end = SUBPROCESS_NOT_STARTED;
	volatile sig_atomic_t own = 0, *group = process->group ? process->group : &own;
	pid_t pid = -1;

	process->status = process->error = 0;
	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null < 0)
		process->error = errno;
	for (int i = 0; i < PIPES && !process->error; i++)
		if (wanted[i] &&
		    (pipe2(pipes[i], O_CLOEXEC) < 0 || fcntl(pipes[i][0], F_SETFL, O_NONBLOCK) < 0))
			process->error = errno;
	if (!process->error) {
		pid = subprocess_fork(group, SIGKILL);
		if (pid == 0)
			become(process, null, pipes);
		if (pid < 0)
			process->error = start_errno(errno);
	}
	close_keep_errno(null);
	for (int i = 0; i < PIPES; i++)
		close_keep_errno(pipes[i][1]);
	if (pid > 0) {
		setpgid(pid, pid); /* here too: either process may be the first to run */
#ifdef SYS_pidfd_open
		pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
#endif
		end = attend(process, pid, pidfd, &pipes[OUT][0], &pipes[ERR][0]);
		process->status = subprocess_reap(group);
		if (read(pipes[FAILED][0], &process->error, sizeof(process->error)) ==
		    (ssize_t)sizeof(process->error))
			end = SUBPROCESS_NOT_RUN;
		close_keep_errno(pidfd);
	}
	for (int i = 0; i < PIPES; i++)
		close_keep_errno(pipes[i][0]);
	return end;
}
