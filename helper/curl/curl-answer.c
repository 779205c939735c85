/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what a server answered to curl means that the token is dead. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "helper/curl/run.h"
#include "lib/base/language.h"

#define ANSWER_OK 200u

void answer_headers(struct answer *answer, const char *bytes, size_t len)
{
	const char *status;
	unsigned long number;

	for (; len > 0; bytes++, len--) {
		if (*bytes != '\n') {
			if (answer->len < ANSWER_LINE - 1)
				answer->line[answer->len++] = *bytes;
			continue;
		}
		answer->line[answer->len] = '\0';
		answer->len = 0;
		status = strncmp(answer->line, "HTTP/", 5) == 0 ? strchr(answer->line, ' ') : NULL;
		number = status ? strtoul(status, NULL, 10) : 0;
		if (number < ANSWER_OK || number > 999)
			continue;
		if (answer->count < ANSWER_STATUSES)
			answer->statuses[answer->count] = (unsigned)number;
		answer->count++;
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
	size_t sign;

	for (; len > 0; body++, len--) {
		for (size_t i = 0; i < ARRAY_SIZE(signs); i++) {
			sign = strlen(signs[i]);
			if (len >= sign && strncasecmp(body, signs[i], sign) == 0)
				return true;
		}
	}
	return false;
}
