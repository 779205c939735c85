/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The requests of a handle that wait for a thread of the library's; icred_request.c runs them. */
#ifndef ICRED_LIB_API_REQUEST_QUEUE_H
#define ICRED_LIB_API_REQUEST_QUEUE_H

#include "lib/base/lock.h"

struct errand;

struct errands {
	struct lock lock;
	struct errand *list;
	_Atomic uint32_t generation; /* of the process whose threads they are */
	_Atomic uint32_t threads;    /* that may still touch the handle */
	_Atomic uint32_t running;    /* of them, those that take errands */
};

#endif
