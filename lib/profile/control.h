/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words of a stack line: facilities, and controls as in PAM. */
#ifndef ICRED_LIB_PROFILE_CONTROL_H
#define ICRED_LIB_PROFILE_CONTROL_H

#include <stdbool.h>
#include <stddef.h>
#include <icred/module.h>

#include "lib/base/error.h"

enum action { ACTION_IGNORE, ACTION_OK, ACTION_DONE, ACTION_BAD, ACTION_DIE, ACTION_COUNT };

#define RESULT_COUNT (1 - ERROR_LAST) /* success and every ICRED_E_ code */

/* What to do for each result; indexed by minus the code. */
struct control {
	unsigned char action[RESULT_COUNT];
};

/*
 * `required`, `requisite`, `sufficient`, `optional` or a bracket's inside, as "success=done default=die".
 * What a keyword makes of a failure depends on the facility.
 */
bool control_parse(int facility, const char *text, struct control *ret_control, char *why, size_t why_cap);

/* The other way round: the keyword that says the same, or the bracket form. */
void control_format(int facility, const struct control *control, char *text, size_t cap);

const char *action_name(enum action action);

/*
 * A result has one of four meanings, and a keyword says what each of them
 * does.  "Nothing here" leaves it to the next line; "stop" is a decision by a
 * person, the system or the server that no other line may override; "trouble"
 * goes on with a warning unless the line is needed.
 */
enum meaning { SUCCESS, NOTHING_HERE, TROUBLE, STOP };
enum meaning result_meaning(int code);

const char *facility_name(int facility);
int facility_number(const char *name); /* 0: there is no such facility */

#endif
