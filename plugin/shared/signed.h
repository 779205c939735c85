/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* For the audit: which key has signed. */
#ifndef ICRED_PLUGIN_SHARED_SIGNED_H
#define ICRED_PLUGIN_SHARED_SIGNED_H

#include <icred/module.h>

#include "plugin/shared/rsa.h"

/* Report the key of a signature to the host, if it wants to know; an older one cannot ask. */
void signed_by(const struct icred_host *host, const struct rsa_key *key);

#endif
