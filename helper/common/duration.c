/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>

#include "helper/common/duration.h"

#define MINUTE 60
#define HOUR   3600

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
