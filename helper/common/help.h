/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The texts of --help and --version. */
#ifndef ICRED_HELPER_HELP_H
#define ICRED_HELPER_HELP_H

#include "options.h"

/* The options that every program and command has. */
#define HELP_OPTIONS                                                                      \
	"Options:\n"                                                                      \
	"  -p, --profile NAME       the profile; else $ICRED_PROFILE, else default\n"     \
	"  -a, --app ID             the app's ID; else the profile's\n"                   \
	"  -i, --installation ID    a token of this installation; else the profile's\n"   \
	"  -o, --organization ID    a token of this organization's installation\n"        \
	"      --as-app             the app's own token\n"                                \
	"      --min-ttl DURATION   the token must live this long (90, 90s, 5m, 1h)\n"    \
	"      --timeout DURATION   give up after this long; 30s unless told\n"           \
	"      --no-interactive     never prompt, nor make the keyring prompt\n"          \
	"      --passphrase-fd N    answer a question for a passphrase or PIN with the\n" \
	"                           first line of descriptor N; else never prompt\n"      \
	"      --json               machine-readable output and errors\n"                 \
	"  -q, --quiet              say less on standard error\n"                         \
	"  -v, --verbose            say more; twice: everything\n"                        \
	"  -h, --help               this text\n"                                          \
	"      --version            the version\n"

/* Both return 0; the text goes to standard output at the end. */
int help_print(const char *text);
int help_version(const struct options *o);

#endif
