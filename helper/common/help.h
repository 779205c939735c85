/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of --help and --version. */
#ifndef ICRED_HELPER_COMMON_HELP_H
#define ICRED_HELPER_COMMON_HELP_H

#include "helper/common/options.h"

/* The options by what a command does with them: options.h has the same groups. */
#define HELP_OPEN                                                                     \
	"  -p, --profile NAME       the profile; else $ICRED_PROFILE, else default\n" \
	"  -a, --app ID             the app's ID; else the profile's\n"
#define HELP_WHOSE                                                                      \
	"  -i, --installation ID    a token of this installation; else the profile's\n" \
	"  -o, --organization ID    a token of this organization's installation\n"      \
	"      --as-app             the app's own token\n"
#define HELP_MIN_TTL "      --min-ttl DURATION   the token must live this long (90, 90s, 5m, 1h)\n"
#define HELP_PASSPHRASE                                                                   \
	"      --passphrase-fd N    answer a question for a passphrase or PIN with the\n" \
	"                           first line of descriptor N; else never prompt\n"
#define HELP_EVERYWHERE                                                          \
	"      --timeout DURATION   give up after this long; default 30s\n"      \
	"      --no-interactive     never prompt, nor make the keyring prompt\n" \
	"      --json               machine-readable output and errors\n"        \
	"  -q, --quiet              say less on standard error\n"                \
	"  -v, --verbose            say more; twice: everything\n"               \
	"  -h, --help               this text\n"                                 \
	"      --version            the version\n"

#define HELP_OPTIONS        "Options:\n" HELP_OPEN HELP_WHOSE HELP_MIN_TTL HELP_PASSPHRASE HELP_EVERYWHERE
#define HELP_OPTIONS_TARGET "Options:\n" HELP_OPEN HELP_WHOSE HELP_PASSPHRASE HELP_EVERYWHERE
#define HELP_OPTIONS_OPEN   "Options:\n" HELP_OPEN HELP_PASSPHRASE HELP_EVERYWHERE

/* Both return 0; the text goes to standard output at the end. */
int help_print(const char *text);
int help_version(const struct options *o);

#endif
