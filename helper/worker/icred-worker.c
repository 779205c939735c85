/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * icred-worker: what libicred starts when a key must be used.  Here are the
 * keyring, TLS and JSON; the caller's process never sees any of them, nor a
 * private key.  icred-worker(8)
 */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/worker-environment.h"
#include "helper/worker/hygiene.h"
#include "helper/worker/inside.h"
#include "helper/worker/serve.h"

static const char help[] = "Usage: icred-worker\n"
			   "\n"
			   "libicred starts this program by itself, with a socket as standard input, when\n"
			   "a token must be minted or a key be managed.  There is nothing to run by hand;\n"
			   "icred(1) is the command for people, icred-worker(8) tells the protocol.\n"
			   "\n"
			   "  -h, --help     show this text\n"
			   "      --version  show the version\n";

static bool is_socket(int fd)
{
	int type;
	socklen_t len = sizeof(type);

	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 && type == SOCK_SEQPACKET;
}

/*
 * libicred has done this before; another program that starts us may not have.  Libraries
 * read some of it as they are loaded, before main(), so we start once more.
 */
static void clean_environment(char **argv)
{
	if (environment_clean())
		execv("/proc/self/exe", argv); /* without /proc, what is read later is clean all the same */
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
	clean_environment(argv);
	hygiene();
	inside_watch();
	/* No exit handlers: libraries that were loaded might run theirs against threads at work. */
	_exit(serve(STDIN_FILENO));
}
