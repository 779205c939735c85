/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "life.h"

#define WINDOW_MIN 300

int64_t life_refresh_at(int64_t minted_at, int64_t expires_at)
{
	int64_t life = MAX(expires_at - minted_at, 0);
	int64_t window = MIN(MAX(life / 10, WINDOW_MIN), life / 2);

	window = MIN(window, INT32_MAX);
	return expires_at - window + random_below((uint32_t)window / 5 + 1);
}

bool life_usable(int64_t expires_at, int64_t now, unsigned min_ttl)
{
	return expires_at > now && expires_at - now >= (int64_t)min_ttl;
}
