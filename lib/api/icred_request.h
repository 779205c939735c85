/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the library itself needs of requests. */
#ifndef ICRED_LIB_API_ICRED_REQUEST_H
#define ICRED_LIB_API_ICRED_REQUEST_H

#include <icred/icred.h>

/* Whose tokens it brings. */
icred_t *request_handle(const icred_request_t *request);
/* The handle is going away: cut short what is under way, and wait for its threads. */
void request_queue_end(icred_t *handle);

#endif
