/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "helper/common/fail.h"
#include "helper/common/process.h"
#include "helper/curl/run.h"
#include "lib/base/errno-words.h"

#define VERSION_LINE 256

/* Before this one, another port or scheme of the same host counted as the same origin (CVE-2022-27776). */
#define VERSION_SAFE_MAJOR 7u
#define VERSION_SAFE_MINOR 83u

static void version_exec(const char *path, int out, pid_t parent)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(FAIL_OTHER);
	process_restore();
	dup2(out, STDOUT_FILENO);
	execl(path, "curl", "-q", "--version", (char *)NULL);
	_exit(FAIL_OTHER);
}

/* The beginning of what it prints; the rest is read too, so that it can end in peace. */
static void version_read(int fd, char line[VERSION_LINE])
{
	char bytes[VERSION_LINE];
	size_t len = 0, some;
	ssize_t n = 1;

	while (n > 0 || (n < 0 && errno == EINTR)) {
		n = read(fd, bytes, sizeof(bytes));
		some = n > 0 ? (size_t)n : 0;
		some = some < VERSION_LINE - 1 - len ? some : VERSION_LINE - 1 - len;
		memcpy(line + len, bytes, some);
		len += some;
	}
	line[len] = '\0';
}

static int version_ask(const char *path, char line[VERSION_LINE])
{
	pid_t parent = getpid(), child;
	int fds[2];

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -1;
	child = fork();
	if (child == 0)
		version_exec(path, fds[1], parent);
	close(fds[1]);
	if (child > 0)
		version_read(fds[0], line);
	close(fds[0]);
	while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
		;
	return child < 0 ? -1 : 0;
}

int version_check(const struct plan *plan, const char *path)
{
	static const char name[] = "libcurl/";
	char line[VERSION_LINE] = "";
	const char *library;
	unsigned major, minor;

	if (version_ask(path, line) < 0)
		return fail_system(plan->o, "cannot run curl", start_errno(errno));
	/* "curl 8.5.0 (...) libcurl/8.5.0 ...": redirects are the library's, and that may be another one's. */
	library = strstr(line, name);
	if (!library || sscanf(library + sizeof(name) - 1, "%3u.%3u.", &major, &minor) != 2)
		return fail(
			plan->o, FAIL_USAGE, "usage",
			"%s does not report its version, so it may send the token to another server when it "
			"follows a redirect; leave --location out, or install curl 7.83 or later",
			path);
	if (major > VERSION_SAFE_MAJOR || (major == VERSION_SAFE_MAJOR && minor >= VERSION_SAFE_MINOR))
		return 0;
	return fail(
		plan->o, FAIL_USAGE, "usage",
		"%s, with libcurl %u.%u, sends the token along when it follows a redirect to another port or "
		"scheme; leave --location out, or install curl 7.83 or later",
		path, major, minor);
}
