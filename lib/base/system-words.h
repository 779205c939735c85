/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The system's numbers in words.  An errno that says that a limit was reached is
 * reported as that limit, with what raises it, whatever was being done; only other
 * errors are about the file or program at hand.  Needs libc alone, for modules.
 */
#ifndef ICRED_LIB_BASE_SYSTEM_WORDS_H
#define ICRED_LIB_BASE_SYSTEM_WORDS_H

/* Of fork(2), clone(2) and pthread_create(3), whose EAGAIN is a limit: for the functions below. */
int start_errno(int error);
/* ICRED_E_NO_MEMORY for a limit that was reached, else `otherwise`. */
int errno_code(int error, int otherwise);
/* The reason: with a limit's remedy, or as strerror(3) has it. */
const char *errno_words(int error);
/* `advice` for an error that it can help with; "" for a limit, whose words have their own. */
const char *errno_advice(int error, const char *advice);
/* "SIGSEGV"; "a signal" for one that has no name here.  For signal handlers too. */
const char *signal_name(int number);

#endif
