/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred(1): short-lived tokens for a shell. */
#include "config.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/process.h"
#include "helper/common/session.h"
#include "helper/icred/commands.h"
#include "lib/base/language.h"
#include "lib/base/suggest.h"

static const char main_help[] =
	"Usage: icred [OPTIONS] COMMAND ...\n"
	"\n"
	"Short-lived tokens for the API of the International Carbon Registry, minted\n"
	"with an app's private key, which stays in the keyring.\n"
	"\n"
	"Commands:\n"
	"  token                        print a token\n"
	"  curl-config [URL...]         print lines for curl --config\n"
	"  curl ARGUMENT...             run curl with a token\n"
	"  exec -- COMMAND...           run a command with a token in $ICRED_TOKEN\n"
	"  status                       show the profile, its keys and cached tokens\n"
	"  forget                       empty the profile's caches\n"
	"  key import FILE|-            store an app's private key\n"
	"  key list                     list the app's keys\n"
	"  key remove FINGERPRINT       remove a key\n"
	"  key fingerprint FILE|-       print the fingerprint of a key file\n"
	"  profile list                 list the profiles\n"
	"  profile show [NAME]          print a profile as it will run\n"
	"  profile check [NAME...]      report what is wrong with profiles\n"
	"  help [COMMAND]               the same as COMMAND --help\n"
	"\n" HELP_OPTIONS "\n"
	"Exit status: 0 done, 1 other failure, 2 usage, 3 not found, 4 keyring locked or\n"
	"missing, 5 refused by the issuer, 6 outside the profile's origins, 7 network,\n"
	"timeout or rate limit, 8 a bad profile or key file.\n"
	"\n"
	"Example:\n"
	"  icred --app 12345 key import app.pem\n"
	"  curl -q --config <(icred -a 12345 -i INSTALLATION curl-config) \\\n"
	"      https://api.carbonregistry.com/projects\n"
	"\n"
	"Manual: icred(1)\n";

static int main_run_help(const struct options *o, char **words);

static const struct command cmd_help = {"help", main_help, 0, 0, 2, main_run_help};

static const struct command *const main_commands[] = {
	&cmd_token,        &cmd_curl_config,     &cmd_status,  &cmd_key_import, &cmd_key_list,
	&cmd_key_remove,   &cmd_key_fingerprint, &cmd_key,     &cmd_forget,     &cmd_profile_list,
	&cmd_profile_show, &cmd_profile_check,   &cmd_profile, &cmd_curl,       &cmd_exec,
	&cmd_help,
};

/* The command that these words call, and how many of them are its name; NULL if there is none. */
static const struct command *main_find(char **words, int count, int *ret_used)
{
	size_t i, len;

	*ret_used = 0;
	for (i = 0; i < ARRAY_SIZE(main_commands) && count > 0; i++) {
		const char *name = main_commands[i]->name, *blank = strchr(name, ' ');

		len = strcspn(name, " ");
		if (strlen(words[0]) != len || strncmp(words[0], name, len) != 0 ||
		    (blank && (count < 2 || strcmp(words[1], blank + 1) != 0)))
			continue;
		*ret_used = blank ? 2 : 1;
		return main_commands[i];
	}
	return NULL;
}

/* The command's word in this group, or in none (NULL): "import" of "key import"; NULL if it is not in it. */
static const char *main_name_in(const struct command *group, const struct command *command)
{
	size_t len = group ? strlen(group->name) : 0;

	if (!group)
		return strchr(command->name, ' ') ? NULL : command->name;
	return strncmp(command->name, group->name, len) == 0 && command->name[len] == ' '
		       ? command->name + len + 1
		       : NULL;
}

/* The first word is not a command; or it is a group's, and the second is not one of its commands. */
static int main_unknown(const struct options *o, const struct command *group, const char *word)
{
	struct suggestion similar = suggest_for(word, strlen(word));
	const char *name, *first = group ? group->name : "", *blank = group ? " " : "";
	size_t i;

	for (i = 0; i < ARRAY_SIZE(main_commands); i++) {
		name = main_name_in(group, main_commands[i]);
		if (name)
			suggest_name(&similar, name, strlen(name));
	}
	return fail(o, FAIL_USAGE, "usage", "unknown command: %s%s%s%s (see icred %s%s--help)", first, blank,
		    word, suggest_text(&similar), first, blank);
}

static int main_run_help(const struct options *o, char **words)
{
	const struct command *command;
	int used, count = words[0] ? (words[1] ? 2 : 1) : 0;

	if (count == 0)
		return help_print(main_help);
	command = main_find(words, count, &used);
	if (!command || used < count)
		return main_unknown(o, command, words[used]);
	return help_print(command->help);
}

/* "key" alone: what it needs. */
static int main_incomplete(const struct options *o, const struct command *group)
{
	char list[128] = "";
	const char *name;
	size_t i, used = 0;

	for (i = 0; i < ARRAY_SIZE(main_commands); i++) {
		name = main_name_in(group, main_commands[i]);
		if (name && used < sizeof(list))
			used += (size_t)snprintf(list + used, sizeof(list) - used, "%s%s", used ? ", " : "",
						 name);
	}
	return fail(o, FAIL_USAGE, "usage", "%s needs one of %s (see icred %s --help)", group->name, list,
		    group->name);
}

static int main_command(struct options *o, char **words, int count)
{
	int used;
	const struct command *command = main_find(words, count, &used);
	bool is_group = command && !command->run;

	if ((count > 0 && !command) || (is_group && count > used))
		return main_unknown(o, command, words[used]);
	if (o->help)
		return help_print(command ? command->help : main_help);
	if (o->version)
		return help_version(o);
	if (is_group)
		return main_incomplete(o, command);
	words += used;
	count -= used;
	if (!command)
		options_complain(o, "a command is missing");
	else if (options_suit(o, command->takes) == 0 && count < command->words_least)
		options_complain(o, "a word is missing after the command: %s", command->name);
	else if (!o->complaint[0] && count > command->words_most)
		options_complain(o, "unexpected word: %.200s", words[command->words_most]);
	if (o->complaint[0])
		return fail_usage(o);
	if (command != &cmd_curl && command != &cmd_exec)
		process_seal();
	return command->run(o, words);
}

int main(int argc, char **argv)
{
	struct options o = {.program = "icred", .wraps = "curl", .runs = "exec"};
	int count, status;

	process_start();
	count = options_parse(&o, argc, argv);
	if (count >= 0 && argc > 0)
		argv[count] = NULL;
	status = count < 0 ? fail_usage(&o) : main_command(&o, argv, count);
	session_end();
	return process_finish(&o, status);
}
