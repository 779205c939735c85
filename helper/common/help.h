/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of --help and --version. */
#ifndef ICRED_HELPER_COMMON_HELP_H
#define ICRED_HELPER_COMMON_HELP_H

#include "helper/common/options.h"

/* The options by what a command does with them: options.h has the same groups. */
#define HELP_OPEN                                                                             \
	"  -p, --profile NAME       the profile; default: $ICRED_PROFILE, then \"default\"\n" \
	"  -a, --app ID             the app's ID; default: the profile's\n"
#define HELP_WHOSE                                                                          \
	"  -i, --installation ID    a token of this installation; default: the profile's\n" \
	"  -o, --organization ID    a token of this organization's installation\n"          \
	"      --as-app             the app's own token\n"
#define HELP_MIN_TTL "      --min-ttl DURATION   the token must live this long (90, 90s, 5m, 1h)\n"
#define HELP_PASSPHRASE                                                                   \
	"      --passphrase-fd N    answer a question for a passphrase or PIN with the\n" \
	"                           first line of descriptor N, and never prompt\n"
#define HELP_EVERYWHERE                                                         \
	"      --timeout DURATION   give up after this long; default: 30s\n"    \
	"      --no-interactive     never prompt, nor let the keyring prompt\n" \
	"      --json               print JSON, also for errors\n"              \
	"  -q, --quiet              print no warnings and notes, only errors\n" \
	"  -v, --verbose            report what is done; twice: everything\n"   \
	"  -h, --help               print this text\n"                          \
	"      --version            print the version\n"

#define HELP_OPTIONS        "Options:\n" HELP_OPEN HELP_WHOSE HELP_MIN_TTL HELP_PASSPHRASE HELP_EVERYWHERE
#define HELP_OPTIONS_TARGET "Options:\n" HELP_OPEN HELP_WHOSE HELP_PASSPHRASE HELP_EVERYWHERE
#define HELP_OPTIONS_OPEN   "Options:\n" HELP_OPEN HELP_PASSPHRASE HELP_EVERYWHERE

/* Both return 0; the text goes to standard output at the end. */
int help_print(const char *text);
int help_version(const struct options *o);

#endif
