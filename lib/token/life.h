/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * How long a token is used: the one formula, documented in icred-profile(5).
 *
 * The wall clock may be set while tokens live.  Each comparison with it has
 * two ends: a moment that lies in the future by more than CLOCK_TOLERANCE says
 * that the clock was set back, and then the true age is not known.
 */
#ifndef ICRED_LIB_TOKEN_LIFE_H
#define ICRED_LIB_TOKEN_LIFE_H

#include <stdint.h>

#include "lib/base/language.h"

#define CLOCK_TOLERANCE 300 /* seconds; what clocks of one machine's boots and containers differ by */

/* `since` is less than `span` seconds ago, and not in the future. */
bool life_within(int64_t since, int64_t now, int64_t span);
/*
 * From when on a new token is wanted (UTC, seconds): when less than a tenth of
 * its life is left, at least 5 minutes, at most half of it; less a jitter of
 * up to a fifth of that, so that a fleet does not refresh in step.
 */
int64_t life_refresh_at(int64_t minted_at, int64_t expires_at);
/*
 * The seconds that a token has left, never more than it had when it was
 * minted; 0 if it has expired, or its age is not known.
 */
int64_t life_left(int64_t minted_at, int64_t expires_at, int64_t now);
/* Lives min_ttl more seconds; a token that expires this second is dead. */
bool life_usable(int64_t minted_at, int64_t expires_at, int64_t now, unsigned min_ttl);

#endif
