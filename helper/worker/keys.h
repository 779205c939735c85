/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef KEYS_H
#define KEYS_H

#include "worker/request.h"

/* Answer the KEY_ requests. */
int keys_check(struct request *request);
int keys_store(struct request *request);
int keys_list(struct request *request);
int keys_remove(struct request *request);

#endif
