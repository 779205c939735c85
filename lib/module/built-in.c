/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "lib/base/language.h"
#include "lib/module/built-in.h"

/*
 * Cache modules run in every warm process.  Ours need libc alone and are linked
 * in, as loading a file costs such a process an eighth of its whole time; in all
 * else they are modules like any other.
 */
module_entry_fn icred_cache_keyctl, icred_cache_runtime;

static const struct {
	int facility;
	const char *name;
	module_entry_fn *entry;
} built_ins[] = {
	{ICRED_CACHE, "keyctl", icred_cache_keyctl},
	{ICRED_CACHE, "runtime", icred_cache_runtime},
};

module_entry_fn *built_in(int facility, const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(built_ins); i++)
		if (built_ins[i].facility == facility && strcmp(built_ins[i].name, name) == 0)
			return built_ins[i].entry;
	return NULL;
}

void built_in_suggest(int facility, struct suggestion *suggestion)
{
	for (size_t i = 0; i < ARRAY_SIZE(built_ins); i++)
		if (built_ins[i].facility == facility)
			suggest_name(suggestion, built_ins[i].name, strlen(built_ins[i].name));
}
