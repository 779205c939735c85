/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long a token is used: the one formula, documented in icred-profile(5). */
#ifndef LIFE_H
#define LIFE_H

#include <stdint.h>

#include "util.h"

/*
 * From when on a new token is wanted (UTC, seconds): when less than a tenth of
 * its life is left, at least 5 minutes, at most half of it; less a jitter of
 * up to a fifth of that, so that a fleet does not refresh in step.
 */
int64_t life_refresh_at(int64_t minted_at, int64_t expires_at);
/* Lives min_ttl more seconds; a token that expires this second is dead. */
bool life_usable(int64_t expires_at, int64_t now, unsigned min_ttl);

#endif
