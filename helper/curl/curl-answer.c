/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/curl/curl-answer.h"

#define ANSWER_OK 200u

static void answer_line(struct answer *answer)
{
	const char *status;
	unsigned long number;

	answer->line[answer->len] = '\0';
	answer->len = 0;
	if (strncmp(answer->line, "HTTP/", 5) != 0)
		return;
	status = strchr(answer->line, ' ');
	number = status ? strtoul(status, NULL, 10) : 0;
	if (number < ANSWER_OK || number > 999)
		return;
	if (answer->count < ANSWER_STATUSES)
		answer->statuses[answer->count] = (unsigned)number;
	answer->count++;
}

void answer_headers(struct answer *answer, const char *bytes, size_t len)
{
	for (; len > 0; bytes++, len--) {
		if (*bytes == '\n')
			answer_line(answer);
		else if (answer->len < ANSWER_LINE - 1)
			answer->line[answer->len++] = *bytes;
	}
}

/* A success that another answer follows can only have been a proxy's. */
unsigned answer_status(const struct answer *answer)
{
	if (answer->count == 1)
		return answer->statuses[0];
	if (answer->count == 2 && answer->statuses[0] == ANSWER_OK)
		return answer->statuses[1];
	return 0;
}

bool answer_is_dead_token(const char *body, size_t len)
{
	static const char *const signs[] = {"access token invalid", "invalid access token",
					    "access token expired", "token has expired"};
	size_t i, sign;

	for (; len > 0; body++, len--) {
		for (i = 0; i < sizeof(signs) / sizeof(signs[0]); i++) {
			sign = strlen(signs[i]);
			if (len >= sign && strncasecmp(body, signs[i], sign) == 0)
				return true;
		}
	}
	return false;
}
