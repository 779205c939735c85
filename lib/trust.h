/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a file that names programs to run, such as a profile, can only have
 * been written by root and the user who runs this.  As ssh(1) has it for its
 * own files; judged on what is open, so that it holds for what is read.
 */
#ifndef TRUST_H
#define TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* What is judged, for the message and for the few differences. */
struct trusted {
	const char *path;
	bool directory;
	bool system; /* found in a directory that was compiled in, which the system's owner fills */
};

/*
 * False with the reason and the command that mends it, as one line.  Looks into
 * /etc/passwd and /etc/group only where the group may write.
 */
bool trust_stat(const struct trusted *trusted, const struct stat *st, char *why, size_t why_cap);

#endif
