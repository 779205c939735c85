/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ICRED_HELPER_WORKER_PROBE_H
#define ICRED_HELPER_WORKER_PROBE_H

#include "helper/worker/job.h"

/* Answer a PROBE request: can every module of the profile be loaded? */
int probe(struct request *request);

#endif
