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
struct outcome {
	enum { UNDECIDED, GOOD, BAD } impression;
	struct line *decider;
	struct failure failure; /* the one that counts; before that, the most significant ignored one */
	bool any;
};

/* A number that is not an ICRED_E_ code is a defect of the module. */
static int result_code(int result)
{
	return result > 0 || result < ERROR_LAST ? ICRED_E_INTERNAL : result;
}

int line_failure(const struct line *line, int result)
{
	int code = result_code(result);
	char name[LINE_NAME_MAX];

	if (icred_error()->code != code)
		note_error(code, "%s: %s", line_name(line, name), icred_strerror(code));
	if (!icred_error()->module[0])
		set_error_where(line_name(line, name), line->file, line->number);
	return code;
}

static void note_failure(struct outcome *outcome, struct line *line, int result, bool counts)
{
	struct failure failure;

	if (outcome->impression == BAD)
		return; /* the first failure that counts is the one reported */
	(void)line_failure(line, result);
	failure_save(&failure);
	if (counts)
		outcome->impression = BAD;
	if (counts || !outcome->any || rank(failure.code) > rank(outcome->failure.code))
		outcome->failure = failure;
	outcome->any = true;
}

void line_explain(const struct log *log, const struct line *line, int result, const char *meaning)
{
	const char *kind = result == STACK_SKIP ? "no such module" : result ? icred_kind(result) : "success";
	const struct icred_error *error;
	char name[LINE_NAME_MAX], silent[200], place[300] = "built in";
	bool has_reason;

	if (!log_wanted(log))
		return;
	if (line->number)
		snprintf(place, sizeof(place), "%s:%u", line->file, line->number);
	error = icred_error();
	/* If the module said nothing, the message is only the kind in words. */
	snprintf(silent, sizeof(silent), "%s: %s", line_name(line, name), icred_strerror(result));
	has_reason = result < 0 && error->code == result && strcmp(error->message, silent) != 0;
	log_line(log, ICRED_LOG_INFO, "%s (%s): %s, %s%s%s", name, place, kind, meaning,
		 has_reason ? ": " : "", has_reason ? error->message : "");
}

bool line_fails_stack(const struct line *line, int result)
{
	unsigned char action = line->control.action[-result_code(result)];

	return line->faulty || action == ACTION_BAD || action == ACTION_DIE;
}

/* What an action does, in words; a success decides nothing after a line that has failed the stack. */
static const char *meaning(const struct outcome *outcome, const struct line *line, int result,
			   enum action action)
{
	static const char *const failed[] = {
		[ACTION_IGNORE] = "ignored",
		[ACTION_OK] = "ignored",
		[ACTION_DONE] = "ignored, and the stack ends with it",
		[ACTION_BAD] = "which fails the stack when all lines have run",
		[ACTION_DIE] = "which fails the stack",
	};

	if (line->faulty)
		return "which fails the stack whatever the control says";
	if (result != ICRED_OK && action == ACTION_DONE && outcome->impression == BAD)
		return "ignored"; /* the walk goes on, as an earlier line has failed the stack */
	if (result != ICRED_OK || action == ACTION_BAD || action == ACTION_DIE)
		return failed[action];
	if (action == ACTION_IGNORE)
		return "ignored";
	if (outcome->impression == BAD)
		return "which decides nothing, as an earlier line has failed the stack";
	if (outcome->decider != line)
		return "an earlier line has decided";
	return action == ACTION_DONE ? "which decides" : "which decides unless another line fails the stack";
}

int stack_run(const struct stack *stack, int facility, const struct log *log,
	      int (*call)(struct line *line, void *data), void *data, int undecided,
	      struct line **ret_decider)
{
	struct outcome outcome = {.impression = UNDECIDED};
	enum action action = ACTION_IGNORE;
	char name[LINE_NAME_MAX];

	for (size_t i = 0; i < stack->count && action != ACTION_DIE; i++) {
		struct line *line = &stack->lines[i];
		bool fails;
		int result;
		if (line->facility != facility)
			continue;
		clear_error();
		result = call(line, data);
		if (result == STACK_SKIP) {
			line_explain(log, line, result, "skipped, because of its dash");
			continue;
		}
		/* A faulty module cannot be made up for. */
		action = line->faulty ? ACTION_DIE : line->control.action[-result_code(result)];
		fails = action == ACTION_BAD || action == ACTION_DIE;
		if (result != ICRED_OK) {
			note_failure(&outcome, line, result, fails);
		} else if (fails) { /* a success that the control makes a failure */
			note_error(ICRED_E_NOT_FOUND,
				   "%s succeeded, and success=%s of its control fails the stack",
				   line_name(line, name), action_name(action));
			note_failure(&outcome, line, ICRED_E_NOT_FOUND, true);
		} else if (action != ACTION_IGNORE && outcome.impression == UNDECIDED) {
			outcome.impression = GOOD;
			outcome.decider = line;
		}
		line_explain(log, line, result, meaning(&outcome, line, result, action));
		if (action == ACTION_DONE && outcome.impression != BAD)
			break;
	}
	if (outcome.impression == GOOD) {
		if (ret_decider)
			*ret_decider = outcome.decider;
		return ICRED_OK;
	}
	if (outcome.any && (outcome.impression == BAD || !undecided))
		return failure_restore(&outcome.failure);
	return set_error(undecided ? undecided : ICRED_E_NOT_FOUND,
			 "no %s line of the profile decided anything", facility_name(facility));
}
