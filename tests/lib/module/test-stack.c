/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "lib/module/stack.h"
#include "tests/lib/core.h"

#define LINES_MAX 4

/* What each line answers, and how many of them were asked. */
struct script {
	int results[LINES_MAX];
	int calls;
	bool silent; /* the module fails without saying why */
};

static int answer(struct line *line, void *data)
{
	struct script *script = data;
	int r = script->results[line->number];

	script->calls++;
	if (r != ICRED_OK && !script->silent)
		note_error(r, "line %u", line->number);
	return r;
}

static struct control control_of(const char *text)
{
	struct control control = {{0}};
	char why[160] = "";

	if (!control_parse(ICRED_KEY, text, &control, why, sizeof(why)))
		fail_msg("%s", why);
	return control;
}

/* Run the lines; *ret_decider is the number of the line whose success counts, or -1. */
static int run(struct script *script, const char *const controls[], size_t count, int *ret_decider)
{
	char module[] = "m", file[] = "f";
	struct line lines[LINES_MAX + 1], *decider = NULL;
	struct stack stack = {lines, count + 1};
	int r;

	/* Another facility's line stands between and must not be asked. */
	lines[0] = (struct line){.facility = ICRED_CACHE, .module = module, .file = file, .number = 99};
	for (unsigned i = 0; i < count; i++)
		lines[i + 1] = (struct line){.facility = ICRED_KEY,
					     .control = control_of(controls[i]),
					     .module = module,
					     .file = file,
					     .number = i};
	script->calls = 0;
	r = stack_run(&stack, ICRED_KEY, NULL, answer, script, 0, &decider);
	*ret_decider = decider ? (int)decider->number : -1;
	return r;
}

/* What a control does with a result, as seen with a line after it that succeeds. */
static char seen(const char *control, int result)
{
	const char *const controls[] = {control, "required"};
	struct script script = {.results = {result, ICRED_OK}};
	int decider, r = run(&script, controls, 2, &decider);

	if (r == ICRED_OK)
		return script.calls == 1 ? 'D' : decider == 0 ? 'O' : 'i';
	assert_int_equal(r, result);
	return script.calls == 1 ? 'd' : 'b';
}

/*
 * By minus the code: success, not-found, locked, no-service, denied, suspended, rejected,
 * origin, timeout, network, rate-limited, protocol, invalid, unsupported, cancelled, no-memory,
 * internal.  D done, O ok, i ignore, b bad, d die.
 */
static const struct {
	const char *keyword, *actions;
} keywords[] = {
	{"required", "Obbbdddddddddbddd"},
	{"requisite", "Odddddddddddddddd"},
	{"sufficient", "Diiiddddiiiididdi"},
	{"optional", "Oiiiiiiiiiiiiiiii"},
};

static void each_keyword_does_the_documented_thing_with_each_result(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		assert_int_equal(strlen(keywords[i].actions), RESULT_COUNT);
		for (int r = 0; r < RESULT_COUNT; r++)
			if (seen(keywords[i].keyword, -r) != keywords[i].actions[r])
				fail_msg("%s %s: %c, not %c", keywords[i].keyword, icred_kind(-r),
					 seen(keywords[i].keyword, -r), keywords[i].actions[r]);
	}
}

/* Only what the profile itself says wrong stops a stack of caches where the keyword leaves it a choice. */
static void a_cache_decides_nothing_about_the_token(void **state)
{
	static const struct {
		const char *keyword;
		enum action failed, invalid;
	} cases[] = {
		{"sufficient", ACTION_IGNORE, ACTION_DIE},
		{"optional", ACTION_IGNORE, ACTION_IGNORE},
		{"requisite", ACTION_DIE, ACTION_DIE},
	};
	static const int decisions[] = {ICRED_E_DENIED, ICRED_E_SUSPENDED, ICRED_E_REJECTED,
					ICRED_E_ORIGIN, ICRED_E_CANCELLED, ICRED_E_NO_MEMORY};
	char why[160], text[80];
	struct control control;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_true(control_parse(ICRED_CACHE, cases[i].keyword, &control, why, sizeof(why)));
		for (size_t n = 0; n < ARRAY_SIZE(decisions); n++)
			assert_int_equal(control.action[-decisions[n]], cases[i].failed);
		assert_int_equal(control.action[-ICRED_E_INVALID], cases[i].invalid);
		control_format(ICRED_CACHE, &control, text, sizeof(text));
		assert_string_equal(text, cases[i].keyword);
	}
	assert_true(control_parse(ICRED_CACHE, "required", &control, why, sizeof(why)));
	assert_int_equal(control.action[-ICRED_E_DENIED], ACTION_DIE);
	assert_int_equal(control.action[-ICRED_E_NOT_FOUND], ACTION_BAD);
}

static void each_action_can_be_given_for_each_result(void **state)
{
	static const struct {
		const char *word;
		char failure, success;
	} actions[] = {{"ignore", 'i', 'i'}, {"bad", 'b', 'b'}, {"die", 'd', 'd'}, {"ok", 'i', 'O'}};
	char text[64];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(actions); i++)
		for (int r = 1; r < RESULT_COUNT; r++) {
			(void)snprintf(text, sizeof(text), "success=ok %s=%s default=die", icred_kind(-r),
				       actions[i].word);
			for (char *p = text; r % 2 && *p; p++)
				*p = *p == '-' ? '_' : *p;
			assert_int_equal(seen(text, -r), actions[i].failure);
			assert_int_equal(seen(text, ICRED_OK), 'O');
		}
	assert_int_equal(seen("success=ignore", ICRED_OK), 'i');
	assert_int_equal(seen("success=done", ICRED_OK), 'D');
}

static void what_a_bracket_does_not_name_is_bad(void **state)
{
	(void)state;
	assert_int_equal(seen("success=done not_found=ignore", ICRED_E_NOT_FOUND), 'i');
	assert_int_equal(seen("success=done not_found=ignore", ICRED_E_LOCKED), 'b');
	assert_int_equal(seen("default=ignore success=done", ICRED_E_LOCKED), 'i');
	assert_int_equal(seen("  success=done\t default=die ", ICRED_E_LOCKED), 'd');
	assert_int_equal(seen("default=die locked=ignore success=ok", ICRED_E_LOCKED), 'i');
}

static void what_is_no_control_is_refused_by_its_word(void **state)
{
	static const struct {
		const char *text, *says;
	} cases[] = {
		{"", "\"\""},
		{"maybe", "\"maybe\""},
		{"Required", "\"Required\""},
		{"required ", "\"required \""},
		{"success=done broken", "\"broken\""},
		{"success=done =die", "\"=die\""},
		{"success=1", "\"success=1\""},
		{"success=done=die", "\"success=done=die\""},
		{"success=DONE", "\"success=DONE\""},
		{"succes=done", "\"succes=done\""},
		{"success_=done", "\"success_=done\""},
		{"ok=done", "\"ok=done\""},
		{"not found=done", "\"not\""},
		{"unknown=ignore", "\"unknown=ignore\""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct control control;
		char why[160] = "";
		if (control_parse(ICRED_KEY, cases[i].text, &control, why, sizeof(why)))
			fail_msg("\"%s\" was taken", cases[i].text);
		assert_non_null(strstr(why, cases[i].says));
	}
}

#define OK     ICRED_OK
#define MISS   ICRED_E_NOT_FOUND
#define LOCKED ICRED_E_LOCKED
#define NOSERV ICRED_E_NO_SERVICE
#define DENIED ICRED_E_DENIED
#define NET    ICRED_E_NETWORK
#define UNSUP  ICRED_E_UNSUPPORTED

static const struct {
	const char *controls[LINES_MAX];
	int results[LINES_MAX];
	int verdict, decider, calls; /* decider: on failure, the line whose failure is reported */
} walks[] = {
	/* one after the other until one has it */
	{{"sufficient", "sufficient"}, {MISS, OK}, OK, 1, 2},
	{{"sufficient", "sufficient"}, {OK, OK}, OK, 0, 1},
	{{"sufficient", "sufficient", "sufficient"}, {LOCKED, NET, OK}, OK, 2, 3},
	/* none has it: the most significant reason, wherever it stands */
	{{"sufficient", "sufficient"}, {MISS, MISS}, MISS, 0, 2},
	{{"sufficient", "sufficient", "sufficient"}, {MISS, NOSERV, LOCKED}, LOCKED, 2, 3},
	{{"sufficient", "sufficient", "sufficient"}, {LOCKED, NOSERV, MISS}, LOCKED, 0, 3},
	{{"sufficient", "sufficient", "sufficient"}, {MISS, NOSERV, UNSUP}, NOSERV, 1, 3},
	{{"sufficient", "sufficient"}, {UNSUP, MISS}, MISS, 1, 2},
	{{"sufficient", "sufficient", "sufficient"}, {LOCKED, NET, MISS}, NET, 1, 3},
	{{"optional", "optional", "optional"}, {NET, DENIED, LOCKED}, DENIED, 1, 3},
	/* a decision is not papered over */
	{{"sufficient", "sufficient"}, {DENIED, OK}, DENIED, 0, 1},
	{{"sufficient", "sufficient"}, {MISS, DENIED}, DENIED, 1, 2},
	{{"optional", "sufficient"}, {DENIED, OK}, OK, 1, 2},
	/* required goes on, and fails in the end with its own failure */
	{{"required", "required"}, {OK, OK}, OK, 0, 2},
	{{"required", "required"}, {OK, MISS}, MISS, 1, 2},
	{{"required", "required"}, {MISS, OK}, MISS, 0, 2},
	{{"required", "required"}, {MISS, LOCKED}, MISS, 0, 2},
	{{"required", "sufficient", "required"}, {MISS, OK, OK}, MISS, 0, 3},
	{{"required", "sufficient"}, {OK, MISS}, OK, 0, 2},
	{{"required", "sufficient", "required"}, {OK, OK, MISS}, OK, 0, 2},
	{{"sufficient", "required"}, {LOCKED, MISS}, MISS, 1, 2},
	{{"requisite", "required"}, {MISS, OK}, MISS, 0, 1},
	{{"required", "requisite", "required"}, {MISS, LOCKED, OK}, MISS, 0, 2},
	/* a success that is mapped to a failure */
	{{"success=bad"}, {OK}, MISS, 0, 1},
	{{"success=bad", "required"}, {OK, OK}, MISS, 0, 2},
	{{"success=bad", "required"}, {OK, LOCKED}, MISS, 0, 2},
	{{"success=die", "required"}, {OK, OK}, MISS, 0, 1},
	{{"required", "success=bad"}, {LOCKED, OK}, LOCKED, 0, 2},
	{{"optional", "success=bad"}, {LOCKED, OK}, MISS, 1, 2},
	/* nothing decided */
	{{"success=ignore default=ignore"}, {OK}, MISS, -1, 1},
	{{"not_found=done default=bad"}, {MISS}, MISS, 0, 1},
	{{"not_found=ok default=bad", "required"}, {MISS, OK}, OK, 1, 2},
	{{NULL}, {OK}, MISS, -1, 0},
};

static void a_walk_ends_with_the_verdict_of_the_whole(void **state)
{
	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(walks); i++) {
		struct script script = {.silent = false};
		char said[16];
		size_t count = 0;
		int decider, r;
		while (count < LINES_MAX && walks[i].controls[count])
			count++;
		memcpy(script.results, walks[i].results, sizeof(script.results));
		r = run(&script, walks[i].controls, count, &decider);
		if (r != walks[i].verdict || script.calls != walks[i].calls)
			fail_msg("walk %zu: %s after %d calls", i, icred_kind(r), script.calls);
		if (r == OK) {
			assert_int_equal(decider, walks[i].decider);
			continue;
		}
		(void)snprintf(said, sizeof(said), "line %d", walks[i].decider);
		if (walks[i].decider >= 0 && walks[i].results[walks[i].decider] == OK)
			(void)snprintf(said, sizeof(said), "key m succeeded");
		assert_failure(r, walks[i].decider < 0 ? "no key line" : said);
		assert_int_equal(decider, -1);
		if (walks[i].decider >= 0) {
			assert_string_equal(icred_error()->module, "key m");
			assert_string_equal(icred_error()->file, "f");
			assert_int_equal(icred_error()->line, walks[i].decider);
		}
	}
}

static void a_failure_without_a_word_keeps_its_code(void **state)
{
	static const char *const sufficient[] = {"sufficient", "sufficient"}, *const required[] = {
										      "required"};
	struct script script = {.results = {LOCKED, MISS}, .silent = true};
	int decider;

	(void)state;
	assert_int_equal(run(&script, sufficient, 2, &decider), LOCKED);
	assert_failure(LOCKED, icred_strerror(LOCKED));
	assert_int_equal(icred_error()->line, 0);
	assert_string_equal(icred_error()->module, "key m");
	script.results[0] = DENIED;
	assert_int_equal(run(&script, required, 1, &decider), DENIED);
	assert_failure(DENIED, icred_strerror(DENIED));
}

static int contradict(struct line *line, void *data)
{
	(void)line;
	(void)data;
	note_error(MISS, "not here");
	return LOCKED;
}

static void what_is_returned_counts_not_what_was_said(void **state)
{
	struct line line = {.facility = ICRED_KEY, .control = control_of("sufficient")};
	struct stack stack = {&line, 1};
	char module[] = "m", file[] = "f";

	(void)state;
	line.module = module;
	line.file = file;
	assert_int_equal(stack_run(&stack, ICRED_KEY, NULL, contradict, NULL, 0, NULL), LOCKED);
	assert_int_equal(icred_error()->code, LOCKED);
}

static void a_skipped_line_is_as_if_it_were_not_there(void **state)
{
	static const char *const controls[] = {"requisite", "required"};
	struct script script = {.results = {STACK_SKIP, OK}};
	int decider;

	(void)state;
	assert_int_equal(run(&script, controls, 2, &decider), OK);
	assert_int_equal(decider, 1);
	script.results[1] = DENIED;
	assert_int_equal(run(&script, controls, 2, &decider), DENIED);
	assert_int_equal(run(&script, controls, 1, &decider), MISS);
	assert_failure(MISS, "no key line");
}

static void what_an_undecided_stack_means_is_the_callers_to_say(void **state)
{
	char module[] = "m", file[] = "f";
	struct line line = {.facility = ICRED_KEY, .module = module, .file = file};
	struct stack stack = {&line, 1};
	struct script script = {.results = {DENIED}};

	(void)state;
	line.control = control_of("optional");
	assert_int_equal(stack_run(&stack, ICRED_KEY, NULL, answer, &script, UNSUP, NULL), UNSUP);
	assert_failure(UNSUP, "no key line");
	assert_int_equal(stack_run(&stack, ICRED_KEY, NULL, answer, &script, 0, NULL), DENIED);
	line.control = control_of("required"); /* decided, and so not the caller's */
	assert_int_equal(stack_run(&stack, ICRED_KEY, NULL, answer, &script, UNSUP, NULL), DENIED);
}

static void a_result_that_is_no_code_is_an_internal_failure(void **state)
{
	static const int results[] = {1, 2, ERROR_LAST - 1, INT32_MIN, INT32_MAX};
	static const char *const controls[] = {"required", "required"}, *const ignored[] = {"sufficient",
											    "required"};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
		struct script script = {.results = {results[i], OK}};
		int decider;
		assert_int_equal(run(&script, controls, 2, &decider), ICRED_E_INTERNAL);
		assert_int_equal(icred_error()->code, ICRED_E_INTERNAL);
		assert_int_equal(script.calls, 1);
		assert_int_equal(run(&script, ignored, 2, &decider), OK);
		assert_int_equal(decider, 1);
	}
}

static void facilities_have_their_names(void **state)
{
	(void)state;
	for (int i = ICRED_KEY; i <= ICRED_ISSUER; i++)
		assert_int_equal(facility_number(facility_name(i)), i);
	assert_int_equal(facility_number("keys"), 0);
	assert_int_equal(facility_number(""), 0);
	assert_int_equal(facility_number(NULL), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_keyword_does_the_documented_thing_with_each_result),
		cmocka_unit_test(a_cache_decides_nothing_about_the_token),
		cmocka_unit_test(each_action_can_be_given_for_each_result),
		cmocka_unit_test(what_a_bracket_does_not_name_is_bad),
		cmocka_unit_test(what_is_no_control_is_refused_by_its_word),
		cmocka_unit_test(a_walk_ends_with_the_verdict_of_the_whole),
		cmocka_unit_test(a_failure_without_a_word_keeps_its_code),
		cmocka_unit_test(what_is_returned_counts_not_what_was_said),
		cmocka_unit_test(a_skipped_line_is_as_if_it_were_not_there),
		cmocka_unit_test(what_an_undecided_stack_means_is_the_callers_to_say),
		cmocka_unit_test(a_result_that_is_no_code_is_an_internal_failure),
		cmocka_unit_test(facilities_have_their_names),
	};

	return cmocka_run_group_tests_name("stack", tests, NULL, NULL);
}
