/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <time.h>

#include "lib/base/quiet-write.h"

void quiet_begin(struct quiet_write *quiet)
{
	sigset_t ours;

	sigemptyset(&ours);
	sigaddset(&ours, SIGPIPE);
	sigaddset(&ours, SIGXFSZ);
	sigpending(&quiet->pending);
	pthread_sigmask(SIG_BLOCK, &ours, &quiet->mask);
}

void quiet_end(const struct quiet_write *quiet, ssize_t written)
{
	const struct timespec at_once = {0, 0};
	int saved = errno, number = saved == EPIPE ? SIGPIPE : SIGXFSZ;
	sigset_t ours;

	if (written < 0 && (saved == EPIPE || saved == EFBIG) && !sigismember(&quiet->pending, number)) {
		sigemptyset(&ours);
		sigaddset(&ours, number);
		sigtimedwait(&ours, NULL, &at_once);
	}
	pthread_sigmask(SIG_SETMASK, &quiet->mask, NULL);
	errno = saved;
}
