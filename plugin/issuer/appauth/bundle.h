/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The certificates that a profile trusts. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_BUNDLE_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_BUNDLE_H

#include <icred/module.h>

/* Refuse a bundle that cannot be used, when it is named and not when it is needed. */
int bundle_check(const struct icred_host *host, const char *path);

#endif
