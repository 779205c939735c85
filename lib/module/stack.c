/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/error.h"
#include "lib/module/stack.h"

/* Which of two ignored failures says more about what is wrong. */
static int rank(int code)
{
	switch (result_meaning(code)) {
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

void line_tell_silent(const struct line *line, int code)
{
	if (icred_error()->code != code)
		note_error(code, "%s %s: %s", facility_name(line->facility), line->module,
			   icred_strerror(code));
}

static void note_failure(struct verdict *verdict, struct line *line, int code, bool counts)
{
	struct failure failure;

	if (verdict->impression == BAD)
		return; /* the first one that counts is the one told */
	line_tell_silent(line, code);
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

/* A success that the control makes a failure. */
static void note_unwanted(struct verdict *verdict, struct line *line, enum action action)
{
	note_error(ICRED_E_NOT_FOUND, "%s %s succeeded, and success=%s of its control fails the stack",
		   facility_name(line->facility), line->module, action_name(action));
	note_failure(verdict, line, ICRED_E_NOT_FOUND, true);
}

void line_explain(const struct log *log, const struct line *line, int result, const char *meaning)
{
	const char *kind = result == STACK_SKIP ? "no such module" : result ? icred_kind(result) : "success";
	const struct icred_error *error;
	char place[300] = "built in";
	bool has_reason;

	if (!log_wanted(log))
		return;
	if (line->number)
		snprintf(place, sizeof(place), "%s:%u", line->file, line->number);
	error = icred_error();
	has_reason = result < 0 && error->code == result && !strstr(error->message, icred_strerror(result));
	log_line(log, ICRED_LOG_INFO, "%s %s (%s): %s, %s%s%s", facility_name(line->facility), line->module,
		 place, kind, meaning, has_reason ? ": " : "", has_reason ? error->message : "");
}

/* A number that is not an ICRED_E_ code is a defect of the module. */
static int result_code(int result)
{
	return result > 0 || result < ERROR_LAST ? ICRED_E_INTERNAL : result;
}

/* Another thread may be loading its module at this moment. */
static bool is_faulty(const struct line *line)
{
	return __atomic_load_n(&line->faulty, __ATOMIC_RELAXED);
}

bool line_fails_stack(const struct line *line, int result)
{
	unsigned char action = line->control.action[-result_code(result)];

	return is_faulty(line) || action == ACTION_BAD || action == ACTION_DIE;
}

/* What an action does, in words; a success that has been failed by a line before decides nothing. */
static const char *meaning(const struct verdict *verdict, const struct line *line, int result,
			   enum action action)
{
	static const char *const failed[] = {
		[ACTION_IGNORE] = "ignored",
		[ACTION_OK] = "ignored",
		[ACTION_DONE] = "ignored, and no other line is asked",
		[ACTION_BAD] = "which fails the stack when all lines were asked",
		[ACTION_DIE] = "which fails the stack",
	};

	if (is_faulty(line))
		return "which fails the stack whatever the control says";
	if (result != ICRED_OK && action == ACTION_DONE && verdict->impression == BAD)
		return "ignored"; /* the walk goes on, as a line before has failed the stack */
	if (result != ICRED_OK || action == ACTION_BAD || action == ACTION_DIE)
		return failed[action];
	if (action == ACTION_IGNORE)
		return "ignored";
	if (verdict->impression == BAD)
		return "which decides nothing, as a line has failed the stack before";
	if (verdict->decider != line)
		return "decided before";
	return action == ACTION_DONE ? "which decides" : "which decides unless another line fails the stack";
}

/* What the line's control says; a faulty module is never made up for. */
static enum action action_of(const struct line *line, int result)
{
	return is_faulty(line) ? ACTION_DIE : line->control.action[-result_code(result)];
}

/* Returns true when the walk is over. */
static bool weigh(struct verdict *verdict, struct line *line, int result, const struct log *log)
{
	enum action action = action_of(line, result);

	if (result != ICRED_OK)
		note_failure(verdict, line, result_code(result),
			     action == ACTION_BAD || action == ACTION_DIE);
	else if (action == ACTION_BAD || action == ACTION_DIE)
		note_unwanted(verdict, line, action);
	if (action == ACTION_OK || action == ACTION_DONE) {
		if (verdict->impression == UNDECIDED && result == ICRED_OK) {
			verdict->impression = GOOD;
			verdict->decider = line;
		}
	}
	line_explain(log, line, result, meaning(verdict, line, result, action));
	return action == ACTION_DIE || (action == ACTION_DONE && verdict->impression != BAD);
}

static int conclude(const struct verdict *verdict, int facility, int undecided)
{
	if (verdict->impression == UNDECIDED && undecided)
		return set_error(undecided, "no %s line of the profile decided anything",
				 facility_name(facility));
	if (verdict->any && verdict->failure.code)
		return failure_restore(&verdict->failure);
	return set_error(ICRED_E_NOT_FOUND, "no %s line of the profile decided anything",
			 facility_name(facility));
}

int stack_run(const struct stack *stack, int facility, const struct log *log,
	      int (*call)(struct line *line, void *data), void *data, int undecided,
	      struct line **ret_decider)
{
	struct verdict verdict = {.impression = UNDECIDED};
	int result;

	for (size_t i = 0; i < stack->count; i++) {
		struct line *line = &stack->lines[i];
		if (line->facility != facility)
			continue;
		note_error(ICRED_OK, "%s", "");
		result = call(line, data);
		if (result == STACK_SKIP)
			line_explain(log, line, result, "passed over, as its dash says");
		else if (weigh(&verdict, line, result, log))
			break;
	}
	if (verdict.impression != GOOD)
		return conclude(&verdict, facility, undecided);
	if (ret_decider)
		*ret_decider = verdict.decider;
	return ICRED_OK;
}
