/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/common/outside.h"
#include "helper/curl/config-file.h"
#include "helper/curl/effect.h"
#include "helper/curl/header-file.h"
#include "helper/curl/plan.h"

#define PLAN_CONFIG_FIRST 4096 /* bytes of a file as curl will read it, before there is need of more */
#define PLAN_WORDS_MORE   16   /* what we add to the words of each segment, at most, and then some */

static int plan_word(struct plan *plan, const char *word)
{
	char **more;

	if (plan->count + 1 >= plan->room) {
		plan->room = plan->room * 2 + PLAN_WORDS_MORE;
		more = realloc(plan->argv, plan->room * sizeof(*more));
		if (!more)
			return fail(plan->o, FAIL_OTHER, "no-memory", "out of memory; try again");
		plan->argv = more;
	}
	memcpy(&plan->argv[plan->count++], &word, sizeof(word)); /* exec(2) leaves the words as they are */
	plan->argv[plan->count] = NULL;
	return 0;
}

static int plan_words(struct plan *plan, const char *first, const char *second)
{
	int status = plan_word(plan, first);

	return status ? status : plan_word(plan, second);
}

/* The profile's CA comes first, so that an option of the user's can replace it. */
static int plan_begin(struct plan *plan)
{
	if (plan->segment_count == PLAN_SEGMENTS)
		return fail(plan->o, FAIL_USAGE, "usage", "more than %d parts between --next; run curl twice",
			    PLAN_SEGMENTS);
	plan->segment_count++;
	return plan->ca ? plan_words(plan, "--cacert", plan->ca) : 0;
}

/* The token comes last, and with it what keeps it in place, so that no option of the user's undoes that. */
static int plan_end(struct plan *plan)
{
	struct plan_segment *segment = &plan->segments[plan->segment_count - 1];

	if (segment->http && *segment->detour)
		return fail(plan->o, FAIL_ORIGIN, "origin",
			    "curl's --%s would carry a token that is not encrypted away from this machine; "
			    "use it with https only",
			    segment->detour);
	return plan_words(plan, "--config", segment->fd_name);
}

static int plan_next(struct plan *plan)
{
	int status = plan_end(plan);

	plan->once = true;
	if (!status)
		status = plan_word(plan, "--next");
	return status ? status : plan_begin(plan);
}

/* A file of options or of headers is read here, and curl reads what was checked. */
static int plan_file(struct plan *plan, const struct curl_option *option, const char *value)
{
	struct plan_config *config = &plan->configs[plan->config_count];
	char *first;
	int status;

	if (plan->config_count == PLAN_CONFIGS)
		return fail(plan->o, FAIL_USAGE, "usage",
			    "more than %d files of options and headers; join them", PLAN_CONFIGS);
	first = malloc(PLAN_CONFIG_FIRST);
	if (!first)
		return fail(plan->o, FAIL_OTHER, "no-memory", "out of memory; try again");
	config->text = (struct output){first, 0, PLAN_CONFIG_FIRST, 0, 1};
	plan->config_count++;
	status = curl_option_is(option, "config") ? config_file(plan, value, &config->text)
						  : header_file(plan, option, value, &config->text);
	if (!status && config->text.failed)
		status = fail(plan->o, FAIL_OTHER, "no-memory", "out of memory; try again");
	return status ? status : plan_words(plan, "--config", config->fd_name);
}

static int plan_unknown(const struct plan *plan, const char *word)
{
	struct suggestion similar = curl_option_similar(word);

	return fail(
		plan->o, FAIL_USAGE, "usage",
		"icred does not know curl's option %.*s, so it can't tell which words are URLs; write it out, "
		"or use icred curl-config%s",
		(int)strcspn(word, "="), word, suggest_text(&similar));
}

static int plan_missing(const struct plan *plan, const char *name)
{
	return fail(plan->o, FAIL_USAGE, "usage", "curl's option --%s needs a value", name);
}

/* curl gets other words for it than the user gave. */
static bool plan_is_structure(const struct curl_option *option, const char *value)
{
	return curl_option_among(option, " next config ") || header_is_file(option, value);
}

/* One option and its value; the word that holds them, or two of them, go to curl as they are. */
static int plan_one(struct plan *plan, const struct curl_option *option, const char *value)
{
	if (option->takes_value && !value)
		return plan_missing(plan, option->name);
	if (curl_option_is(option, "next"))
		return plan_next(plan);
	if (plan_is_structure(option, value))
		return plan_file(plan, option, value);
	return effect_option(plan, option, value, "");
}

/* Returns the status; *used says how many further words were taken. */
static int plan_long(struct plan *plan, const char *word, const char *next, int *used)
{
	const char *name = word + 2, *equals = strchr(name, '=');
	struct curl_option option;
	const char *value;
	int status;

	if (!curl_option_find(name, equals ? (size_t)(equals - name) : strlen(name), &option) ||
	    (equals && !option.takes_value))
		return plan_unknown(plan, word);
	value = equals ? equals + 1 : option.takes_value ? next : NULL;
	*used = option.takes_value && !equals && next;
	status = plan_one(plan, &option, value);
	if (status || plan_is_structure(&option, value))
		return status;
	return *used ? plan_words(plan, word, next) : plan_word(plan, word);
}

/* -sSo FILE, -sSoFILE; --next, --config and --header @FILE are written as words of their own, without a letter before them. */
static int plan_short(struct plan *plan, const char *word, const char *next, int *used)
{
	struct curl_option option;
	const char *at = word + 1, *value = NULL;
	int status = *at ? 0 : plan_unknown(plan, word);

	for (*used = 0; *at && !status; at++) {
		if (!curl_option_letter(*at, &option))
			return plan_unknown(plan, word);
		value = !option.takes_value ? NULL : at[1] ? at + 1 : next;
		if (plan_is_structure(&option, value) && (at > word + 1 || (*at == ':' && at[1])))
			return fail(plan->o, FAIL_USAGE, "usage",
				    "give curl's option --%s as a word of its own", option.name);
		*used = option.takes_value && !at[1] && next;
		status = plan_one(plan, &option, value);
		if (option.takes_value || plan_is_structure(&option, value))
			break;
	}
	if (status || plan_is_structure(&option, value))
		return status;
	return *used ? plan_words(plan, word, next) : plan_word(plan, word);
}

static int plan_rest(struct plan *plan, char **words)
{
	int status = 0;

	for (; *words && !status; words++) {
		status = effect_url(plan, *words, "");
		if (!status)
			status = plan_word(plan, *words);
	}
	return status;
}

static int plan_parse(struct plan *plan, char **words)
{
	int status = 0, used;

	/* Help may have a topic, which is no URL; and nobody gets a token then. */
	for (; *words && !status && !plan->bare; words += 1 + used) {
		const char *word = *words;

		used = 0;
		if (strcmp(word, "--") == 0)
			break;
		if (word[0] == '-' && word[1] == '-')
			status = plan_long(plan, word, words[1], &used);
		else if (word[0] == '-')
			status = plan_short(plan, word, words[1], &used);
		else if (!(status = effect_url(plan, word, "")))
			status = plan_word(plan, word);
	}
	if (plan->bare)
		return status;
	if (!status && (status = plan_end(plan)) == 0 && *words)
		status = (status = plan_word(plan, "--")) ? status : plan_rest(plan, words + 1);
	return status;
}

int plan_make(struct plan *plan, const struct options *o, icred_t *handle, char **words)
{
	const char *ca = icred_setting(handle, "ca", 0);
	int status;

	*plan = (struct plan){.o = o, .handle = handle, .ca = ca ? strdup(ca) : NULL};
	status = plan_words(plan, "curl", "-q");
	if (ca && !plan->ca)
		return fail(o, FAIL_OTHER, "no-memory", "out of memory; try again");
	if (!status)
		status = plan_begin(plan);
	return status ? status : plan_parse(plan, words);
}

void plan_free(struct plan *plan)
{
	size_t i;

	for (i = 0; i < plan->config_count; i++)
		output_wipe(&plan->configs[i].text);
	free(plan->argv);
	free(plan->ca);
}
