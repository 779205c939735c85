/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program that handles tokens does before and after its work, and instead of its end: run another one. */
#ifndef ICRED_HELPER_COMMON_PROCESS_H
#define ICRED_HELPER_COMMON_PROCESS_H

#include <stdint.h>

#include "helper/common/options.h"

/* Exclude core dumps and tracers, and take standard output away.  Until process_seal(), the core limit can be undone. */
void process_start(void);
void process_seal(void);
/*
 * End the process as timed out if the library's own deadlines have not done so
 * in time.  It counts from the start of the process; a later call knows the timeout
 * better.  Returns the moment (of clock_ms()), for what is inside: see deadline.h.
 */
int64_t process_deadline(const struct options *o, unsigned timeout_ms);
/* What it is doing meanwhile, for the message: "reading the passphrase"; NULL: nothing of its own. */
void process_doing(const char *what);
/* To be called in the signal handler that ends the process as timed out; NULL: nothing. */
void process_on_expiry(void (*clean_up)(void));
/* What comes now takes as long as it takes, until process_deadline() counts anew. */
void process_deadline_end(void);
/* For what is run in our place, or as our child: all of that as we found it. */
void process_restore(void);
/* Write what output_stdout() holds if status is 0, wipe it; returns the exit status. */
int process_finish(const struct options *o, int status);

#define LAUNCH_PATH_MAX 4096

/* The program's absolute name by $PATH, of which only absolute folders count; -1 if it is in none. */
int launch_find(const char *program, char path[LAUNCH_PATH_MAX]);
/* Let the descriptor live on in the program. */
void launch_keep(int fd);
/* Reports why it could not be run; the exit status. */
int launch_fail(const struct options *o, const char *program, int error);

#endif
