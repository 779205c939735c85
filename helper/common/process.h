/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program that handles tokens does before and after its work. */
#ifndef ICRED_HELPER_COMMON_PROCESS_H
#define ICRED_HELPER_COMMON_PROCESS_H

#include <stdbool.h>
#include <stdint.h>

#include "helper/common/options.h"

/*
 * Exclude core dumps and tracers, and take standard output away: descriptor 1
 * is standard error from here on, so that no module and no child can put a
 * word between ours.
 */
void process_start(void);
/* The same, but what is done to the core limit can be undone until process_seal(). */
void process_start_runner(void);
void process_seal(void);
/*
 * End the process as timed out if the library's own deadlines have not done so
 * in time.  It counts from the start of the process; a later call knows the timeout
 * better.  Returns the moment (of clock_ms()), for what is inside: see deadline.h.
 */
int64_t process_deadline(const struct options *o, unsigned timeout_ms);
/* What it is doing meanwhile, for the message: "reading the passphrase"; NULL: nothing of its own. */
void process_doing(const char *what);
/* What comes now takes as long as it takes, until process_deadline() counts anew. */
void process_deadline_end(void);
/* For what is run in our place, or as our child: all of that as we found it. */
void process_restore(void);
/* Standard output as we found it; -1 if it was closed. */
int process_stdout_fd(void);
/* May a person at this terminal be asked? */
bool process_interactive(const struct options *o);
/* Write what output_stdout() holds if status is 0, wipe it; returns the exit status. */
int process_finish(const struct options *o, int status);

#endif
