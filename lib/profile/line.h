/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of a profile's stack, and the stack. */
#ifndef ICRED_LIB_PROFILE_LINE_H
#define ICRED_LIB_PROFILE_LINE_H

#include "lib/profile/control.h"

/* Where a word of a stack line stands. */
struct spot {
	unsigned line, column;
};

/* One line of a stack. */
struct line {
	int facility;
	bool optional_module; /* "-key": a missing module is no error */
	struct control control;
	char *module;
	char **arguments;   /* NAME=VALUE or NAME, NULL-terminated */
	struct spot *spots; /* of each of them; 0 where it stands in no file */
	char *file;
	unsigned number, column; /* where the module's name stands */
	bool faulty;             /* there is no such module, or it is none: no control makes up for that */
	void *checked;           /* struct module, once it is loaded and held to the ABI */
	void *opened;            /* the same, once it can be used */
};

struct stack {
	struct line *lines;
	size_t count;
};

#endif
