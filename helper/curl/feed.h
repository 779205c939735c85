/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What curl reads from descriptors: neither argv, nor the environment, nor a file has it. */
#ifndef ICRED_HELPER_CURL_FEED_H
#define ICRED_HELPER_CURL_FEED_H

#include "helper/curl/plan.h"

struct feed {
	int fds[PLAN_SEGMENTS + PLAN_CONFIGS];
	size_t count;
	int headers;   /* where curl shall write the headers it gets; -1 for nowhere */
	bool terminal; /* standard output is one, and only looks like a pipe        */
	bool silent;   /* no progress meter there                                   */
};

/* Ready for one run, and named in the plan; 0, or the exit status after telling. */
int feed_open(struct feed *feed, struct plan *plan, const char *secret);
/* Let the program that is run next inherit them. */
void feed_keep(const struct feed *feed);
void feed_close(struct feed *feed);

#endif
