/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <limits.h>
#include <time.h>

#include "lib/base/clock.h"

int64_t clock_utc(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME_COARSE, &now);
	return now.tv_sec;
}

int64_t clock_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t clock_add(int64_t time, int64_t span)
{
	int64_t sum;

	return __builtin_add_overflow(time, span, &sum) ? (span < 0 ? INT64_MIN : INT64_MAX) : sum;
}

int64_t clock_span(int64_t from, int64_t to)
{
	int64_t span;

	return __builtin_sub_overflow(to, from, &span) ? (from < 0 ? INT64_MAX : INT64_MIN) : span;
}

int clock_left(int64_t deadline)
{
	int64_t left = clock_span(clock_ms(), deadline);

	return left <= 0 ? 0 : left > INT_MAX ? INT_MAX : (int)left;
}

struct timespec clock_spec(int64_t milliseconds)
{
	struct timespec time = {.tv_nsec = (long)(milliseconds % 1000) * 1000000};

	if (__builtin_add_overflow(milliseconds / 1000, 0, &time.tv_sec))
		time.tv_sec = INT32_MAX;
	return time;
}

void clock_sleep(int milliseconds)
{
	struct timespec time = clock_spec(milliseconds);

	nanosleep(&time, NULL);
}
