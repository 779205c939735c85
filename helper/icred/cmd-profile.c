/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred profile list|show|check: the profiles there are, what one says, and what is wrong with them. */
#include "config.h"

#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/output.h"
#include "helper/common/session.h"
#include "helper/icred/commands.h"
#include "lib/base/clock.h"
#include "lib/base/language.h"

#define PROFILE_WIDTH_NAME     16
#define PROFILE_WIDTH_FACILITY 8
#define PROFILE_WIDTH_CONTROL  12

static const char profile_help[] =
	"Usage: icred [OPTIONS] profile list\n"
	"       icred [OPTIONS] profile show [NAME]\n"
	"       icred [OPTIONS] profile check [NAME...]\n"
	"\n"
	"List the profiles, print what one of them says, or check them.  icred help\n"
	"profile check, for example, has more.\n"
	"\n"
	"Options:\n" HELP_OPEN HELP_WHOSE HELP_EVERYWHERE "\n"
	"Example:\n"
	"  icred profile check\n";

static const char profile_list_help[] =
	"Usage: icred [OPTIONS] profile list\n"
	"\n"
	"List the profiles of all directories.  Of two with the same name, the first is\n"
	"used.\n"
	"\n"
	"Options:\n" HELP_EVERYWHERE "\n"
	"Example:\n"
	"  icred profile list --json\n";

static const char profile_show_help[] =
	"Usage: icred [OPTIONS] profile show [NAME]\n"
	"\n"
	"Print a profile as it will run: its settings, and its stack line by line, with\n"
	"the file and line of each.  Lines that come from no file are marked \"built in\".\n"
	"\n"
	"Options:\n" HELP_OPEN HELP_WHOSE HELP_EVERYWHERE "\n"
	"Example:\n"
	"  icred profile show work\n";

static const char profile_check_help[] =
	"Usage: icred [OPTIONS] profile check [NAME...]\n"
	"\n"
	"Read these profiles, or the one of --profile, or else all that there are, load\n"
	"the modules that they name, and report every fault.  The exit status is 8 if\n"
	"there is any.\n"
	"\n"
	"Options:\n" HELP_OPEN HELP_WHOSE HELP_EVERYWHERE "\n"
	"Example:\n"
	"  icred profile check && icred profile show\n";

/* -- list -- */

static int profile_list_one(const struct icred_profile *profile, void *data)
{
	struct json *j = data;

	json_open(j, NULL, '{');
	json_string(j, "name", profile->name);
	json_string(j, "file", profile->file);
	json_bool(j, "hidden", profile->hidden);
	json_close(j, '}');
	return 0;
}

static int profile_print_one(const struct icred_profile *profile, void *data)
{
	struct output *out = data;

	output_clean(out, profile->name, PROFILE_WIDTH_NAME);
	output_text(out, "  ");
	output_clean(out, profile->file, 0);
	output_text(out, profile->hidden ? "  (hidden by one of the same name)\n" : "\n");
	return 0;
}

static int profile_list_run(const struct options *o, char **words)
{
	struct output *out = output_stdout();
	struct json j = {out, false};
	struct icred_options options = session_options(o);

	(void)words;
	if (o->json) {
		json_open(&j, NULL, '[');
		(void)icred_profile_list(&options, profile_list_one, &j);
		json_close(&j, ']');
		output_text(out, "\n");
		return 0;
	}
	(void)icred_profile_list(&options, profile_print_one, out);
	if (!out->len)
		fail_note(o, "there are no profile files; the built-in profile applies");
	return 0;
}

/* -- show -- */

struct profile_show {
	struct output *out;
	struct json j;
	bool audits, in_stack;
};

/* As it would have to be written. */
static void profile_show_word(struct output *out, const char *word, size_t len)
{
	_cleanup_free_ char *text = strndup(word, len);
	char *at = text, *end;

	if (!text) {
		out->failed = 1;
		return;
	}
	if (*text && !strpbrk(text, " \t") && *text != '[' && *text != '#') {
		output_text(out, " ");
		output_clean(out, text, 0);
		return;
	}
	output_text(out, " [");
	while ((end = strchr(at, ']'))) {
		*end = '\0';
		output_clean(out, at, 0);
		output_text(out, "\\]");
		at = end + 1;
	}
	output_clean(out, at, 0);
	output_text(out, "]");
}

/* One line that the profile could have. */
static int profile_show_entry(const struct icred_profile_entry *entry, void *data)
{
	struct profile_show *show = data;
	struct output *out = show->out;
	/* git-path alone takes two words. */
	const char *value = entry->value,
		   *blank = strcmp(entry->name, "git-path") == 0 ? strchr(value, ' ') : NULL;

	if (*entry->facility) {
		output_text(out, show->in_stack ? "" : "\n");
		show->in_stack = true;
		output_text(out, entry->optional ? "-" : "");
		output_clean(out, entry->facility, PROFILE_WIDTH_FACILITY - !!entry->optional);
		output_text(out, " ");
		output_clean(out, entry->control, PROFILE_WIDTH_CONTROL);
		output_text(out, " ");
		output_clean(out, entry->name, 0);
	} else {
		output_clean(out, entry->name, PROFILE_WIDTH_NAME);
		output_text(out, " ");
		if (blank)
			profile_show_word(out, value, (size_t)(blank - value));
		value = blank ? blank + 1 : value;
		profile_show_word(out, value, strlen(value));
	}
	for (const char *const *argument = entry->arguments; *argument; argument++)
		profile_show_word(out, *argument, strlen(*argument));
	if (entry->source == ICRED_FROM_FILE) {
		output_text(out, "  # ");
		output_clean(out, entry->file, 0);
		output_format(out, ":%u", entry->line);
	} else {
		output_text(out, entry->source == ICRED_FROM_OPTIONS ? "  # an option"
				 : *entry->facility                  ? "  # built in"
						    : "  # the default for the profiles of the machine");
	}
	output_text(out, entry->skipped ? ", skipped: no such module\n" : "\n");
	return 0;
}

static void profile_json_stack(struct profile_show *show)
{
	json_close(&show->j, ']');
	json_bool(&show->j, "audit", show->audits);
	json_open(&show->j, "stack", '[');
	show->in_stack = true;
}

static int profile_json_entry(const struct icred_profile_entry *entry, void *data)
{
	struct profile_show *show = data;
	struct json *j = &show->j;

	if (!*entry->facility && strcmp(entry->name, "audit") == 0) {
		show->audits = strcmp(entry->value, "yes") == 0;
		if (entry->source == ICRED_BUILT_IN)
			return 0;
	}
	if (*entry->facility && !show->in_stack)
		profile_json_stack(show);
	json_open(j, NULL, '{');
	if (*entry->facility) {
		json_string(j, "facility", entry->facility);
		json_bool(j, "optional", entry->optional);
		json_bool(j, "passedOver", entry->skipped);
		json_string(j, "control", entry->control);
		json_string(j, "module", entry->name);
		json_open(j, "arguments", '[');
		for (const char *const *argument = entry->arguments; *argument; argument++)
			json_string(j, NULL, *argument);
		json_close(j, ']');
	} else {
		json_string(j, "name", entry->name);
		json_string(j, "value", entry->value);
	}
	json_string(j, "file", *entry->file ? entry->file : NULL);
	json_number(j, "line", entry->line);
	json_close(j, '}');
	return 0;
}

/* Words are names, unless the option has given one; 0, or the exit status after reporting the failure. */
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
	struct profile_show show = {.out = output_stdout(), .j = {output_stdout(), false}};
	struct options own = *o;
	icred_t *handle = NULL;
	const char *file;
	int status = profile_check_words(o, words);

	if (status)
		return status;
	own.profile = words[0] ? words[0] : o->profile;
	status = session_open(&own, SESSION_SILENT, &handle);
	if (status)
		return status;
	file = icred_profile_file(handle);
	if (o->json) {
		json_open(&show.j, NULL, '{');
		json_string(&show.j, "name", icred_profile_name(handle));
		json_string(&show.j, "file", *file ? file : NULL);
		json_open(&show.j, "settings", '[');
		(void)icred_profile_show(handle, profile_json_entry, &show);
		if (!show.in_stack)
			profile_json_stack(&show);
		json_close(&show.j, ']');
		json_close(&show.j, '}');
		output_text(show.out, "\n");
	} else {
		output_format(show.out, "# %s, %s\n", icred_profile_name(handle), *file ? file : "built in");
		(void)icred_profile_show(handle, profile_show_entry, &show);
	}
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
	int status; /* of the first fault that is not one of a profile */
};

static void profile_check_fault(const struct icred_error *error, void *data)
{
	struct profile_check *check = data;
	int status = fail_status(error->code);

	if (!check->o->json) {
		fail_library(check->o, error->code);
	} else {
		json_open(&check->j, NULL, '{');
		json_string(&check->j, "kind", icred_kind(error->code));
		json_string(&check->j, "message", error->message);
		json_string(&check->j, "file", *error->file ? error->file : NULL);
		json_number(&check->j, "line", error->line);
		json_close(&check->j, '}');
	}
	check->faults++;
	if (status != FAIL_INVALID && !check->status)
		check->status = status;
}

static void profile_check_name(struct profile_check *check, const char *name)
{
	const struct options *o = check->o;
	struct icred_options options = session_options(o);
	size_t before = check->faults;

	check->count++;
	options.log = o->verbose ? options.log : NULL;
	/* A cache module is loaded into this process, and might not come back. */
	options.timeout_ms = (unsigned)MAX(clock_left(session_first_deadline(o)), 1);
	(void)icred_profile_check(name, &options, profile_check_fault, check);
	if (check->faults == before && !o->json)
		output_format(check->out, "%s: OK\n", *name ? name : "default");
}

static int profile_check_found(const struct icred_profile *profile, void *data)
{
	if (!profile->hidden)
		profile_check_name(data, profile->name);
	return 0;
}

static int profile_check_run(const struct options *o, char **words)
{
	struct profile_check check = {.o = o, .out = output_stdout()};
	struct icred_options options = session_options(o);
	char first[4096];
	struct output document = {first, 0, sizeof(first), 0, 0};
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
		(void)icred_profile_list(&options, profile_check_found, &check);
	if (!check.count)
		fail_note(o, "there are no profile files; the built-in profile applies");
	if (o->json && !check.faults) {
		output_text(check.out, "{}\n");
	} else if (o->json) {
		output_format(
			&document,
			"{\"error\":{\"kind\":\"invalid\",\"message\":\"the profiles have %zu fault%s\",",
			check.faults, check.faults == 1 ? "" : "s");
		output_text(&document, "\"faults\":[");
		output_bytes(&document, check.faults_out.data, check.faults_out.len);
		output_text(&document, "]}}\n");
		output_write(&document, STDERR_FILENO);
	}
	output_wipe(&check.faults_out);
	return check.status ? check.status : check.faults ? FAIL_INVALID : 0;
}

#define PROFILE_OPTIONS (OPTIONS_TARGET & ~(unsigned)OPTION_PASSPHRASE) /* no question is ever asked */

const struct command cmd_profile = {"profile", profile_help, 0, 0, 0, NULL};
const struct command cmd_profile_list = {"profile list", profile_list_help, 0, 0, 0, profile_list_run};
const struct command cmd_profile_show = {"profile show",  profile_show_help, PROFILE_OPTIONS, 0, 1,
					 profile_show_run};
const struct command cmd_profile_check = {"profile check", profile_check_help, PROFILE_OPTIONS, 0,
					  INT_MAX,         profile_check_run};
