/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program with a token, for tests/lib/base/core-file.sh to make a core file of.
 * Prints the addresses of the token and of what is not a secret, and the token;
 * then dumps core, or waits to be examined.
 *
 *   core-hold get|request|copy abort|wait
 *
 * With "copy", the token is where a careless program might put it.  Or ends by
 * a trap as soon as the library comes back, so that the core file has the
 * registers and the stack as it left them:
 *
 *   core-hold get|request|reject|each|import|fingerprint now|thread [KEY.pem]
 */
#include "config.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <icred/icred.h>

#define WAIT_S 60

static int complain(const char *what)
{
	printf("%s: %s\n", what, icred_error()->message);
	return 1;
}

/* All there is goes into a core file, of files and devices too; and anybody may trace us. */
static void be_open(void)
{
	static const char all[] = "0xff";
	int filter = open("/proc/self/coredump_filter", O_WRONLY | O_CLOEXEC);

	if (filter >= 0 && write(filter, all, strlen(all)) < 0)
		puts("no filter");
	close(filter);
	prctl(PR_SET_PTRACER, PR_SET_PTRACER_ANY, 0, 0, 0);
}

static int get(icred_t *handle, const char *how, icred_token_t **ret_token)
{
	icred_request_t *request = NULL;

	if (strcmp(how, "request") != 0)
		return icred_get_token(handle, NULL, 0, ret_token);
	if (icred_request_start(handle, NULL, 0, &request) < 0)
		return -1;
	return icred_request_finish(request, ret_token);
}

/* Not by way of stdio, whose buffer would keep it. */
static int show(const char *token)
{
	size_t len = strlen(token);

	fflush(stdout);
	return write(STDOUT_FILENO, token, len) == (ssize_t)len && write(STDOUT_FILENO, "\n", 1) == 1 ? 0 : 1;
}

static int ignore(icred_token_t *token, const char *cache, void *data)
{
	(void)token;
	(void)cache;
	(void)data;
	return 0;
}

/* The key is where a core file does not have it: only what the library did with it is looked for. */
static int with_key(icred_t *handle, const char *what, const char *file)
{
	int fd = open(file, O_RDONLY | O_CLOEXEC), r;
	struct stat status;
	char *print = NULL, *pem;

	if (fd < 0 || fstat(fd, &status) < 0)
		return -1;
	pem = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (pem == MAP_FAILED || madvise(pem, (size_t)status.st_size, MADV_DONTDUMP) < 0)
		return -1;
	if (strcmp(what, "import") == 0)
		r = icred_key_import(handle, pem, (size_t)status.st_size, NULL, &print);
	else
		r = icred_key_fingerprint(handle, pem, (size_t)status.st_size, &print);
	if (r == 0)
		__builtin_trap();
	return r;
}

struct now {
	icred_t *handle;
	char **argv;
};

/* Nothing may come between the library and the trap. */
static void *trap_at_once(void *data)
{
	struct now *now = data;
	const char *what = now->argv[1];
	icred_token_t *token;
	int r;

	if (now->argv[3]) {
		r = with_key(now->handle, what, now->argv[3]);
	} else if (strcmp(what, "reject") == 0) {
		r = icred_get_token(now->handle, NULL, 0, &token);
		if (r == 0)
			r = icred_reject_token(now->handle, token);
	} else if (strcmp(what, "each") == 0) {
		r = icred_token_each(now->handle, ignore, NULL);
	} else {
		r = get(now->handle, what, &token);
	}
	if (r == 0)
		__builtin_trap();
	complain(what);
	return NULL;
}

static int trap(icred_t *handle, char **argv)
{
	struct now now = {handle, argv};
	pthread_t thread;

	if (strcmp(argv[2], "thread") != 0)
		trap_at_once(&now);
	else if (pthread_create(&thread, NULL, trap_at_once, &now) == 0)
		pthread_join(thread, NULL);
	return 1;
}

int main(int argc, char **argv)
{
	icred_token_t *token = NULL;
	icred_t *handle = NULL;
	char *copy;

	if (argc != 3 && argc != 4)
		return 2;
	be_open();
	if (icred_open(&handle, NULL, NULL) < 0)
		return complain("open");
	if (strcmp(argv[2], "now") == 0 || strcmp(argv[2], "thread") == 0)
		return trap(handle, argv);
	if (get(handle, argv[1], &token) < 0)
		return complain("get");
	copy = strdup(strcmp(argv[1], "copy") == 0 ? icred_token_secret(token) : "no secret");
	if (!copy)
		return 1;
	printf("%zx %zx\n", (size_t)icred_token_secret(token), (size_t)copy);
	if (show(icred_token_secret(token)))
		return 1;
	if (strcmp(argv[2], "abort") == 0)
		abort();
	sleep(WAIT_S);
	free(copy);
	return 1;
}
