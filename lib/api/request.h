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

#include "lib/base/lock.h"

struct errand;

struct errands {
	struct lock lock;
	struct errand *list;
	_Atomic uint32_t generation; /* of the process whose threads they are */
	_Atomic uint32_t threads;    /* that may still touch the handle */
	_Atomic uint32_t running;    /* of them, those that take errands */
	_Atomic bool closing;
};

/* Whose tokens it brings. */
icred_t *request_handle(const icred_request_t *request);
/* The handle is going away: cut short what is under way, and wait for it. */
void errands_end(icred_t *handle);

#endif
