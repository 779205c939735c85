/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs that log in with the PIN of one file do it one after the other.  A
 * token tells of a wrong PIN only after it was tried, so of those that look at
 * the same moment each would try it, and the token would count them all.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/deadline.h"
#include "plugin/key/pkcs11/pkcs11.h"

#define TURN_LOOK_MS 5

/* A file that can't be opened or locked stops nobody here: who reads it will say what is wrong with it. */
int token_turn_until(const struct token *token, int64_t left, int *ret_fd)
{
	const struct timespec moment = {0, TURN_LOOK_MS * 1000000L};
	const struct icred_host *host = token->host;
	int fd = -1;

	if (token->uri.pin_file[0])
		fd = open(token->uri.pin_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
		if (host->time_left(host) <= left) {
			close(fd);
			return 0;
		}
		nanosleep(&moment, NULL);
	}
	*ret_fd = fd;
	return 1;
}

int token_turn(const struct token *token, int *ret_fd)
{
	const struct icred_host *host = token->host;

	if (token_turn_until(token, deadline_margin(host->time_left(host)), ret_fd))
		return 0;
	return host->fail(host, ICRED_E_TIMEOUT,
			  "another program was logging in with the PIN of %s all the time; "
			  "see which one has it open",
			  token->uri.pin_file);
}

void token_turn_over(int fd)
{
	if (fd >= 0)
		close(fd);
}
