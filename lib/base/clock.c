/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <limits.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"

#define DAY          86400
#define FRACTION_MAX 18             /* digits of a second */
#define YEAR_0       (-62167219200) /* 0000-01-01T00:00:00Z */
#define YEAR_10000   253402300800   /* 10000-01-01T00:00:00Z */

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

/* After one of the characters of `before` ("" for none), so many digits; their number is at most `max`. */
static bool take_number(const char **at, const char *end, const char *before, int digits, int max,
			int64_t *ret)
{
	int64_t n = 0;

	if (*before && (*at == end || !**at || !strchr(before, *(*at)++)))
		return false;
	for (; digits > 0; digits--, (*at)++) {
		if (*at == end || **at < '0' || **at > '9')
			return false;
		n = n * 10 + (**at - '0');
	}
	*ret = n;
	return n <= max;
}

bool clock_parse_utc(const char *text, size_t len, int64_t *ret_utc)
{
	const char *at = text, *end = text + len;
	int64_t year, month, day, hour, minute, second, days, utc, east = 0, hours = 0, minutes = 0;
	char date[CLOCK_TEXT];

	if (!take_number(&at, end, "", 4, 9999, &year) || !take_number(&at, end, "-", 2, 12, &month) ||
	    !take_number(&at, end, "-", 2, 31, &day) || !take_number(&at, end, "Tt ", 2, 23, &hour) ||
	    !take_number(&at, end, ":", 2, 59, &minute) || !take_number(&at, end, ":", 2, 60, &second))
		return false;
	if (at < end && *at == '.') {
		const char *fraction = ++at;

		while (at < end && *at >= '0' && *at <= '9')
			at++;
		if (at == fraction || at - fraction > FRACTION_MAX)
			return false;
	}
	if (at < end && (*at == 'Z' || *at == 'z')) {
		at++;
	} else {
		east = at < end && *at == '-' ? -1 : 1;
		if (!take_number(&at, end, "+-", 2, 23, &hours) ||
		    !take_number(&at, end, ":", 2, 59, &minutes))
			return false;
	}
	if (at != end || month == 0 || day == 0)
		return false;
	/* As above, years begin in March; one era more, so that nothing is negative. */
	year += month < 3 ? 399 : 400;
	month = (month + 9) % 12;
	days = 365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 1 - 719468 -
	       146097;
	/* 30 February would be a day in March. */
	if (strncmp(clock_format_utc(days * DAY, date), text, strlen("2026-02-03")) != 0)
		return false;
	utc = days * DAY + hour * 3600 + minute * 60 + second - east * (hours * 3600 + minutes * 60);
	/* A leap second comes at the end of a UTC day, and counts as the first second of the next. */
	if ((second == 60 && utc % DAY != 0) || utc < YEAR_0 || utc >= YEAR_10000)
		return false;
	*ret_utc = utc;
	return true;
}
