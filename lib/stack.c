/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "error.h"
#include "stack.h"

static const char *const facilities[] = {
	[ICRED_KEY] = "key", [ICRED_CACHE] = "cache", [ICRED_ISSUER] = "issuer"};
static const char *const actions[] = {"ignore", "ok", "done", "bad", "die"};

const char *facility_name(int facility)
{
	return facilities[facility];
}

int facility_number(const char *name)
{
	for (int i = 1; i < (int)ARRAY_SIZE(facilities); i++)
		if (same_string(facilities[i], name))
			return i;
	return 0;
}

/*
 * A failure falls in one of four classes, and a keyword says what each class
 * does.  "Nothing here" leaves it to the next line; "stop" is a decision by a
 * person, the system or the server that no other line may paper over; "trouble"
 * goes on with a warning unless the line is needed.
 */
enum class { SUCCESS, NOTHING_HERE, TROUBLE, STOP };

static enum class class_of(int code) {
	switch (code){
		case ICRED_OK : return SUCCESS; case ICRED_E_NOT_FOUND : case ICRED_E_UNSUPPORTED : case
		ICRED_E_NO_SERVICE : case ICRED_E_LOCKED : return NOTHING_HERE;
		case ICRED_E_TIMEOUT : case ICRED_E_NETWORK : case ICRED_E_RATE_LIMITED : case
		ICRED_E_PROTOCOL : case ICRED_E_INTERNAL : return TROUBLE;
		default : return STOP;
	}
}

static const struct {
	const char *word;
	unsigned char action[4]; /* by class */
} keywords[] = {
	{"required",
	 {[SUCCESS] = ACTION_OK, [NOTHING_HERE] = ACTION_BAD, [TROUBLE] = ACTION_DIE, [STOP] = ACTION_DIE}},
	{"requisite",
	 {[SUCCESS] = ACTION_OK, [NOTHING_HERE] = ACTION_DIE, [TROUBLE] = ACTION_DIE, [STOP] = ACTION_DIE}},
	{"sufficient",
	 {[SUCCESS] = ACTION_DONE,
	  [NOTHING_HERE] = ACTION_IGNORE,
	  [TROUBLE] = ACTION_IGNORE,
	  [STOP] = ACTION_DIE}},
	{"optional",
	 {[SUCCESS] = ACTION_OK,
	  [NOTHING_HERE] = ACTION_IGNORE,
	  [TROUBLE] = ACTION_IGNORE,
	  [STOP] = ACTION_IGNORE}},
};

static bool control_keyword(const char *word, struct control *control)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (strcmp(keywords[i].word, word) != 0)
			continue;
		for (int r = 0; r < RESULT_COUNT; r++)
			control->action[r] = keywords[i].action[class_of(-r)];
		return true;
	}
	return false;
}

/* "not_found" or "not-found" is minus the number of the result; -1 if there is none of that name. */
static int result_index(const char *name, size_t len)
{
	for (int r = 0; r < RESULT_COUNT; r++) {
		const char *kind = r ? icred_kind(-r) : "success";
		size_t i;
		for (i = 0; i < len && kind[i] && (kind[i] == name[i] || (kind[i] == '-' && name[i] == '_'));
		     i++)
			;
		if (i == len && !kind[i])
			return r;
	}
	return -1;
}

static int action_number(const char *name, size_t len)
{
	for (int i = 0; i < ACTION_COUNT; i++)
		if (strlen(actions[i]) == len && memcmp(actions[i], name, len) == 0)
			return i;
	return -1;
}

/* One "result=action".  What is not listed and has no default is `bad`, as in PAM. */
static bool control_pair(const char *at, size_t len, struct control *control, bool given[RESULT_COUNT],
			 int *fallback)
{
	const char *equals = memchr(at, '=', len);
	size_t name_len = equals ? (size_t)(equals - at) : 0;
	int action = equals ? action_number(equals + 1, len - name_len - 1) : -1;
	int result = result_index(at, name_len);

	if (!name_len || action < 0)
		return false;
	if (name_len == 7 && memcmp(at, "default", 7) == 0) {
		*fallback = action;
		return true;
	}
	if (result < 0)
		return false;
	control->action[result] = (unsigned char)action;
	given[result] = true;
	return true;
}

bool control_parse(const char *text, struct control *ret_control, char *why, size_t why_cap)
{
	struct control control = {{0}};
	bool given[RESULT_COUNT] = {false};
	int fallback = ACTION_BAD;

	if (control_keyword(text, ret_control))
		return true;
	if (!strchr(text, '=')) {
		snprintf(
			why, why_cap,
			"\"%.60s\" is no control: use required, requisite, sufficient, optional or [result=action ...]",
			text);
		return false;
	}
	for (const char *at = text + strspn(text, " \t"); *at; at += strspn(at, " \t")) {
		size_t len = strcspn(at, " \t");
		if (!control_pair(at, len, &control, given, &fallback)) {
			snprintf(why, why_cap, "\"%.*s\" is no result=action: see icred-profile(5)",
				 (int)MIN(len, 60), at);
			return false;
		}
		at += len;
	}
	for (int r = 0; r < RESULT_COUNT; r++)
		if (!given[r])
			control.action[r] = (unsigned char)fallback;
	*ret_control = control;
	return true;
}

/* Which of two ignored failures says more about what is wrong. */
static int rank(int code)
{
	switch (class_of(code)) {
	case STOP:
		return 5;
	case TROUBLE:
		return 4;
	default:
		return code == ICRED_E_LOCKED       ? 3
		       : code == ICRED_E_NO_SERVICE ? 2
		       : code == ICRED_E_NOT_FOUND  ? 1
						    : 0;
	}
}

/* How the walk stands: nothing decided, a success so far, or a failure that counts. */
struct verdict {
	enum { UNDECIDED, GOOD, BAD } impression;
	struct line *decider;
	struct failure failure; /* the one that counts; before that, the most telling ignored one */
	bool any;
};

static void note_failure(struct verdict *verdict, struct line *line, int code, bool counts)
{
	struct failure failure;

	if (verdict->impression == BAD)
		return;                  /* the first one that counts is the one told */
	if (icred_error()->code != code) /* it failed without a word, or said something else before */
		note_error(code, "%s", icred_strerror(code));
	failure_save(&failure);
	if (!failure.module[0]) {
		char module[80];
		snprintf(module, sizeof(module), "%s %s", facility_name(line->facility), line->module);
		set_error_where(module, line->file, line->number);
		failure_save(&failure);
	}
	if (counts)
		verdict->impression = BAD;
	if (counts || !verdict->any || rank(failure.code) > rank(verdict->failure.code))
		verdict->failure = failure;
	verdict->any = true;
}

/* Returns true when the walk is over. */
static bool weigh(struct verdict *verdict, struct line *line, int result)
{
	int index = result > 0 || result < ICRED_E_LAST ? -ICRED_E_INTERNAL : -result;
	enum action action = line->control.action[index];

	if (result != ICRED_OK)
		note_failure(verdict, line, -index, action == ACTION_BAD || action == ACTION_DIE);
	else if (action == ACTION_BAD || action == ACTION_DIE)
		verdict->impression = BAD;
	if (action == ACTION_OK || action == ACTION_DONE) {
		if (verdict->impression == UNDECIDED && result == ICRED_OK) {
			verdict->impression = GOOD;
			verdict->decider = line;
		}
	}
	return action == ACTION_DIE || (action == ACTION_DONE && verdict->impression != BAD);
}

int stack_run(const struct stack *stack, int facility, int (*call)(struct line *line, void *data), void *data,
	      int undecided, struct line **ret_decider)
{
	struct verdict verdict = {.impression = UNDECIDED};
	int result;

	for (size_t i = 0; i < stack->count; i++) {
		struct line *line = &stack->lines[i];
		if (line->facility != facility)
			continue;
		note_error(ICRED_OK, "%s", "");
		result = call(line, data);
		if (result != STACK_SKIP && weigh(&verdict, line, result))
			break;
	}
	if (verdict.impression == GOOD) {
		if (ret_decider)
			*ret_decider = verdict.decider;
		return ICRED_OK;
	}
	if (verdict.impression == UNDECIDED && undecided)
		return set_error(undecided, "no %s line of the profile decided anything",
				 facility_name(facility));
	if (verdict.any && verdict.failure.code)
		return failure_restore(&verdict.failure);
	return set_error(ICRED_E_NOT_FOUND, "no %s line of the profile decided anything",
			 facility_name(facility));
}
