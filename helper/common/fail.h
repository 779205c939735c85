/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reporting failures: one line or one JSON document on standard error, and an exit status. */
#ifndef ICRED_HELPER_COMMON_FAIL_H
#define ICRED_HELPER_COMMON_FAIL_H

#include "helper/common/options.h"

/* Exit statuses: a contract with scripts. */
enum {
	FAIL_OTHER = 1,
	FAIL_USAGE = 2,
	FAIL_NOT_FOUND = 3,
	FAIL_KEYRING = 4,
	FAIL_REFUSED = 5,
	FAIL_ORIGIN = 6,
	FAIL_NETWORK = 7,
	FAIL_INVALID = 8
};

/* All return the exit status. */
int fail(const struct options *o, int status, const char *kind, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* What options_complain() left. */
int fail_usage(const struct options *o);
/* What the library's last call on this thread left, with the hint of its kind. */
int fail_library(const struct options *o, int code);
/* What the system refused, and why: a limit has a kind and words of its own. */
int fail_system(const struct options *o, const char *what, int error);

int fail_status(int code);
/*
 * The hint for a failure of this kind: which option may help.  Messages of the library and of its modules
 * know no options.  NULL if none would help, or this command does not have it.
 */
const char *fail_hint(const struct options *o, int code);
/*
 * Which of these options (OPTION_ bits) would change what the library does: only they are in hints.
 * At first those that every command has.
 */
void fail_would_help(unsigned options, bool would);

/* Whether this process has reported that it timed out: once is enough.  For signal handlers too. */
bool fail_has_timed_out(void);

/* A line for the user, unless --quiet or --json. */
void fail_note(const struct options *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line for a user who asked with --verbose why nothing happened. */
void fail_explain(const struct options *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* A line of that level, unless --quiet or not wanted by --verbose; with --json at a terminal only. */
void fail_level(const struct options *o, int level, const char *text);
/* The library's log, as icred_options wants it; data is the struct options. */
void fail_log(int level, const char *text, void *data);

#endif
