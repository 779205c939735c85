/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Descriptors that stay open between calls.  A number alone proves nothing: a
 * program may close all descriptors, as daemons do, and open its own under the
 * same numbers.  So each is kept with the file that it was, and is used and
 * closed only while it is still that file.  For sockets and plain files, whose
 * inodes are their own; a pidfd or an eventfd shares one with all others.
 */
#ifndef ICRED_LIB_BASE_OWNED_H
#define ICRED_LIB_BASE_OWNED_H

#include <sys/types.h>

#include "lib/base/util.h"

struct owned {
	int fd; /* -1: none */
	dev_t device;
	ino_t inode;
};

#define OWNED_NONE ((struct owned){.fd = -1})
/* Closes at the end of the scope. */
#define _cleanup_owned_ __attribute__((cleanup(owned_close)))

/* Take fd over; NONE for -1. */
struct owned owned_take(int fd);
/* The descriptor if it is still the same file, else -1. */
int owned_fd(const struct owned *owned);
/* There was one, and its number has become another file's, or nothing's. */
bool owned_lost(const struct owned *owned);
/* Close it if it is still ours; forget it in any case.  Keeps errno. */
void owned_close(struct owned *owned);

#endif
