/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line that every program of ours understands. */
#ifndef ICRED_HELPER_OPTIONS_H
#define ICRED_HELPER_OPTIONS_H

#include <stdbool.h>

#define OPTIONS_TIMEOUT_MAX 3600u  /* seconds: nobody waits for a token longer than an hour */
#define OPTIONS_MIN_TTL_MAX 86400u /* seconds: no issuer's tokens live longer than a day    */

/* Options that only some commands take; a command tells them in its mask. */
enum { OPTION_LABEL = 1u << 0, OPTION_HEX = 1u << 1, OPTION_HEADER = 1u << 2 };

struct options {
	const char *program;
	const char *profile;
	const char *app;
	const char *installation;
	const char *organization;
	const char *label;
	unsigned min_ttl;    /* seconds; 0: as the profile says      */
	unsigned timeout_ms; /* milliseconds; 0: as the profile says */
	unsigned special;    /* which OPTION_ of a command was seen  */
	unsigned verbose;
	int passphrase_fd; /* that a question is answered from, if has_passphrase */
	bool as_app, no_interactive, has_passphrase, json, quiet, help, version;
	/* Commands that run another program: all words after the name of the first are its, and
	 * those after the first word or "--" of the second. */
	const char *wraps, *runs;
	const char *complaint; /* what is wrong with the command line, */
	const char *culprit;   /* and with which word of it            */
};

/*
 * Read the options out of argv[1 ..]; the other words are moved to its start.
 * With only_leading, the first word that is no option ends the options.
 * Returns the number of words, or -1 with complaint and culprit set.
 */
int options_parse(struct options *o, int argc, char **argv, bool only_leading);
/* How long the program may take, with that setting of the profile; an hour at most, as on a command line. */
unsigned options_timeout_ms(const struct options *o, const char *setting);
/* For a command line that parsed, but not for this command; returns -1. */
int options_complain(struct options *o, const char *complaint, const char *culprit);

#endif
