/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Descriptors: closing them, reading and writing without surprises, keeping them between calls.  Needs libc alone. */
#ifndef ICRED_LIB_BASE_DESCRIPTOR_H
#define ICRED_LIB_BASE_DESCRIPTOR_H

#include <signal.h>
#include <stdbool.h>
#include <sys/types.h>

/* close(2) that keeps errno; takes -1; returns -1. */
int close_keep_errno(int fd);
/* Closes at the end of the scope. */
#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))
void cleanup_close(int *fd);
/* Reads until the end or until cap bytes have come; their number, or -1 with errno. */
ssize_t read_up_to(int fd, void *to, size_t cap);

/*
 * Around a write in the caller's process: a pipe without a reader, or a file
 * that grows past the limit, is an errno here, not a signal to the program.
 */
struct quiet_write {
	sigset_t mask, pending;
};

void quiet_begin(struct quiet_write *quiet);
/* `written` is what write(2) returned; keeps its errno. */
void quiet_end(const struct quiet_write *quiet, ssize_t written);

/*
 * Descriptors that stay open between calls.  A number alone proves nothing: a
 * program may close all descriptors, as daemons do, and open its own under the
 * same numbers.  So each is kept with the file that it was, and is used and
 * closed only while it is still that file.  For sockets and plain files, whose
 * inodes are their own; a pidfd or an eventfd shares one with all others.
 */
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
/* There was one, and its number is another file's by now, or free. */
bool owned_lost(const struct owned *owned);
/* Close it if it is still ours; forget it in any case.  Keeps errno. */
void owned_close(struct owned *owned);

#endif
