/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>

#include "helper/common/duration.h"

#define MINUTE 60
#define HOUR   3600
#define DAY    86400

const char *duration_format(int64_t seconds, char text[DURATION_TEXT])
{
	if (seconds <= 0)
		snprintf(text, DURATION_TEXT, "expired");
	else if (seconds < MINUTE)
		snprintf(text, DURATION_TEXT, "%ds", (int)seconds);
	else if (seconds < HOUR)
		snprintf(text, DURATION_TEXT, "%dm %02ds", (int)(seconds / MINUTE), (int)(seconds % MINUTE));
	else
		snprintf(text, DURATION_TEXT, "%lldh %02dm", (long long)(seconds / HOUR),
			 (int)(seconds % HOUR / MINUTE));
	return text;
}

/* The civil date of a day number, by counting 400-year eras that start on the 1st of March. */
const char *rfc3339_format(int64_t utc, char text[RFC3339_TEXT])
{
	int64_t days = utc / DAY, second = utc % DAY, era, day, year, month;

	if (second < 0) {
		second += DAY;
		days--;
	}
	days += 719468; /* from 1970-01-01 to 0000-03-01 */
	era = (days >= 0 ? days : days - 146096) / 146097;
	day = days - era * 146097;
	year = (day - day / 1460 + day / 36524 - day / 146096) / 365;
	day -= 365 * year + year / 4 - year / 100;
	month = (5 * day + 2) / 153;
	day -= (153 * month + 2) / 5;
	year += era * 400 + (month >= 10);
	snprintf(text, RFC3339_TEXT, "%04lld-%02d-%02dT%02d:%02d:%02dZ", (long long)year,
		 (int)(month < 10 ? month + 3 : month - 9), (int)day + 1, (int)(second / HOUR),
		 (int)(second % HOUR / MINUTE), (int)(second % MINUTE));
	return text;
}
