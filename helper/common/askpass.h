/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking through a program of the user's, as ssh(1) does with SSH_ASKPASS. */
#ifndef ICRED_HELPER_COMMON_ASKPASS_H
#define ICRED_HELPER_COMMON_ASKPASS_H

#include <stddef.h>
#include <stdint.h>

/* ssh(1)'s SSH_ASKPASS_REQUIRE: when the program is asked instead of the terminal. */
enum askpass_when { ASKPASS_NEVER, ASKPASS_WITHOUT_TERMINAL, ASKPASS_PREFER, ASKPASS_FORCE };

/* What the environment says; NEVER where no program is named. */
enum askpass_when askpass_when(void);
/* The first line it prints, at most cap - 1 bytes, by the deadline of clock_ms(); 0 or ICRED_E_CANCELLED. */
struct options;
int askpass_ask(const struct options *o, const char *text, char *reply, size_t cap, int64_t deadline);
/* For signal handlers: nobody waits for it any more. */
void askpass_stop(void);

#endif
