/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests for event loops.  What may have to wait, for the worker or for
 * another process, is an errand for a thread of the library's; all requests that
 * want the same token join one errand, and errands wait for a thread if there
 * are many.
 */
#ifndef ICRED_LIB_API_REQUEST_H
#define ICRED_LIB_API_REQUEST_H

#include <icred/icred.h>

/* Whose tokens it brings. */
icred_t *request_handle(const icred_request_t *request);
/* The handle is going away: cut short what is under way, and wait for it. */
void errands_end(icred_t *handle);

#endif
