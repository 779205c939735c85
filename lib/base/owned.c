/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <sys/stat.h>

#include "lib/base/owned.h"

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
