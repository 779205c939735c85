/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/language.h"
#include "lib/base/suggest.h"
#include "lib/base/text.h"
#include "lib/profile/control.h"

static const char *const facilities[] = {
	[ICRED_KEY] = "key", [ICRED_CACHE] = "cache", [ICRED_ISSUER] = "issuer"};
static const char *const actions[ACTION_COUNT] = {"ignore", "ok", "done", "bad", "die"};

const char *action_name(enum action action)
{
	return actions[action];
}

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

enum meaning result_meaning(int code)
{
	switch (code) {
	case ICRED_OK:
		return SUCCESS;
	case ICRED_E_NOT_FOUND:
	case ICRED_E_UNSUPPORTED:
	case ICRED_E_NO_SERVICE:
	case ICRED_E_LOCKED:
		return NOTHING_HERE;
	case ICRED_E_TIMEOUT:
	case ICRED_E_NETWORK:
	case ICRED_E_RATE_LIMITED:
	case ICRED_E_PROTOCOL:
	case ICRED_E_INTERNAL:
		return TROUBLE;
	default:
		return STOP;
	}
}

static const struct {
	const char *word;
	unsigned char action[4]; /* by meaning */
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

static bool control_keyword(int facility, const char *word, struct control *control)
{
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (strcmp(keywords[i].word, word) != 0)
			continue;
		for (int r = 0; r < RESULT_COUNT; r++) {
			enum meaning meaning = result_meaning(-r);
			/*
			 * A cache only saves a mint, so its failure decides nothing about the token: a cache
			 * that cannot be used is not used.  A mistake in the profile still is a failure.
			 */
			if (facility == ICRED_CACHE && meaning == STOP && -r != ICRED_E_INVALID)
				meaning = TROUBLE;
			control->action[r] = keywords[i].action[meaning];
		}
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

static bool is_default(const char *name, size_t len)
{
	return len == strlen("default") && memcmp(name, "default", len) == 0;
}

/* Which half of "result=action" is not known, and what it may have been meant for. */
static bool control_unknown(const char *at, size_t name_len, size_t len, char *why, size_t why_cap)
{
	struct suggestion similar = suggest_for(at, name_len);
	char name[SUGGEST_WORD_MAX + 1];

	if (name_len == len) {
		similar = suggest_for(at, 0); /* there is no "=" at all */
	} else if (result_index(at, name_len) >= 0 || is_default(at, name_len)) {
		similar = suggest_for(at + name_len + 1, len - name_len - 1);
		suggest_names(&similar, "ignore ok done bad die");
	} else {
		suggest_names(&similar, "success default");
		for (int r = 1; r < RESULT_COUNT; r++) {
			snprintf(name, sizeof(name), "%s", icred_kind(-r));
			for (char *dash = name; (dash = strchr(dash, '-'));)
				*dash = '_';
			suggest_name(&similar, name, strlen(name));
		}
	}
	snprintf(why, why_cap, "\"%.*s\" is not result=action: see icred-profile(5)%s", (int)MIN(len, 60), at,
		 suggest_text(&similar));
	return false;
}

bool control_parse(int facility, const char *text, struct control *ret_control, char *why, size_t why_cap)
{
	struct control control = {{0}};
	bool given[RESULT_COUNT] = {false};
	int fallback = -1;

	if (control_keyword(facility, text, ret_control))
		return true;
	if (!strchr(text, '=')) {
		struct suggestion similar = suggest_for(text, strlen(text));
		for (size_t i = 0; i < ARRAY_SIZE(keywords); i++)
			suggest_name(&similar, keywords[i].word, strlen(keywords[i].word));
		snprintf(
			why, why_cap,
			"\"%.60s\" is not a control: use required, requisite, sufficient, optional or [result=action ...]%s",
			text, suggest_text(&similar));
		return false;
	}
	for (const char *at = text + strspn(text, " \t"); *at; at += strspn(at, " \t")) {
		size_t len = strcspn(at, " \t"), name_len = MIN(strcspn(at, "="), len);
		bool every = is_default(at, name_len);
		int result = result_index(at, name_len), action = ACTION_COUNT;
		while (action-- > 0)
			if (name_len + 1 + strlen(actions[action]) == len &&
			    memcmp(actions[action], at + name_len + 1, len - name_len - 1) == 0)
				break;
		if (!name_len || action < 0 || (!every && result < 0))
			return control_unknown(at, name_len, len, why, why_cap);
		if (every ? fallback >= 0 : given[result]) {
			snprintf(why, why_cap, "\"%.*s\" is about a result that has an action already",
				 (int)MIN(len, 60), at);
			return false;
		}
		if (every) {
			fallback = action;
		} else {
			control.action[result] = (unsigned char)action;
			given[result] = true;
		}
		at += len;
	}
	/* What is not listed and has no default is `bad`, as in PAM. */
	for (int r = 0; r < RESULT_COUNT; r++)
		if (!given[r])
			control.action[r] = (unsigned char)(fallback < 0 ? ACTION_BAD : fallback);
	*ret_control = control;
	return true;
}

static void format_pair(char *text, size_t cap, const char *result, unsigned char action)
{
	size_t len = strlen(text);

	snprintf(text + len, cap - len, "%s%s=%s", len > 1 ? " " : "", result, actions[action]);
	for (; text[len]; len++)
		if (text[len] == '-')
			text[len] = '_';
}

void control_format(int facility, const struct control *control, char *text, size_t cap)
{
	unsigned counts[ACTION_COUNT] = {0};
	unsigned char fallback = 0; /* the action that most results have */
	struct control same;
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (control_keyword(facility, keywords[i].word, &same) &&
		    memcmp(&same, control, sizeof(same)) == 0) {
			snprintf(text, cap, "%s", keywords[i].word);
			return;
		}
	}
	for (int r = 0; r < RESULT_COUNT; r++)
		counts[control->action[r]]++;
	for (unsigned char action = 0; action < ACTION_COUNT; action++)
		if (counts[action] > counts[fallback])
			fallback = action;
	snprintf(text, cap, "[");
	for (int r = 0; r < RESULT_COUNT; r++)
		if (control->action[r] != fallback)
			format_pair(text, cap, r ? icred_kind(-r) : "success", control->action[r]);
	format_pair(text, cap, "default", fallback);
	len = strlen(text);
	snprintf(text + len, cap - len, "]");
}
