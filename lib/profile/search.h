/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where profiles are looked for: the user's directory, the administrator's, the vendor's. */
#ifndef ICRED_LIB_PROFILE_SEARCH_H
#define ICRED_LIB_PROFILE_SEARCH_H

#include <sys/stat.h>

#include "lib/base/log.h"
#include "lib/base/suggest.h"

#define PROFILE_NAME_MAX 64

/* A plain word, which cannot lead out of the directories. */
bool profile_name_ok(const char *name);
/* The profile whose name is closest to one that does not exist. */
struct suggestion profile_similar(const char *name);
/*
 * The first file of that name in the three directories, of which a privileged
 * process has the last two.  A directory that cannot be read has no profile,
 * which is logged; a file that exists and cannot be read, or that others can
 * write, is a failure.
 */
int profile_open(const struct log *log, const char *name, char **ret_file, int *ret_fd, struct stat *ret_st);
/* Whether a profile's file is one of the machine's: the administrator's or the vendor's. */
bool profile_is_machines(const char *file);
/*
 * Call each() for every profile file, directory by directory, by name within one;
 * with `hidden` for one that is hidden by an earlier directory's.  Stops when
 * each() returns non-zero, and returns that.
 */
int profile_each(const struct log *log,
		 int (*each)(const char *name, const char *file, bool hidden, void *data), void *data);

#endif
