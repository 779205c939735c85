/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program with a token, for tests/core-file.sh to make a core file of.
 * Prints the addresses of the token and of what is no secret, and the token;
 * then dumps core, or waits for somebody to look.
 *
 *   core-hold get|request|copy abort|wait
 *
 * With "copy", the token is where a careless program might put it.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
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

int main(int argc, char **argv)
{
	icred_token_t *token = NULL;
	icred_t *handle = NULL;
	char *copy;

	if (argc != 3)
		return 2;
	be_open();
	if (icred_open(&handle, NULL, NULL) < 0)
		return complain("open");
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
