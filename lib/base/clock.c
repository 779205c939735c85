/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <limits.h>
#include <time.h>

#include "lib/base/clock.h"

#define DAY 86400

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

/* Days are counted in 400-year eras from 0000-03-01, so that a leap day is the last one of its year. */
const char *clock_format_utc(int64_t utc, char text[CLOCK_TEXT])
{
	int64_t second = (utc % DAY + DAY) % DAY, days = utc / DAY - (utc % DAY < 0) + 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097, day = days - era * 146097;
	int64_t year = (day - day / 1460 + day / 36524 - day / 146096) / 365, month;
	char *to = text;

	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	year += era * 400 + (month >= 10);
	month = month < 10 ? month + 3 : month - 9;
	const int64_t fields[] = {year, month, day + 1, second / 3600, second / 60 % 60, second % 60};
	for (int i = 0; i < 6; i++) {
		char digits[24];
		int n = 0;
		for (int64_t rest = fields[i] < 0 ? -fields[i] : fields[i]; n < (i ? 2 : 4) || rest;
		     rest /= 10)
			digits[n++] = (char)('0' + rest % 10);
		if (fields[i] < 0)
			*to++ = '-';
		while (n)
			*to++ = digits[--n];
		*to++ = "--T::Z"[i];
	}
	*to = '\0';
	return text;
}
