/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The command line that every program of ours understands. */
#ifndef ICRED_HELPER_COMMON_OPTIONS_H
#define ICRED_HELPER_COMMON_OPTIONS_H

#include <stdbool.h>

#define OPTIONS_TIMEOUT_MAX 3600u  /* seconds: no token takes longer than an hour */
#define OPTIONS_MIN_TTL_MAX 86400u /* seconds: no issuer's tokens live longer than a day    */

/* Options that only some commands take: a command has them in its mask.  Every command takes the others. */
enum {
	OPTION_PROFILE = 1u << 0,
	OPTION_APP = 1u << 1,
	OPTION_INSTALLATION = 1u << 2,
	OPTION_ORGANIZATION = 1u << 3,
	OPTION_AS_APP = 1u << 4,
	OPTION_MIN_TTL = 1u << 5,
	OPTION_PASSPHRASE = 1u << 6,
	OPTION_LABEL = 1u << 7,
	OPTION_HEX = 1u << 8,
	OPTION_HEADER = 1u << 9,
	OPTION_EVERYWHERE = 1u << 10
};
/* Of a command that opens a profile, also to say whose token it is about, also to get one. */
#define OPTIONS_OPEN   ((unsigned)(OPTION_PROFILE | OPTION_APP | OPTION_PASSPHRASE))
#define OPTIONS_TARGET ((unsigned)(OPTIONS_OPEN | OPTION_INSTALLATION | OPTION_ORGANIZATION | OPTION_AS_APP))
#define OPTIONS_TOKEN  ((unsigned)(OPTIONS_TARGET | OPTION_MIN_TTL))

#define OPTIONS_VALUED    8 /* options that take a value */
#define OPTIONS_COMPLAINT 512

struct options {
	const char *program;
	const char *profile;
	const char *app;
	const char *installation;
	const char *organization;
	const char *label;
	unsigned min_ttl;    /* seconds; 0: as the profile says      */
	unsigned timeout_ms; /* milliseconds; 0: as the profile says */
	unsigned seen;       /* which OPTION_ were given             */
	unsigned takes;      /* which OPTION_ the command has; 0 until options_suit() */
	unsigned verbose;
	int passphrase_fd; /* that a question is answered from, if has_passphrase */
	bool as_app, no_interactive, has_passphrase, json, quiet, help, version;
	/* Commands that run another program: all words after the name of the first are its, and
	 * those after the first word or "--" of the second. */
	const char *wraps, *runs;
	const char *given[OPTIONS_VALUED]; /* values as they were typed, to notice that one is given twice */
	char complaint[OPTIONS_COMPLAINT]; /* what is wrong with the command line; "" if nothing is        */
};

/*
 * Read the options out of argv[1 ..], before and after the other words, which
 * are moved to its start; "--" ends the options.  Returns the number of words,
 * or -1 with the complaint set.
 */
int options_parse(struct options *o, int argc, char **argv);
/* Whether a command that takes these options accepts what was given, here or by the environment; 0 or -1. */
int options_suit(struct options *o, unsigned takes);
/* Whether this can be the name of a profile; `from` is where it was given: an option, a variable, a command.  0 or -1. */
int options_profile(struct options *o, const char *value, const char *from);
/* How long the program may take, with that setting of the profile; an hour at most, as on a command line. */
unsigned options_timeout_ms(const struct options *o, const char *setting);
/* For a command line that was parsed, but is not right for this command; returns -1. */
int options_complain(struct options *o, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
