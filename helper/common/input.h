/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading what must not stay behind in memory: a private key, a passphrase. */
#ifndef ICRED_HELPER_COMMON_INPUT_H
#define ICRED_HELPER_COMMON_INPUT_H

#include <stddef.h>

#include "helper/common/options.h"

struct input {
	char *data; /* NUL-terminated, in memory that is locked and left out of dumps */
	size_t len;
};

/* All of a file, or of standard input for "-"; 0, or the exit status after telling. */
int input_read(const struct options *o, const char *name, struct input *ret_input);
/* One line, without its LF, and not a byte behind it; the descriptor is closed unless it is standard input. */
int input_line(const struct options *o, int fd, struct input *ret_input);
void input_wipe(struct input *input);

#endif
