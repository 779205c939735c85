/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef WORKER_PROBE_H
#define WORKER_PROBE_H

#include "worker/request.h"

/* Answer a PROBE request: can every module of the profile be loaded? */
int probe(struct request *request);

#endif
