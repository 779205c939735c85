/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Around a write in the caller's process: a pipe without a reader, or a file
 * that grows past the limit, is an errno here and no signal to the program.
 */
#ifndef ICRED_LIB_BASE_QUIET_WRITE_H
#define ICRED_LIB_BASE_QUIET_WRITE_H

#include <signal.h>
#include <sys/types.h>

struct quiet_write {
	sigset_t mask, pending;
};

void quiet_begin(struct quiet_write *quiet);
/* `written` is what write(2) returned; keeps its errno. */
void quiet_end(const struct quiet_write *quiet, ssize_t written);

#endif
