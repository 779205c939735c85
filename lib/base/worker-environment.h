/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The environment of the process that holds keys: the caller's, without the
 * variables that make a library there write secrets or load code.
 * The one list of these; icred-worker(8) has their reasons.
 */
#ifndef ICRED_LIB_BASE_WORKER_ENVIRONMENT_H
#define ICRED_LIB_BASE_WORKER_ENVIRONMENT_H

#include <stdbool.h>
#include <stddef.h>

/* Whether the worker must not have the variable of this name. */
bool environment_drops(const char *name, size_t len);
/* What to start the worker with: an array for the caller to free, with the environment's own strings; NULL: out of memory. */
char **worker_environment(void);
/* Remove from our own environment what environment_drops(); true if there was anything to remove. */
bool environment_clean(void);

#endif
