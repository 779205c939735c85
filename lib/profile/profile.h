/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A profile: the settings and the stack that one text file says.  icred-profile(5) */
#ifndef ICRED_LIB_PROFILE_PROFILE_H
#define ICRED_LIB_PROFILE_PROFILE_H

#include "lib/base/log.h"
#include "lib/profile/line.h"
#include "lib/profile/origin.h"
#include "lib/profile/setting.h"

struct profile {
	char *name;
	char *file; /* "" for the built-in profile */
	struct settings settings;
	struct stack stack;
	struct origin api;           /* where the issuer is, checked for https */
	char api_origin[ORIGIN_MAX]; /* the same as text */
	struct origin *origins;      /* where tokens may go */
	size_t origin_count;
	char **names; /* of the files that were read: positions point at them */
	size_t name_count;
};

/*
 * Find, read and check a profile; NULL or "" is "default", which is built in
 * unless it has a file.  The failure says file:line:column.  Directories
 * that could not be searched are reported to the log, which may be NULL.
 */
int profile_load(const struct log *log, const char *name, struct profile **ret_profile);
/*
 * The same, but call found() for each line that is wrong, with the fault as
 * this thread's failure, and go on after it.  Returns the first one.
 */
int profile_examine(const struct log *log, const char *name, void (*found)(void *data), void *data,
		    struct profile **ret_profile);
/* Call go_on() for each URL that no token may go to, as this thread's failure, until it returns false. */
void profile_check_urls(const struct profile *profile, bool (*go_on)(int fault, void *data), void *data);
/* After settings were overridden: check what must hold together, and fill api and origins. */
int profile_complete(struct profile *profile);
/* An empty profile, for settings and lines that come from elsewhere. */
struct profile *profile_new(const char *name, const char *file);
/* A copy of a file's name that lives as long as the profile; NULL without memory. */
const char *profile_keep_name(struct profile *profile, const char *file);
int profile_add_line(struct profile *profile, const struct line *line); /* copies */
/* The module of the first issuer line: it stands for all of them, as any of them mints the same token. */
const char *profile_issuer(const struct profile *profile);
/* Whether each mint is to be reported to the system's log. */
bool profile_audits(const struct profile *profile);
bool profile_allows(const struct profile *profile, const struct origin *origin);
struct profile *profile_free(struct profile *profile);

#endif
