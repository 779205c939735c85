/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program that closes all descriptors, as daemons do, and opens its own under
 * the numbers that libicred had, while a handle is open.  It prints "ok", or what
 * became of its own descriptors.
 *
 *   close-all socket|file|pipe|null|none|one|fork|request|held
 */
#include "config.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <icred/icred.h>

#define FIRST 3
#define LAST  40

#define TURNS 40

static bool noticed;
static volatile sig_atomic_t started; /* a worker */

static void listen_to(int level, const char *line, void *data)
{
	(void)level, (void)data;
	if (strstr(line, "icred-worker started"))
		started = 1;
}

static void notice(const char *what, long number)
{
	noticed = true;
	printf("%s (%ld)\n", what, number);
}

/* One descriptor of the program's, and who could tell that something was written to it. */
static int open_own(const char *how, int *ret_peer)
{
	char name[] = "close-all-XXXXXX";
	int pair[2] = {-1, -1};

	*ret_peer = -1;
	if (strcmp(how, "file") == 0) {
		pair[0] = mkstemp(name);
		unlink(name);
	} else if (strcmp(how, "pipe") == 0 && pipe(pair) == 0) {
		*ret_peer = pair[0];
		return pair[1];
	} else if (strcmp(how, "null") == 0) {
		pair[0] = open("/dev/null", O_RDWR);
	} else if (socketpair(AF_UNIX, SOCK_SEQPACKET, 0, pair) == 0) {
		*ret_peer = pair[1];
	}
	return pair[0];
}

struct own {
	int fd, peer;
	struct stat st;
};

/* Where the system puts them, as another thread opens descriptors of its own meanwhile. */
static void open_many(const char *how, struct own own[LAST + 1])
{
	for (int i = FIRST; i <= LAST; i++) {
		own[i].fd = open_own(how, &own[i].peer);
		fstat(own[i].fd, &own[i].st);
	}
}

/* On every number that libicred may have had; the peers are above them. */
static void occupy(const char *how, struct own own[LAST + 1])
{
	for (int fd = FIRST; fd <= LAST; fd++) {
		own[fd].fd = fd;
		int peer, mine = open_own(how, &peer);
		own[fd].peer = peer < 0 ? -1 : fcntl(peer, F_DUPFD, LAST + 1 + fd);
		if (peer >= 0)
			close(peer);
		if (mine != fd && (dup2(mine, fd) != fd || close(mine) < 0))
			notice("no descriptor", fd);
		fstat(fd, &own[fd].st);
	}
}

static void look(struct own own[LAST + 1])
{
	for (int i = FIRST; i <= LAST; i++) {
		struct pollfd news = {.fd = own[i].peer, .events = POLLIN};
		int fd = own[i].fd;
		struct stat st;
		if (fstat(fd, &st) < 0)
			notice("closed", fd);
		else if (st.st_ino != own[i].st.st_ino || st.st_dev != own[i].st.st_dev)
			notice("another file", fd);
		else if (S_ISREG(st.st_mode) && st.st_size)
			notice("written to the file", fd);
		if (own[i].peer >= 0 && poll(&news, 1, 0) != 0)
			notice("something came", fd);
	}
}

static void get(icred_t *handle, const char *when)
{
	icred_token_t *token = NULL;

	if (icred_get_token(handle, NULL, 0, &token) < 0) {
		notice(when, icred_error()->code);
		printf("  %s\n", icred_error()->message);
		return;
	}
	/* The next one has to be minted. */
	icred_reject_token(handle, token);
	icred_token_unref(token);
}

static void close_from(int first)
{
	for (int fd = first; fd < 1024; fd++)
		close(fd);
}

/* A request is under way on a thread of the library's own. */
static void get_by_request(icred_t *handle, const char *how, struct own own[LAST + 1])
{
	const struct timespec moment = {0, 300 * 1000 * 1000};
	icred_request_t *request = NULL;
	icred_token_t *token = NULL;

	if (icred_request_start(handle, NULL, 0, &request) < 0) {
		notice(icred_error()->message, icred_error()->code);
		return;
	}
	for (int turn = 0; turn < TURNS && !started; turn++)
		nanosleep(&moment, NULL);
	nanosleep(&moment, NULL);
	close_from(FIRST);
	open_many(how, own);
	if (icred_request_finish(request, &token) < 0)
		notice(icred_error()->message, icred_error()->code);
	icred_token_unref(token);
}

static int in_child(icred_t *handle, struct own own[LAST + 1])
{
	int status = 0;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		look(own);
		get(handle, "no token in a child");
		look(own);
		icred_close(handle);
		look(own);
		fflush(stdout);
		_exit(noticed);
	}
	return waitpid(pid, &status, 0) == pid ? status : -1;
}

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* How long it takes to close a handle whose sockets a child has too, which never closes them. */
static int64_t close_while_held(const struct icred_options *options)
{
	icred_t *handle = NULL;
	int64_t began;
	pid_t pid;

	if (icred_open(&handle, NULL, options) < 0)
		return -1;
	get(handle, "no token before a fork");
	pid = fork();
	while (pid == 0)
		pause();
	began = now_ms();
	icred_close(handle);
	began = now_ms() - began;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
	return began;
}

/* A worker that is not told of the end is killed after a second, so one quick turn tells them apart. */
static void close_soon(const struct icred_options *options)
{
	int64_t took = 1000;

	for (int turn = 0; turn < TURNS && took >= 1000; turn++)
		took = close_while_held(options);
	if (took < 0 || took >= 1000)
		notice("no close below a second", (long)took);
}

int main(int argc, char **argv)
{
	const char *how = argc == 2 ? argv[1] : "socket";
	struct icred_options options = {.size = sizeof(options), .flags = ICRED_NO_CACHE, .log = listen_to};
	static struct own own[LAST + 1];
	icred_t *handle = NULL;

	if (strcmp(how, "held") == 0) {
		close_soon(&options);
		puts(noticed ? "late" : "ok");
		return noticed;
	}
	if (icred_open(&handle, NULL, &options) < 0) {
		puts(icred_error()->message);
		return 1;
	}
	if (strcmp(how, "request") == 0) {
		get_by_request(handle, "socket", own);
	} else {
		get(handle, "no token");
		if (strcmp(how, "one") == 0)
			close(FIRST); /* the library's first, and its second one stays */
		else
			close_from(FIRST);
		if (strcmp(how, "none") != 0 && strcmp(how, "one") != 0)
			occupy(strcmp(how, "fork") == 0 ? "socket" : how, own);
	}
	if (strcmp(how, "fork") == 0 && in_child(handle, own))
		notice("the child failed", 0);
	get(handle, "no token afterwards");
	get(handle, "no token at last");
	if (strcmp(how, "none") != 0 && strcmp(how, "one") != 0)
		look(own);
	icred_close(handle);
	if (strcmp(how, "none") != 0 && strcmp(how, "one") != 0)
		look(own);
	if (waitpid(-1, NULL, WNOHANG) != -1)
		notice("a child is left", 0);
	if (!noticed)
		puts("ok");
	return noticed;
}
