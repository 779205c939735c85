/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Secrets from outside: a file, read only if no other user could have read or written it, or a question. */
#ifndef ICRED_PLUGIN_SHARED_SECRETFILE_H
#define ICRED_PLUGIN_SHARED_SECRETFILE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>
#include <icred/module.h>

struct secretfile {
	int directory;    /* where the name is looked up, or AT_FDCWD        */
	const char *name; /* a symbolic link is refused                      */
	const char *what; /* for messages: the file's whole name, or what it is to the user */
	mode_t forbidden; /* permissions that it must not give               */
};

/* Nothing for group and others, as ssh(1) wants its keys. */
#define SECRETFILE_PRIVATE 0077

/* Open, and check on the descriptor: a regular file of root's or our own. */
int secretfile_open(const struct icred_host *host, const struct secretfile *file, int *ret_fd,
		    struct stat *ret_stat);
/* All of it, at most max bytes, as a string in secret memory, for the host's secret_free. */
int secretfile_read(const struct icred_host *host, const struct secretfile *file, int fd, size_t max,
		    char **ret_text, size_t *ret_len);
/* The first line of a file with nothing but a passphrase or a PIN; without the file, what it opens is locked. */
int secretfile_line(const struct icred_host *host, const struct secretfile *file, char **ret_line);
/*
 * End a text of `len` bytes where its first line ends, with LF or CR LF.  False if
 * there is a NUL byte in that line: the part before it would be another secret.
 */
bool secretfile_end_line(char *text, size_t len);
/* The user's answer, in cap bytes of secret memory, for the host's secret_free. */
int secret_ask(const struct icred_host *host, const char *question, size_t cap, char **ret_reply);

#endif
