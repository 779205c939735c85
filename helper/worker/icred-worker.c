/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * icred-worker: what libicred starts when a key must be used.  Here are the
 * keyring, TLS and JSON; the caller's process never sees any of them, nor a
 * private key.  icred-worker(8)
 */
#include "config.h"

#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "helper/worker/icred-worker.h"
#include "lib/base/worker-environment.h"

static const char help[] = "Usage: icred-worker\n"
			   "\n"
			   "libicred starts this program, with a socket as standard input, when it has to\n"
			   "mint a token or manage a key.  There is nothing to run by hand: the command for\n"
			   "users is icred(1).  icred-worker(8) describes the protocol.\n"
			   "\n"
			   "  -h, --help     show this text\n"
			   "      --version  show the version\n";

static bool is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

/* Make the process fit to hold a private key, in whatever state its caller started it. */
static void protect(void)
{
	struct sigaction normal = {.sa_handler = SIG_DFL}, ignore = {.sa_handler = SIG_IGN};
	struct rlimit no_core = {0, 0};
	sigset_t none;
	int null = open("/dev/null", O_WRONLY);

	for (int number = 1; number <= SIGRTMAX; number++)
		sigaction(number, &normal, NULL); /* which rightly fails for KILL and STOP */
	sigaction(SIGPIPE, &ignore, NULL);
	sigaction(SIGXFSZ, &ignore, NULL); /* a write past the limit fails with EFBIG then */
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setrlimit(RLIMIT_CORE, &no_core);
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	umask(077);
	/* Some vendor libraries print messages; their signatures are good all the same. */
	if (null >= 0)
		dup2(null, STDOUT_FILENO);
	while (null >= 0 && null <= STDERR_FILENO)
		null = dup(null); /* so that no socket becomes standard error */
	if (null >= 0)
		close(null);
}

int main(int argc, char **argv)
{
	if (argc == 2 && (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0))
		return fputs(help, stdout) < 0 || fflush(stdout) != 0;
	if (argc == 2 && strcmp(argv[1], "--version") == 0)
		return puts("icred-worker " PACKAGE_VERSION) < 0 || fflush(stdout) != 0;
	if (argc != 1 || !is_socket(STDIN_FILENO)) {
		fputs("icred-worker: libicred starts this program; see icred-worker --help\n", stderr);
		return 2;
	}
	/*
	 * libicred has cleaned it; another program that starts us may not have.  Libraries read some of it as
	 * they are loaded, before main(), so we start once more.  Without /proc that fails, and what is read
	 * later is clean all the same.
	 */
	if (environment_clean())
		execv("/proc/self/exe", argv);
	protect();
	inside_watch();
	/* No exit handlers: libraries that were loaded might run theirs against threads at work. */
	_exit(serve());
}
