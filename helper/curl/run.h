/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running curl as planned: what its files share. */
#ifndef ICRED_HELPER_CURL_RUN_H
#define ICRED_HELPER_CURL_RUN_H

#include <stdbool.h>
#include <stddef.h>

#include "helper/curl/plan.h"

#define ANSWER_STATUSES 3
#define ANSWER_LINE     16
#define WATCH_HELD_MAX  (64u << 10)

/* What curl reads from descriptors: the token is not in argv, in the environment or in a file. */
struct curl_input {
	int fds[PLAN_SEGMENTS + PLAN_CONFIGS];
	size_t count;
	int headers;   /* where curl will write the headers that it gets; -1 for nowhere */
	bool terminal; /* standard output is a terminal, though curl writes to a pipe */
	bool silent;   /* no progress meter there */
};

/* Collects the status lines from the headers of curl's --dump-header, in pieces of any size. */
struct answer {
	char line[ANSWER_LINE]; /* the beginning of the present line */
	size_t len;
	unsigned statuses[ANSWER_STATUSES]; /* the first ones from 200 up */
	size_t count;                       /* of all of them */
};

/* curl as a child, whose answer is held back while it may mean that the token is dead. */
struct watch {
	int headers, body; /* what curl writes; -1 when it has ended */
	int out;           /* where the body goes */
	struct answer answer;
	char held[WATCH_HELD_MAX];
	size_t held_len;
	bool passed;      /* part of the body is out */
	int lost;         /* errno of what could not be written */
	bool binary_fits; /* binary output is wanted, at a terminal too */
	int wait_status;
};

/* curl-input.c: ready for one run, and named in the plan; 0, or the exit status after reporting. */
int curl_input_open(struct curl_input *input, struct plan *plan, const char *secret);
/* Let the program that is run next inherit them. */
void curl_input_keep(const struct curl_input *input);
void curl_input_close(struct curl_input *input);

/* curl-answer.c: does what a server answered mean that the token is dead? */
void answer_headers(struct answer *answer, const char *bytes, size_t len);
/* The one status of the one answer, not counting that to CONNECT; 0 if there were others. */
unsigned answer_status(const struct answer *answer);
/* The ICR answers 403 for a dead token too; only the message shows that it is not a missing permission. */
bool answer_is_dead_token(const char *body, size_t len);

/*
 * version.c: does this curl keep a token at its origin when it follows a redirect?  The program itself is
 * asked, which takes milliseconds.  0, or the exit status after reporting.
 */
int version_check(const struct plan *plan, const char *path);

/* watch.c: 0 when curl has ended, or the exit status after reporting. */
int watch_run(struct watch *watch, struct plan *plan, struct curl_input *input, const char *path,
	      const char *secret);
/* Did the server say that the token is dead, with nothing of it written to standard output yet? */
bool watch_refused(const struct watch *watch, const struct plan *plan);
/* The same, written or not. */
bool watch_dead(const struct watch *watch);
/* Write what is held, and end as curl ended, or would have: its exit status, or its signal. */
int watch_finish(struct watch *watch, const struct plan *plan);

#endif
