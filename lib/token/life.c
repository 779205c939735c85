/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/base/number.h"
#include "lib/token/life.h"

#define WINDOW_MIN 300

int64_t life_refresh_at(int64_t minted_at, int64_t expires_at)
{
	int64_t life = MAX(clock_span(minted_at, expires_at), 0);
	int64_t window = MIN(MAX(life / 10, WINDOW_MIN), life / 2);

	window = MIN(window, INT32_MAX);
	return clock_add(expires_at, random_below((uint32_t)window / 5 + 1) - window);
}

bool life_within(int64_t since, int64_t now, int64_t span)
{
	int64_t age = clock_span(since, now);

	return age >= -CLOCK_TOLERANCE && age < span;
}

int64_t life_left(int64_t minted_at, int64_t expires_at, int64_t now)
{
	int64_t left = MIN(clock_span(now, expires_at), clock_span(minted_at, expires_at));

	return life_within(minted_at, now, INT64_MAX) ? MAX(left, 0) : 0;
}

bool life_usable(int64_t minted_at, int64_t expires_at, int64_t now, unsigned min_ttl)
{
	int64_t left = life_left(minted_at, expires_at, now);

	return left > 0 && left >= (int64_t)min_ttl;
}
