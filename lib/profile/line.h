/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of a profile's stack, and the stack. */
#ifndef ICRED_LIB_PROFILE_LINE_H
#define ICRED_LIB_PROFILE_LINE_H

#include "lib/profile/control.h"

struct module;

/* One line of a stack. */
struct line {
	int facility;
	bool optional_module; /* "-key": a missing module is not an error */
	struct control control;
	char *module;
	char **arguments; /* NAME=VALUE or NAME, NULL-terminated */
	char *file;
	unsigned number, column; /* where the module's name stands; 0: in no file */
	/* The module's, which another thread may be loading. */
	_Atomic bool faulty;            /* missing or unusable: the stack fails, whatever the control says */
	struct module *_Atomic checked; /* once it is loaded and held to the ABI */
	struct module *_Atomic opened;  /* the same, once it can be used */
};

/* "key keyring", the way stack lines and messages name a module. */
#define LINE_NAME_MAX 80
const char *line_name(const struct line *line, char text[LINE_NAME_MAX]);

struct stack {
	struct line *lines;
	size_t count;
};

#endif
