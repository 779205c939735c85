/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The modules that are linked into the library. */
#ifndef ICRED_LIB_MODULE_BUILT_IN_H
#define ICRED_LIB_MODULE_BUILT_IN_H

#include <icred/module.h>

#include "lib/base/suggest.h"

typedef const struct icred_module *module_entry_fn(void);

/* The entry of a module that is built in; NULL: it is a file. */
module_entry_fn *built_in(int facility, const char *name);
/* Compare the facility's built-in modules with a word. */
void built_in_suggest(int facility, struct suggestion *suggestion);

#endif
