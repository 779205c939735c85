/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The settings a profile may have: their names, what they may hold, their values. */
#ifndef ICRED_LIB_PROFILE_SETTING_H
#define ICRED_LIB_PROFILE_SETTING_H

#include "lib/base/error.h"
#include "lib/base/language.h"
#include "lib/base/suggest.h"

struct settings {
	struct setting_value {
		unsigned char which;
		char *value;
		struct position position;
	} * values;
	size_t count;
};

bool setting_known(const char *name);
/* Compare the names of all settings with a word that is not one of them. */
void settings_suggest(struct suggestion *suggestion);
/* What is wrong with a value for a known setting, as "must be ..."; NULL if nothing is. */
const char *setting_wrong(const char *name, const char *value);
/*
 * Check and add a value.  A setting that is not repeatable replaces what an
 * earlier line said; installation, organization and as-app replace each other.
 * On failure, why says what the value should be.
 */
int settings_add(struct settings *settings, const char *name, const char *value, char *why, size_t why_cap);
/* Where the one that was added last stands. */
void settings_set_position(struct settings *settings, struct position position);
struct position settings_position(const struct settings *settings, const char *name, size_t nth);
/* Value number nth, in the order of the file; the default for nth 0 where nothing is set; else NULL. */
const char *settings_get(const struct settings *settings, const char *name, size_t nth);
bool settings_yes(const struct settings *settings, const char *name);
unsigned settings_seconds(const struct settings *settings, const char *name);
/* Walk all that is set: name and value of number i; NULL past the last. */
const char *settings_at(const struct settings *settings, size_t i, const char **ret_value);
struct position settings_position_at(const struct settings *settings, size_t i);
void settings_clear(struct settings *settings);

#endif
