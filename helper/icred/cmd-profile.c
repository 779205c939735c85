/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred profile list|show|check: the profiles there are, what one says, and whether all are in order. */
#include "config.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <icred/icred.h>

#include "lib/api/handle.h"
#include "lib/module/loader.h"
#include "lib/profile/profile.h"
#include "lib/profile/search.h"

#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/output.h"
#include "helper/common/session.h"
#include "helper/icred/commands.h"

#define PROFILE_WIDTH_NAME     16
#define PROFILE_WIDTH_FACILITY 8
#define PROFILE_WIDTH_CONTROL  12

static const char profile_help[] =
	"Usage: icred [OPTIONS] profile list\n"
	"       icred [OPTIONS] profile show [NAME]\n"
	"       icred [OPTIONS] profile check [NAME...]\n"
	"\n"
	"What profiles there are, what one of them says, and whether they are in order.\n"
	"See icred help profile check, and so on.\n"
	"\n"
	"Options:\n" HELP_OPEN HELP_WHOSE HELP_EVERYWHERE "\n"
	"Example:\n"
	"  icred profile check\n";

static const char profile_list_help[] =
	"Usage: icred [OPTIONS] profile list\n"
	"\n"
	"List the profiles of all directories.  Where two have one name, the first counts.\n"
	"\n"
	"Options:\n" HELP_EVERYWHERE "\n"
	"Example:\n"
	"  icred profile list --json\n";

static const char profile_show_help[] =
	"Usage: icred [OPTIONS] profile show [NAME]\n"
	"\n"
	"Print a profile as it will run: its settings, and its stack line by line with\n"
	"the file and line each came from; \"built in\" are those that no file says.\n"
	"\n"
	"Options:\n" HELP_OPEN HELP_WHOSE HELP_EVERYWHERE "\n"
	"Example:\n"
	"  icred profile show work\n";

static const char profile_check_help[] =
	"Usage: icred [OPTIONS] profile check [NAME...]\n"
	"\n"
	"Read the profiles that are named, here or by --profile, or else all that there\n"
	"are, load the modules they name, and tell of each what is wrong with it.  Exit\n"
	"status 8 if anything is.\n"
	"\n"
	"Options:\n" HELP_OPEN HELP_WHOSE HELP_EVERYWHERE "\n"
	"Example:\n"
	"  icred profile check && icred profile show\n";

/* profile_each(), with the notes of -v. */
static void profile_each_file(const struct options *o,
			      int (*each)(const char *name, const char *file, bool hidden, void *data),
			      void *data)
{
	struct options own = *o;
	struct log log;

	log_open(&log, fail_log, &own);
	(void)profile_each(&log, each, data);
	log_close(&log);
}

/* -- list -- */

struct profile_list {
	const struct options *o;
	struct output *out;
	struct json j;
	bool any;
};

static int profile_list_one(const char *name, const char *file, bool hidden, void *data)
{
	struct profile_list *list = data;

	list->any = true;
	if (list->o->json) {
		json_open(&list->j, NULL, '{');
		json_string(&list->j, "name", name);
		json_string(&list->j, "file", file);
		json_bool(&list->j, "hidden", hidden);
		json_close(&list->j, '}');
		return 0;
	}
	output_clean(list->out, name, PROFILE_WIDTH_NAME);
	output_text(list->out, "  ");
	output_clean(list->out, file, 0);
	output_text(list->out, hidden ? "  (hidden by one of the same name)\n" : "\n");
	return 0;
}

static int profile_list_run(const struct options *o, char **words)
{
	struct profile_list list = {.o = o, .out = output_stdout()};

	(void)words;
	list.j.out = list.out;
	if (o->json)
		json_open(&list.j, NULL, '[');
	profile_each_file(o, profile_list_one, &list);
	if (o->json) {
		json_close(&list.j, ']');
		output_text(list.out, "\n");
	} else if (!list.any) {
		fail_note(o, "there are no profile files; the built-in profile applies");
	}
	return 0;
}

/* -- show -- */

static void profile_show_place(struct output *out, const char *file, unsigned line, const char *remark)
{
	if (!line) {
		output_format(out, "  # built in%s\n", remark);
		return;
	}
	output_text(out, "  # ");
	output_clean(out, file, 0);
	output_format(out, ":%u%s\n", line, remark);
}

/* As it would have to be written. */
static void profile_show_word(struct output *out, const char *word)
{
	_cleanup_free_ char *copy = NULL;

	if (*word && !strpbrk(word, " \t") && *word != '[' && *word != '#') {
		output_text(out, " ");
		output_clean(out, word, 0);
		return;
	}
	copy = strdup(word);
	out->failed |= !copy;
	output_text(out, " [");
	for (char *at = copy, *end; at; at = end) {
		end = strchr(at, ']');
		if (end)
			*end++ = '\0';
		output_clean(out, at, 0);
		output_text(out, end ? "\\]" : "]");
	}
}

/* Two words are taken by git-path alone. */
static void profile_show_value(struct output *out, const char *name, const char *value)
{
	const char *blank = strcmp(name, "git-path") == 0 ? strchr(value, ' ') : NULL;
	char first[1024];

	if (blank) {
		snprintf(first, sizeof(first), "%.*s", (int)(blank - value), value);
		profile_show_word(out, first);
	}
	profile_show_word(out, blank ? blank + 1 : value);
}

/* What the command line says stands in no file. */
static void profile_show_settings(struct output *out, struct json *j, const struct settings *settings)
{
	const char *name, *value = NULL;

	for (size_t i = 0; (name = settings_at(settings, i, &value)); i++) {
		struct position place = settings_position_at(settings, i);
		if (j) {
			json_open(j, NULL, '{');
			json_string(j, "name", name);
			json_string(j, "value", value);
			json_string(j, "file", place.file);
			json_number(j, "line", place.line);
			json_close(j, '}');
			continue;
		}
		output_clean(out, name, PROFILE_WIDTH_NAME);
		output_text(out, " ");
		profile_show_value(out, name, value);
		if (place.file)
			profile_show_place(out, place.file, place.line, "");
		else
			output_text(out, "  # an option\n");
	}
}

static void profile_show_line(struct output *out, const struct line *line, const char *control)
{
	output_text(out, line->optional_module ? "-" : "");
	output_clean(out, facility_name(line->facility), PROFILE_WIDTH_FACILITY - line->optional_module);
	output_text(out, " ");
	output_clean(out, control, PROFILE_WIDTH_CONTROL);
	output_text(out, " ");
	output_clean(out, line->module, 0);
	for (char **argument = line->arguments; *argument; argument++)
		profile_show_word(out, *argument);
	profile_show_place(out, line->file, line->number,
			   module_is_skipped(line) ? ", passed over: no such module" : "");
}

static void profile_show_line_json(struct json *j, const struct line *line, const char *control)
{
	json_open(j, NULL, '{');
	json_string(j, "facility", facility_name(line->facility));
	json_bool(j, "optional", line->optional_module);
	json_bool(j, "passedOver", module_is_skipped(line));
	json_string(j, "control", control);
	json_string(j, "module", line->module);
	json_open(j, "arguments", '[');
	for (char **argument = line->arguments; *argument; argument++)
		json_string(j, NULL, *argument);
	json_close(j, ']');
	json_string(j, "file", line->number ? line->file : NULL);
	json_number(j, "line", line->number);
	json_close(j, '}');
}

static void profile_show_stack(struct output *out, struct json *j, const struct stack *stack)
{
	char control[512];

	for (int facility = ICRED_KEY; facility <= ICRED_ISSUER; facility++) {
		for (size_t i = 0; i < stack->count; i++) {
			const struct line *line = &stack->lines[i];
			if (line->facility != facility)
				continue;
			control_format(line->facility, &line->control, control, sizeof(control));
			if (j)
				profile_show_line_json(j, line, control);
			else
				profile_show_line(out, line, control);
		}
	}
}

/* The one default that depends on where the profile is. */
static void profile_show_audit(struct output *out, const struct profile *profile)
{
	if (!settings_get(&profile->settings, "audit", 0) && profile_audits(profile)) {
		output_clean(out, "audit", PROFILE_WIDTH_NAME);
		output_text(out, " yes  # the default for the profiles of the machine\n");
	}
}

static void profile_show(const struct options *o, const struct profile *profile)
{
	struct output *out = output_stdout();
	struct json j = {out, false};

	if (!o->json) {
		output_format(out, "# %s, %s\n", profile->name,
			      profile->file[0] ? profile->file : "built in");
		profile_show_settings(out, NULL, &profile->settings);
		profile_show_audit(out, profile);
		output_text(out, "\n");
		profile_show_stack(out, NULL, &profile->stack);
		return;
	}
	json_open(&j, NULL, '{');
	json_string(&j, "name", profile->name);
	json_string(&j, "file", profile->file[0] ? profile->file : NULL);
	json_open(&j, "settings", '[');
	profile_show_settings(out, &j, &profile->settings);
	json_close(&j, ']');
	json_bool(&j, "audit", profile_audits(profile));
	json_open(&j, "stack", '[');
	profile_show_stack(out, &j, &profile->stack);
	json_close(&j, ']');
	json_close(&j, '}');
	output_text(out, "\n");
}

/* Words are names, unless the option has given one; 0, or the exit status after telling what is wrong. */
static int profile_check_words(const struct options *o, char **words)
{
	struct options own = *o;

	if (words[0] && o->profile)
		return fail(o, FAIL_USAGE, "usage",
			    "--profile %s and the word %s both name a profile; leave one out", o->profile,
			    words[0]);
	for (; *words; words++)
		if (options_profile(&own, *words, "profile") < 0)
			return fail_usage(&own);
	return 0;
}

static int profile_show_run(const struct options *o, char **words)
{
	struct options own = *o;
	icred_t *handle = NULL;
	int status = profile_check_words(o, words);

	if (status)
		return status;
	own.profile = words[0] ? words[0] : o->profile;
	status = session_open(&own, SESSION_SILENT, &handle);
	if (status)
		return status;
	profile_show(o, handle->context.profile);
	icred_close(handle);
	return 0;
}

/* -- check -- */

struct profile_check {
	const struct options *o;
	struct output *out;
	char first[4096];
	struct output faults_out; /* with --json: what was found, as one document in the end */
	struct json j;
	size_t count, faults;
	int status; /* of the first fault that is none of a profile's */
};

static void profile_check_json(struct profile_check *check, const struct icred_error *error)
{
	if (!check->faults)
		json_open(&check->j, "faults", '[');
	json_open(&check->j, NULL, '{');
	json_string(&check->j, "kind", icred_kind(error->code));
	json_string(&check->j, "message", error->message);
	json_string(&check->j, "file", *error->file ? error->file : NULL);
	json_number(&check->j, "line", error->line);
	json_close(&check->j, '}');
}

static void profile_check_fault(const struct icred_error *error, void *data)
{
	struct profile_check *check = data;
	int status = fail_status(error->code);

	if (check->o->json)
		profile_check_json(check, error);
	else
		fail_library(check->o, error->code);
	check->faults++;
	if (status != FAIL_INVALID && !check->status)
		check->status = status;
}

/* One document for all faults. */
static void profile_check_end(struct profile_check *check)
{
	char first[4096], message[64];
	struct output out = {first, 0, sizeof(first), 0, 0};
	struct json j = {&out, false};

	if (!check->o->json || !check->faults)
		return;
	snprintf(message, sizeof(message), "%zu fault%s in the profiles to mend", check->faults,
		 check->faults == 1 ? "" : "s");
	json_close(&check->j, ']');
	json_open(&j, NULL, '{');
	json_open(&j, "error", '{');
	json_string(&j, "kind", "invalid");
	json_string(&j, "message", message);
	output_text(&out, ",");
	output_bytes(&out, check->faults_out.data, check->faults_out.len);
	json_close(&j, '}');
	json_close(&j, '}');
	output_text(&out, "\n");
	output_write(&out, STDERR_FILENO);
	output_wipe(&check->faults_out);
}

static void profile_check_name(struct profile_check *check, const char *name)
{
	const struct options *o = check->o;
	struct icred_options options = session_options(o);
	size_t before = check->faults;

	check->count++;
	options.log = o->verbose ? options.log : NULL;
	/* A cache module is loaded into this process, and might not come back. */
	options.timeout_ms = session_time_left(o);
	(void)icred_profile_check(name, &options, profile_check_fault, check);
	if (check->faults == before && !check->o->json)
		output_format(check->out, "%s: in order\n", *name ? name : "default");
}

static int profile_check_found(const char *name, const char *file, bool hidden, void *data)
{
	(void)file;
	if (!hidden)
		profile_check_name(data, name);
	return 0;
}

static int profile_check_run(const struct options *o, char **words)
{
	struct profile_check check = {.o = o, .out = output_stdout()};
	int status = profile_check_words(o, words);

	if (status)
		return status;
	check.faults_out = (struct output){check.first, 0, sizeof(check.first), 0, 0};
	check.j.out = &check.faults_out;
	for (; *words; words++)
		profile_check_name(&check, *words);
	if (!check.count && o->profile)
		profile_check_name(&check, o->profile);
	if (!check.count)
		profile_each_file(o, profile_check_found, &check);
	if (!check.count)
		fail_note(o, "there are no profile files; the built-in profile applies");
	if (o->json && !check.faults)
		output_text(check.out, "{}\n");
	profile_check_end(&check);
	return check.status ? check.status : check.faults ? FAIL_INVALID : 0;
}

#define PROFILE_OPTIONS (OPTIONS_TARGET & ~(unsigned)OPTION_PASSPHRASE) /* no question is ever asked */

const struct command cmd_profile = {"profile", profile_help, 0, 0, 0, NULL};
const struct command cmd_profile_list = {"profile list", profile_list_help, 0, 0, 0, profile_list_run};
const struct command cmd_profile_show = {"profile show",  profile_show_help, PROFILE_OPTIONS, 0, 1,
					 profile_show_run};
const struct command cmd_profile_check = {"profile check", profile_check_help, PROFILE_OPTIONS, 0,
					  INT_MAX,         profile_check_run};
