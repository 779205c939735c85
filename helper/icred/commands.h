/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The commands of icred(1): one file each, cmd-NAME.c. */
#ifndef ICRED_HELPER_ICRED_COMMANDS_H
#define ICRED_HELPER_ICRED_COMMANDS_H

#include "helper/common/options.h"

struct command {
	const char *name; /* "token", or "key import" */
	const char *help;
	unsigned takes;              /* which OPTION_ of options.h it takes                 */
	int words_least, words_most; /* how many words may follow its name  */
	/*
	 * words are NULL-terminated; returns the exit status, after reporting what is wrong.
	 * NULL for the first word of several commands, such as "key", which has only a help text.
	 */
	int (*run)(const struct options *o, char **words);
};

extern const struct command cmd_curl;
extern const struct command cmd_curl_config;
extern const struct command cmd_exec;
extern const struct command cmd_forget;
extern const struct command cmd_key;
extern const struct command cmd_key_fingerprint;
extern const struct command cmd_key_import;
extern const struct command cmd_key_list;
extern const struct command cmd_key_remove;
extern const struct command cmd_profile;
extern const struct command cmd_profile_check;
extern const struct command cmd_profile_list;
extern const struct command cmd_profile_show;
extern const struct command cmd_status;
extern const struct command cmd_token;

#endif
