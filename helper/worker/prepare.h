/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ICRED_HELPER_WORKER_PREPARE_H
#define ICRED_HELPER_WORKER_PREPARE_H

#include "helper/worker/job.h"

/*
 * What goes before a request: every module of the profile is loaded and held
 * to the ABI, or that is its failure; and at a worker's first mint the key
 * stack gets ready beside that.
 */
int prepare(struct request *request);

#endif
