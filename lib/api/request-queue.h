/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tokens that requests of a handle wait for; icred_request.c has the threads that fetch them. */
#ifndef ICRED_LIB_API_REQUEST_QUEUE_H
#define ICRED_LIB_API_REQUEST_QUEUE_H

#include "lib/base/lock.h"

struct fetch;

struct request_queue {
	struct lock lock;
	struct fetch *list;
	_Atomic uint32_t generation; /* of the process whose threads they are */
	_Atomic uint32_t threads;    /* that may still touch the handle */
	_Atomic uint32_t running;    /* of them, those that still take fetches */
};

#endif
