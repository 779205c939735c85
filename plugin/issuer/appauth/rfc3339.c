/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "plugin/issuer/appauth/rfc3339.h"

#define FRACTION_MAX 18
#define FIRST        (-62167219200) /* 0000-01-01T00:00:00Z */
#define LAST         253402300799   /* 9999-12-31T23:59:59Z */

struct cursor {
	const char *at;
	const char *end;
};

static bool digits(struct cursor *c, unsigned count, unsigned max, unsigned *ret)
{
	unsigned n = 0;

	for (; count > 0; count--) {
		if (c->at == c->end || *c->at < '0' || *c->at > '9')
			return false;
		n = n * 10 + (unsigned)(*c->at++ - '0');
	}
	*ret = n;
	return n <= max;
}

static bool one_of(struct cursor *c, char a, char b)
{
	if (c->at == c->end || (*c->at != a && *c->at != b))
		return false;
	c->at++;
	return true;
}

static unsigned month_days(unsigned year, unsigned month)
{
	static const unsigned char days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap ? 1u : 0u);
}

/* Days since 1970-01-01 in the proleptic Gregorian calendar. */
static int64_t day_number(unsigned year, unsigned month, unsigned day)
{
	int64_t y = (int64_t)year + 400; /* a cycle of 400 years more, so that nothing is negative */
	int64_t n = (y - 1) * 365 + (y - 1) / 4 - (y - 1) / 100 + (y - 1) / 400;

	for (unsigned m = 1; m < month; m++)
		n += month_days(year, m);
	return n + day - 1 - 719162 - 146097;
}

static bool read_date(struct cursor *c, int64_t *ret_days)
{
	unsigned year;
	unsigned month;
	unsigned day;

	if (!digits(c, 4, 9999, &year) || !one_of(c, '-', '-') || !digits(c, 2, 12, &month) ||
	    !one_of(c, '-', '-') || !digits(c, 2, 31, &day))
		return false;
	if (month == 0 || day == 0 || day > month_days(year, month))
		return false;
	*ret_days = day_number(year, month, day);
	return true;
}

static bool skip_fraction(struct cursor *c)
{
	unsigned n = 0;

	if (!one_of(c, '.', '.'))
		return true;
	while (c->at < c->end && *c->at >= '0' && *c->at <= '9' && n <= FRACTION_MAX) {
		c->at++;
		n++;
	}
	return n > 0 && n <= FRACTION_MAX;
}

static bool read_offset(struct cursor *c, int *ret_seconds)
{
	unsigned hours;
	unsigned minutes;
	int sign = 1;

	*ret_seconds = 0;
	if (one_of(c, 'Z', 'z'))
		return true;
	if (one_of(c, '-', '-'))
		sign = -1;
	else if (!one_of(c, '+', '+'))
		return false;
	if (!digits(c, 2, 23, &hours) || !one_of(c, ':', ':') || !digits(c, 2, 59, &minutes))
		return false;
	*ret_seconds = sign * (int)(hours * 3600 + minutes * 60);
	return true;
}

/* A leap second comes at the end of a UTC day, and counts as the first second of the next. */
static bool is_leap_fit(int64_t seconds)
{
	return seconds % 86400 == 0;
}

bool rfc3339_parse(const char *text, size_t len, int64_t *ret_seconds)
{
	struct cursor c = {text, text + len};
	int64_t days;
	int64_t seconds;
	unsigned h;
	unsigned m;
	unsigned s;
	int offset;

	if (!read_date(&c, &days) || !(one_of(&c, 'T', 't') || one_of(&c, ' ', ' ')))
		return false;
	if (!digits(&c, 2, 23, &h) || !one_of(&c, ':', ':') || !digits(&c, 2, 59, &m) ||
	    !one_of(&c, ':', ':') || !digits(&c, 2, 60, &s))
		return false;
	if (!skip_fraction(&c) || !read_offset(&c, &offset) || c.at != c.end)
		return false;
	seconds = days * 86400 + h * 3600 + m * 60 + s - offset;
	if ((s == 60 && !is_leap_fit(seconds)) || seconds < FIRST || seconds > LAST)
		return false;
	*ret_seconds = seconds;
	return true;
}
