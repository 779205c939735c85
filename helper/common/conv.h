/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The conversation with the person at the terminal, as pam_conv(3). */
#ifndef ICRED_HELPER_COMMON_CONV_H
#define ICRED_HELPER_COMMON_CONV_H

#include <stddef.h>
#include <stdint.h>

#include "helper/common/input.h"

struct conv {
	const struct options *options;
	struct input passphrase; /* for the first question for a secret; data NULL: none, or given */
	bool person;             /* who may be asked */
	int64_t deadline;        /* of clock_ms(): so long a question waits for its answer */
};

/* An icred_converse_fn; data is a struct conv.  ICRED_E_LOCKED if there is nobody to ask. */
int conv_ask(int style, const char *text, char *reply, size_t cap, void *data);
/* Put the terminal's echo back if a question had turned it off; safe in a signal handler. */
void conv_restore(void);

#endif
