/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Running curl as a child, whose answer is held back while it may mean that the token is dead. */
#ifndef ICRED_HELPER_CURL_WATCH_H
#define ICRED_HELPER_CURL_WATCH_H

#include <signal.h>

#include "helper/curl/curl-answer.h"
#include "helper/curl/feed.h"

#define WATCH_HELD_MAX (64u << 10)

struct watch {
	int headers, body; /* what curl writes; -1 when it has ended */
	int out;           /* where the body goes                    */
	pid_t child;
	struct answer answer;
	char held[WATCH_HELD_MAX];
	size_t held_len;
	bool passed; /* part of the body is out */
	int lost;    /* errno of what could not be written */
	bool binary_fits;
	int wait_status;
	struct sigaction pipe_action, child_action; /* as they were */
};

/* 0 when curl has ended, or the exit status after telling. */
int watch_run(struct watch *watch, struct plan *plan, struct feed *feed, const char *path,
	      const char *secret);
/* Did the server say that the token is dead, and nobody has seen a word of it? */
bool watch_refused(const struct watch *watch, const struct plan *plan);
/* The same, seen or unseen. */
bool watch_dead(const struct watch *watch);
/* Let out what is held, and end as curl ended, or would have: its exit status, or its signal. */
int watch_finish(struct watch *watch, const struct plan *plan);

#endif
