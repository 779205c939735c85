/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/base/deadline.h"

#define ALONE_SHARE 3

int64_t deadline_inside(int64_t deadline, unsigned layers)
{
	int64_t now = clock_ms(), left = clock_span(now, deadline);

	while (layers--)
		left = deadline_inner(left);
	return clock_add(now, left);
}

int64_t deadline_alone(int64_t deadline)
{
	return clock_add(deadline, -(int64_t)clock_left(deadline) / ALONE_SHARE);
}
