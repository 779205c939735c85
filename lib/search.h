/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where profiles are looked for: the user's directory, the administrator's, the vendor's. */
#ifndef SEARCH_H
#define SEARCH_H

#include "util.h"

#define PROFILE_NAME_MAX 64

/* The first file of that name in the three directories, which may not be the user's own for a privileged process. */
int profile_open(const char *name, char **ret_file, int *ret_fd);
/*
 * Each profile file there is, directory by directory, by name within one.  One
 * that an earlier directory hides is told with its `hidden` true.  Stops when
 * each() returns non-zero, and returns that.
 */
int profile_each(int (*each)(const char *name, const char *file, bool hidden, void *data), void *data);

#endif
