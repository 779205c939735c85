/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running another program. */
#ifndef ICRED_HELPER_COMMON_PROGRAM_H
#define ICRED_HELPER_COMMON_PROGRAM_H

#include "helper/common/options.h"

#define LAUNCH_PATH_MAX 4096

/* The program's absolute name by $PATH, whose relative folders are passed over; -1 if it is nowhere. */
int launch_find(const char *program, char path[LAUNCH_PATH_MAX]);
/* Let the descriptor live on in the program. */
void launch_keep(int fd);
/* Tells why it could not be run; the exit status. */
int launch_fail(const struct options *o, const char *program, int error);

#endif
