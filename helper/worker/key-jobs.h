/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ICRED_HELPER_WORKER_KEY_JOBS_H
#define ICRED_HELPER_WORKER_KEY_JOBS_H

#include "helper/worker/job.h"

/* Answer the KEY_ requests. */
int keys_check(struct request *request);
int keys_store(struct request *request);
int keys_list(struct request *request);
int keys_remove(struct request *request);

#endif
