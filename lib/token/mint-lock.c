/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>

#include "lib/base/descriptor.h"
#include "lib/base/rundir.h"
#include "lib/base/system-words.h"
#include "lib/token/mint-lock.h"

/* The lock file in the directory that open_directory() opens; -1 with the reason. */
static int open_lock(int (*open_directory)(int *ret_fd, char *why, size_t why_cap), char *why, size_t why_cap)
{
	_cleanup_close_ int directory = -1;
	int lock;

	if (open_directory(&directory, why, why_cap) < 0)
		return -1;
	lock = openat(directory, "lock", O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		      0600);
	if (lock < 0)
		snprintf(why, why_cap, "the lock file cannot be opened: %s", errno_words(errno));
	return lock;
}

struct owned mint_lock_open(struct log *log)
{
	char why[256] = "", why_spare[256] = "";
	int lock = open_lock(rundir_open, why, sizeof(why));

	if (lock >= 0)
		return owned_take(lock);
	lock = open_lock(rundir_open_spare, why_spare, sizeof(why_spare));
	if (lock >= 0)
		log_line(log, ICRED_LOG_INFO, "the lock is in /tmp: %s", why);
	else
		log_caution(log, "several processes may mint the same token at once: %s, and %s", why,
			    why_spare);
	return owned_take(lock);
}

/*
 * One file for all tokens: each has a byte of its own in it.  The lock belongs
 * to the open file, not to the process, so handles do not disturb each other.
 */
static int lock_range(int fd, short type, uint64_t hash)
{
	struct flock range = {
		.l_type = type, .l_whence = SEEK_SET, .l_start = (off_t)(hash >> 2), .l_len = 1};

	return fcntl(fd, F_OFD_SETLK, &range);
}

int mint_lock_try(const struct owned *lock, uint64_t hash)
{
	int fd = owned_fd(lock);

	if (fd < 0 || lock_range(fd, F_WRLCK, hash) == 0)
		return ICRED_OK;
	if (errno == EAGAIN || errno == EACCES)
		return ICRED_E_CANCELLED;
	return ICRED_OK; /* a file system without locks: better two tokens than none */
}

void mint_lock_release(struct owned *lock, uint64_t hash)
{
	int fd = owned_fd(lock);

	/* Unlocked by name, as a child that was forked meanwhile holds the same open file. */
	if (fd >= 0)
		lock_range(fd, F_UNLCK, hash);
	owned_close(lock);
}
