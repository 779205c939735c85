/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/error.h"
#include "lib/base/text.h"
#include "lib/profile/profile.h"
#include "lib/profile/search.h"

#define LINES_MAX 64

struct profile *profile_new(const char *name, const char *file)
{
	struct profile *profile = calloc(1, sizeof(*profile));

	if (!profile)
		return NULL;
	profile->name = strdup(name);
	profile->file = strdup(file);
	return profile->name && profile->file ? profile : profile_free(profile);
}

static char **list_free(char **list)
{
	for (char **at = list; at && *at; at++)
		free(*at);
	free(list);
	return NULL;
}

static void line_clear(struct line *line)
{
	list_free(line->arguments);
	free(line->module);
	free(line->file);
}

struct profile *profile_free(struct profile *profile)
{
	if (!profile)
		return NULL;
	for (size_t i = 0; i < profile->stack.count; i++)
		line_clear(&profile->stack.lines[i]);
	free(profile->stack.lines);
	settings_clear(&profile->settings);
	free(profile->origins);
	for (size_t i = 0; i < profile->name_count; i++)
		free(profile->names[i]);
	free(profile->names);
	free(profile->name);
	free(profile->file);
	free(profile);
	return NULL;
}

const char *profile_keep_name(struct profile *profile, const char *file)
{
	char **grown, *copy;

	for (size_t i = 0; i < profile->name_count; i++)
		if (strcmp(profile->names[i], file) == 0)
			return profile->names[i];
	grown = realloc(profile->names, (profile->name_count + 1) * sizeof(*grown));
	if (!grown)
		return NULL;
	profile->names = grown;
	copy = strdup(file);
	if (copy)
		profile->names[profile->name_count++] = copy;
	return copy;
}

static char **copy_list(char **list)
{
	size_t count = 0;
	char **copy;

	while (list && list[count])
		count++;
	copy = calloc(count + 1, sizeof(*copy));
	for (size_t i = 0; copy && i < count; i++) {
		copy[i] = strdup(list[i]);
		if (!copy[i]) /* a list that ends too early would be another line */
			copy = list_free(copy);
	}
	return copy;
}

const char *line_name(const struct line *line, char text[LINE_NAME_MAX])
{
	snprintf(text, LINE_NAME_MAX, "%s %s", facility_name(line->facility), line->module);
	return text;
}

int profile_add_line(struct profile *profile, const struct line *line)
{
	struct stack *stack = &profile->stack;
	struct line *grown, copy = *line;

	if (stack->count >= LINES_MAX)
		return set_error(ICRED_E_INVALID, "%s:%u: more than %d stack lines", line->file, line->number,
				 LINES_MAX);
	grown = realloc(stack->lines, (stack->count + 1) * sizeof(*grown));
	if (!grown)
		return set_no_memory();
	stack->lines = grown;
	copy.module = strdup(line->module);
	copy.file = strdup(line->file);
	copy.arguments = copy_list(line->arguments);
	copy.checked = copy.opened = NULL;
	if (!copy.module || !copy.file || !copy.arguments) {
		line_clear(&copy);
		return set_no_memory();
	}
	stack->lines[stack->count++] = copy;
	return ICRED_OK;
}

/* As "-key": a build without the module has no default for keys. */
#ifdef HAVE_KEYRING
#define KEYRING_OPTIONAL false
#else
#define KEYRING_OPTIONAL true
#endif

/* What runs where the profile has no line for a facility. */
static int add_default_lines(struct profile *profile, int facility)
{
	static const struct {
		int facility;
		const char *control, *module;
		bool optional;
	} defaults[] = {
		{ICRED_KEY, "sufficient", "keyring", KEYRING_OPTIONAL},
		{ICRED_CACHE, "sufficient", "keyctl", false},
		{ICRED_CACHE, "sufficient", "runtime", false},
		{ICRED_ISSUER, "required", "icr", false},
	};
	char no_file[] = "", why[64];

	for (size_t i = 0; i < profile->stack.count; i++)
		if (profile->stack.lines[i].facility == facility)
			return ICRED_OK;
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++) {
		struct line line = {
			.facility = facility, .file = no_file, .optional_module = defaults[i].optional};
		if (defaults[i].facility != facility)
			continue;
		_cleanup_free_ char *module = strdup(defaults[i].module);
		line.module = module;
		if (!module || !control_parse(facility, defaults[i].control, &line.control, why, sizeof(why)))
			return set_no_memory();
		if (profile_add_line(profile, &line) < 0)
			return ICRED_E_NO_MEMORY;
	}
	return ICRED_OK;
}

/* A fault of a setting, with its position if it stands in a file. */
static int bad_setting(const struct profile *profile, const char *name, size_t nth, const char *why)
{
	struct position position = settings_position(&profile->settings, name, nth);
	char where[POSITION_MAX];

	position_format(where, position);
	note_error(ICRED_E_INVALID, "%s\"%.80s\": %s %s", where, settings_get(&profile->settings, name, nth),
		   name, why);
	set_error_where("", position.file, position.line);
	return ICRED_E_INVALID;
}

/* https, or http to this very machine when the profile says that it may. */
static int check_url(const struct profile *profile, const char *name, size_t nth, struct origin *ret_origin)
{
	struct origin origin;

	if (!origin_parse(settings_get(&profile->settings, name, nth), &origin))
		return bad_setting(profile, name, nth, "is not a URL");
	if (strcmp(origin.scheme, "https") != 0 &&
	    !(origin.loopback && settings_yes(&profile->settings, "insecure-loopback")))
		return bad_setting(
			profile, name, nth,
			"must be https (http is allowed for loopback addresses only, with \"insecure-loopback yes\")");
	*ret_origin = origin;
	return ICRED_OK;
}

void profile_check_urls(const struct profile *profile, bool (*go_on)(int fault, void *data), void *data)
{
	struct origin origin;
	int r = check_url(profile, "api", 0, &origin);

	if (r < 0 && !go_on(r, data))
		return;
	for (size_t i = 0; settings_get(&profile->settings, "origin", i); i++) {
		r = check_url(profile, "origin", i, &origin);
		if (r < 0 && !go_on(r, data))
			return;
	}
}

int profile_complete(struct profile *profile)
{
	int r = ICRED_OK;

	for (int facility = ICRED_KEY; r == ICRED_OK && facility <= ICRED_ISSUER; facility++)
		r = add_default_lines(profile, facility);
	if (r == ICRED_OK)
		r = check_url(profile, "api", 0, &profile->api);
	if (r < 0)
		return r;
	origin_format(&profile->api, profile->api_origin);
	free(profile->origins);
	profile->origin_count = 0;
	while (settings_get(&profile->settings, "origin", profile->origin_count))
		profile->origin_count++;
	profile->origin_count = MAX(profile->origin_count, 1);
	profile->origins = calloc(profile->origin_count, sizeof(*profile->origins));
	if (!profile->origins)
		return set_no_memory();
	profile->origins[0] = profile->api;
	for (size_t i = 0; r == ICRED_OK && settings_get(&profile->settings, "origin", i); i++)
		r = check_url(profile, "origin", i, &profile->origins[i]);
	return r;
}

const char *profile_issuer(const struct profile *profile)
{
	const struct stack *stack = &profile->stack;

	for (size_t i = 0; i < stack->count; i++)
		if (stack->lines[i].facility == ICRED_ISSUER)
			return stack->lines[i].module;
	return "";
}

bool profile_audits(const struct profile *profile)
{
	const char *audit = settings_get(&profile->settings, "audit", 0);

	return audit ? same_string(audit, "yes") : profile_is_machines(profile->file);
}

bool profile_allows(const struct profile *profile, const struct origin *origin)
{
	for (size_t i = 0; i < profile->origin_count; i++)
		if (origin_equal(&profile->origins[i], origin))
			return true;
	return false;
}
