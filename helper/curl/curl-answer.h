/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Does what a server answered mean that the token is dead? */
#ifndef ICRED_HELPER_CURL_CURL_ANSWER_H
#define ICRED_HELPER_CURL_CURL_ANSWER_H

#include <stdbool.h>
#include <stddef.h>

#define ANSWER_STATUSES 3
#define ANSWER_LINE     16

/* Collects the status lines out of the headers of curl's --dump-header, however they are cut. */
struct answer {
	char line[ANSWER_LINE]; /* the beginning of the present line */
	size_t len;
	unsigned statuses[ANSWER_STATUSES]; /* the first ones from 200 up */
	size_t count;                       /* of all of them             */
};

void answer_headers(struct answer *answer, const char *bytes, size_t len);
/* The one status of the one answer, that to CONNECT aside; 0 if there were others. */
unsigned answer_status(const struct answer *answer);
/* The ICR says 403 for a dead token too, and only the message tells it from a missing permission. */
bool answer_is_dead_token(const char *body, size_t len);

#endif
