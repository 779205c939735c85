/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line for curl, read word by word into the plan. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/curl/plan.h"

#define ARGUMENTS_CONFIG_FIRST 4096 /* bytes of a file as curl will read it, before more are needed */
#define ARGUMENTS_MORE         16   /* words by which argv grows, beyond twice its size */

static int arguments_no_memory(const struct plan *plan)
{
	return fail_system(plan->o, "cannot prepare curl's arguments", ENOMEM);
}

/* One word for curl, or two if second is not NULL. */
static int arguments_add(struct plan *plan, const char *first, const char *second)
{
	char **more;

	if (plan->count + 2 >= plan->room) {
		plan->room = plan->room * 2 + ARGUMENTS_MORE;
		more = realloc(plan->argv, plan->room * sizeof(*more));
		if (!more)
			return arguments_no_memory(plan);
		plan->argv = more;
	}
	/* exec(2) leaves the words as they are. */
	memcpy(&plan->argv[plan->count++], &first, sizeof(first));
	if (second)
		memcpy(&plan->argv[plan->count++], &second, sizeof(second));
	plan->argv[plan->count] = NULL;
	return 0;
}

/* The profile's CA comes first, so that an option of the user's can replace it. */
static int arguments_begin_segment(struct plan *plan)
{
	if (plan->segment_count == PLAN_SEGMENTS)
		return fail(plan->o, FAIL_USAGE, "usage",
			    "more than %d parts separated by --next; run curl twice", PLAN_SEGMENTS);
	plan->segment_count++;
	return plan->ca ? arguments_add(plan, "--cacert", plan->ca) : 0;
}

/* Of a segment whose options and URLs are all known. */
static int arguments_check_detour(const struct plan *plan)
{
	const struct plan_segment *segment = &plan->segments[plan->segment_count - 1];

	if (segment->http && *segment->detour)
		return fail(plan->o, FAIL_ORIGIN, "origin",
			    "curl's option --%s is refused: it would send the token in clear text off this "
			    "machine; use it with https only",
			    segment->detour);
	return 0;
}

/* The token comes last, with the options that keep it in place, so that no option of the user's undoes them. */
static int arguments_end_segment(struct plan *plan)
{
	int status = arguments_check_detour(plan);

	return status ? status
		      : arguments_add(plan, "--config", plan->segments[plan->segment_count - 1].fd_name);
}

/* curl gets other words for it than the user gave. */
static bool arguments_replaces(const struct curl_option *option, const char *value)
{
	return curl_option_among(option, " next config ") || option_names_headers(option, value);
}

/* An option, and curl's words for it: those of the user, or a checked copy of the file that they name. */
static int arguments_option(struct plan *plan, const struct curl_option *option, const char *value,
			    const char *word, const char *next)
{
	struct plan_config *config = &plan->configs[plan->config_count];
	char *first;
	int status;

	if (option->takes_value && !value)
		return fail(plan->o, FAIL_USAGE, "usage", "curl's option --%s needs a value", option->name);
	if (curl_option_is(option, "next")) {
		plan->unrepeatable = true;
		status = arguments_end_segment(plan);
		if (!status)
			status = arguments_add(plan, "--next", NULL);
		return status ? status : arguments_begin_segment(plan);
	}
	if (!arguments_replaces(option, value)) {
		status = effect_option(plan, option, value, "");
		return status ? status : arguments_add(plan, word, next);
	}
	if (plan->config_count == PLAN_CONFIGS)
		return fail(plan->o, FAIL_USAGE, "usage",
			    "more than %d files of options and headers; combine them", PLAN_CONFIGS);
	first = malloc(ARGUMENTS_CONFIG_FIRST);
	if (!first)
		return arguments_no_memory(plan);
	config->text = (struct output){first, 0, ARGUMENTS_CONFIG_FIRST, 0, 1};
	plan->config_count++;
	status = option_file(plan, option, value, &config->text);
	if (!status && config->text.failed)
		return arguments_no_memory(plan);
	return status ? status : arguments_add(plan, "--config", config->fd_name);
}

static int arguments_unknown(const struct plan *plan, const char *word)
{
	struct suggestion similar = curl_option_similar(word);

	return fail(plan->o, FAIL_USAGE, "usage",
		    "unknown curl option %.*s, so icred cannot tell which words are URLs; write it in full, "
		    "or use icred curl-config%s",
		    (int)strcspn(word, "="), word, suggest_text(&similar));
}

/*
 * --output FILE, --output=FILE, -sSo FILE, -sSoFILE.  An option that curl gets in other words cannot be one of
 * several letters.  *ret_next_used: the next word was its value.
 */
static int arguments_options(struct plan *plan, const char *word, const char *next, bool *ret_next_used)
{
	const char *at = word + 1, *equals, *value;
	struct curl_option option;
	int status;

	if (word[1] == '-') {
		equals = strchr(++at, '=');
		if (!curl_option_find(at, strcspn(at, "="), &option))
			return arguments_unknown(plan, word);
		if (equals && !option.takes_value)
			return fail(plan->o, FAIL_USAGE, "usage",
				    "curl's option --%s takes no value; remove it", option.name);
		value = equals ? equals + 1 : option.takes_value ? next : NULL;
	} else {
		for (;; at++) {
			if (!curl_option_letter(*at, &option))
				return arguments_unknown(plan, word);
			value = !option.takes_value ? NULL : at[1] ? at + 1 : next;
			if (arguments_replaces(&option, value) && (at > word + 1 || (*at == ':' && at[1])))
				return fail(
					plan->o, FAIL_USAGE, "usage",
					"curl's option --%s cannot be combined with other letters; give it "
					"separately",
					option.name);
			if (option.takes_value || !at[1])
				break;
			status = effect_option(plan, &option, NULL, "");
			if (status)
				return status;
		}
	}
	*ret_next_used = value && value == next;
	return arguments_option(plan, &option, value, word, *ret_next_used ? next : NULL);
}

int plan_make(struct plan *plan, const struct options *o, icred_t *handle, char **words)
{
	const char *ca = icred_setting(handle, "ca", 0), *word;
	bool only_urls = false, next_used;
	int status;

	*plan = (struct plan){.o = o, .handle = handle, .ca = ca ? strdup(ca) : NULL};
	if (ca && !plan->ca)
		return arguments_no_memory(plan);
	status = arguments_add(plan, "curl", "-q");
	if (!status)
		status = arguments_begin_segment(plan);
	/* A word after --help is a topic, not a URL; and no token is needed then. */
	for (; *words && !status && !plan->no_request; words += 1 + next_used) {
		word = *words;
		next_used = false;
		if (!only_urls && strcmp(word, "--") == 0) {
			only_urls = true;
			status = arguments_end_segment(plan);
			if (!status)
				status = arguments_add(plan, word, NULL);
		} else if (only_urls || word[0] != '-') {
			status = effect_url(plan, word, "");
			if (!status)
				status = arguments_add(plan, word, NULL);
		} else {
			status = arguments_options(plan, word, words[1], &next_used);
		}
	}
	if (status || plan->no_request)
		return status;
	/* After "--" there are more URLs of a segment whose options have ended. */
	return only_urls ? arguments_check_detour(plan) : arguments_end_segment(plan);
}

void plan_free(struct plan *plan)
{
	for (size_t i = 0; i < plan->config_count; i++)
		output_wipe(&plan->configs[i].text);
	free(plan->argv);
	free(plan->ca);
}
