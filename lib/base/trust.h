/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Whether a file that names programs to run, such as a profile, can only have
 * been written by root and the user who runs this.  As ssh(1) has it for its
 * own files; judged on what is open, so that it holds for what is read.
 */
#ifndef ICRED_LIB_BASE_TRUST_H
#define ICRED_LIB_BASE_TRUST_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

#define TRUST_WHY_SIZE 480

/* What is judged: the rules differ a little. */
struct trusted {
	const char *path;
	const char *leaf; /* a file in the directory `path`, or NULL */
	bool directory;   /* it is one */
	bool system;      /* filled by the system's owner, who may be unknown in a user namespace */
	bool program;     /* to be run: only for root does it matter who owns it */
};

/*
 * False with the reason and the command that mends it, as one line.  Looks into
 * /etc/passwd and /etc/group only where the group may write.
 */
bool trust_stat(const struct trusted *trusted, const struct stat *st, char *why, size_t why_cap);
/*
 * The same for a program or library that a profile names: its file, each link that
 * leads to it, and the directories of these.  True as well if it does not exist or
 * cannot be looked at, which the caller will find out.
 */
bool trust_program(const char *path, char *why, size_t why_cap);

#endif
