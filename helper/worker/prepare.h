/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef PREPARE_H
#define PREPARE_H

#include "worker/request.h"

/* At a worker's first mint: let the key stack get ready while the issuer is being loaded. */
void prepare_keys(struct request *request);

#endif
