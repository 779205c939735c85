/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ICRED_HELPER_WORKER_MINT_H
#define ICRED_HELPER_WORKER_MINT_H

#include "helper/worker/job.h"

/* Answer a MINT request: the issuer stack, with one key of the app after the other while the server refuses them. */
int mint(struct request *request);

#endif
