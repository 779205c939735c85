/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking the user, as pam_conv(3): at the terminal, through a program, or from what was handed over before. */
#ifndef ICRED_HELPER_COMMON_ASKING_H
#define ICRED_HELPER_COMMON_ASKING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "helper/common/options.h"

/* -- input.c: what must not stay in memory after use, such as a private key or a passphrase -- */

struct input {
	char *data; /* NUL-terminated, in memory that is locked and left out of dumps */
	size_t len;
};

/* All of a file, or of standard input for "-"; 0, or the exit status after reporting the failure. */
int input_read(const struct options *o, const char *name, struct input *ret_input);
/* One line, without its LF, and not a byte after it; the descriptor is closed unless it is standard input. */
int input_line(const struct options *o, int fd, struct input *ret_input);
void input_wipe(struct input *input);

/* -- askpass.c: a program of the user's, as ssh(1) has it in SSH_ASKPASS -- */

/* ssh(1)'s SSH_ASKPASS_REQUIRE: when the program is asked instead of the terminal. */
enum askpass_when { ASKPASS_NEVER, ASKPASS_WITHOUT_TERMINAL, ASKPASS_PREFER, ASKPASS_FORCE };

/* What the environment says; NEVER if it names no program. */
enum askpass_when askpass_when(void);
/* The first line it prints, at most cap - 1 bytes, by the deadline of clock_ms(); 0 or ICRED_E_CANCELLED. */
int askpass_ask(const struct options *o, const char *text, char *reply, size_t cap, int64_t deadline);
/* End it: its answer is not wanted any more.  For signal handlers too. */
void askpass_stop(void);

/* -- conv.c: the conversation -- */

struct conv {
	const struct options *options;
	struct input passphrase; /* for the first question for a secret; data NULL: none, or given */
	bool person;             /* there is a person to ask */
	int64_t deadline;        /* of clock_ms(): how long a question waits for its answer */
};

/* Whether there is a person at this terminal, or a program that is used without one. */
bool conv_has_person(const struct options *o);
/* An icred_converse_fn; data is a struct conv.  ICRED_E_LOCKED if it cannot ask. */
int conv_ask(int style, const char *text, char *reply, size_t cap, void *data);

#endif
