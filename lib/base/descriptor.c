/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/descriptor.h"

int close_keep_errno(int fd)
{
	int saved = errno;

	if (fd >= 0)
		close(fd);
	errno = saved;
	return -1;
}

ssize_t read_up_to(int fd, void *to, size_t cap)
{
	size_t len = 0;
	ssize_t n = 1;

	while (n != 0 && len < cap) {
		n = read(fd, (char *)to + len, cap - len);
		if (n < 0 && errno != EINTR)
			return -1;
		len += n > 0 ? (size_t)n : 0;
	}
	return (ssize_t)len;
}

void cleanup_close(int *fd)
{
	close_keep_errno(*fd);
}

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

struct owned owned_take(int fd)
{
	struct stat st;

	/* A descriptor that cannot be examined could never be proved to be ours. */
	if (fd < 0 || fstat(fd, &st) < 0) {
		close_keep_errno(fd);
		return OWNED_NONE;
	}
	return (struct owned){fd, st.st_dev, st.st_ino};
}

int owned_fd(const struct owned *owned)
{
	int saved = errno;
	struct stat st;
	bool ours = owned->fd >= 0 && fstat(owned->fd, &st) == 0 && st.st_dev == owned->device &&
		    st.st_ino == owned->inode;

	errno = saved;
	return ours ? owned->fd : -1;
}

bool owned_lost(const struct owned *owned)
{
	return owned->fd >= 0 && owned_fd(owned) < 0;
}

void owned_close(struct owned *owned)
{
	close_keep_errno(owned_fd(owned));
	*owned = OWNED_NONE;
}
