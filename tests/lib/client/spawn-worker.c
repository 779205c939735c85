/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the tests start in place of a worker: it tells how it finds its world, and waits for its end. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/socket.h>
#include <unistd.h>
#include "tests/lib/client/spawn-worker.h"

static int is_null(int fd)
{
	struct stat here, null;

	return fstat(fd, &here) == 0 && stat("/dev/null", &null) == 0 && here.st_rdev == null.st_rdev &&
	       S_ISCHR(here.st_mode);
}

int main(int argc, char **argv)
{
	const char *linger = getenv("SPAWN_LINGER");
	struct spawn_report report = {.pid = getpid()};
	char byte;

	for (int fd = 0; fd < SPAWN_FDS; fd++)
		report.open += fcntl(fd, F_GETFD) >= 0;
	report.null_out = is_null(1);
	report.null_error = is_null(2);
	report.valid_error = fcntl(2, F_GETFD) >= 0;
	report.leader = getsid(0) == getpid();
	report.named = argc == 1 && strcmp(argv[0], "icred-worker") == 0;
	report.token = getenv("ICRED_TOKEN") != NULL;
	report.environment = linger != NULL;
	if (!getcwd(report.directory, sizeof(report.directory)))
		report.directory[0] = '\0';
	if (send(0, &report, sizeof(report), MSG_NOSIGNAL) != sizeof(report))
		return 1;
	if (linger && strcmp(linger, "end") == 0)
		while (recv(0, &byte, 1, 0) > 0) /* as the worker does: until the control socket ends */
			;
	else if (linger)
		for (;;)
			pause();
	return 0;
}
