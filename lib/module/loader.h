/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading a module and holding it to the ABI of icred/module.h. */
#ifndef ICRED_LIB_MODULE_LOADER_H
#define ICRED_LIB_MODULE_LOADER_H

#include "lib/base/lock.h"
#include "lib/module/host.h"
#include "lib/module/stack.h"

/* What keeps calls into a SERIAL module apart. */
struct serial {
	struct serial *next;
	const struct icred_module *table;
	struct lock lock;
};

struct module {
	struct icred_module table; /* our copies: what the module's are too short for is zero */
	union {
		struct icred_key_ops key;
		struct icred_cache_ops cache;
		struct icred_issuer_ops issuer;
	} ops;
	void *self;
	struct serial *serial; /* NULL for a PARALLEL module */
};

/* Whether the line begins with "-" and its module does not exist. */
bool module_is_skipped(const struct line *line);
/*
 * Load the module of a line, if that has not been done, and hold it to the ABI.
 * STACK_SKIP if the line is skipped.
 */
int module_check(struct line *line);
/* The same, and open it at its first use.  A failure to open is this thread's, and has a message and the line. */
int module_get(struct line *line, const struct host *host, struct module **ret_module);
/* Around each call into it. */
void module_enter(struct module *module);
void module_leave(struct module *module);
/* Close every line's module.  They stay mapped, as GLib and others cannot be unloaded. */
void modules_close(struct stack *stack, const struct host *host);

#endif
