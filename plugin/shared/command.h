/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Run a command that prints a secret: no shell, a clean environment, nothing
 * on its standard input, its output in secret memory, its life bounded by the
 * request's deadline.
 */
#ifndef ICRED_PLUGIN_SHARED_COMMAND_H
#define ICRED_PLUGIN_SHARED_COMMAND_H

#include <icred/module.h>
#include "plugin/shared/quote.h"

#define COMMAND_WORDS_MAX 64
#define COMMAND_NAMES_MAX 64

struct command_result {
	char *output; /* secret memory, NUL-terminated; the host's secret_free */
	size_t len;
	int status;            /* as waitpid(2) has it */
	char said[QUOTE_SIZE]; /* the first line on standard error, fit for a message; or "" */
};

/*
 * 0 if `variables`, separated by blanks or commas, or NULL, are names of variables that the worker can
 * have; else the failure, as reported to the host.
 */
int command_check_variables(const struct icred_host *host, const char *variables);
/*
 * argv[0] is an absolute path; `variables`, which were checked, or NULL, are passed as well.
 * `wanted` says what it prints, in words, and `max` how many bytes at most.  It is ended
 * after `patience` milliseconds, or, if that is 0, shortly before the request's deadline.
 * Returns 0 if the command ended by itself, with any status.
 */
int command_run(const struct icred_host *host, char *const argv[], const char *variables, const char *wanted,
		size_t max, int64_t patience, struct command_result *ret_result);

#endif
