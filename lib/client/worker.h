/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The caller's end of icred-worker: started on demand, killed at the deadline. */
#ifndef ICRED_LIB_CLIENT_WORKER_H
#define ICRED_LIB_CLIENT_WORKER_H

#include <icred/icred.h>

#include "lib/base/lock.h"
#include "lib/client/launch.h"
#include "lib/protocol/frames.h"

struct context;

struct worker {
	struct context *context;
	struct lock lock;
	uint32_t generation; /* of the process it belongs to: lock_generation() */
	struct owned control;
	struct child child;
	unsigned starts;        /* how many there have been */
	_Atomic unsigned kills; /* how often a deadline killed it, and other requests with it */
	unsigned ended;         /* which of them ended last, as `starts` counted it; 0: none that is known */
	int status;             /* and how: as waitpid(2) has it */
};

void worker_init(struct worker *worker, struct context *context);
void worker_stop(struct worker *worker);
/*
 * Kill it at once, whatever it is doing; calls that wait for it fail, as it ended.  Unless that has happened
 * since `kills` was read: then there is another one, which did nothing.
 */
void worker_kill(struct worker *worker, unsigned kills);

/* An answer to a request other than LOG, PROMPT and FAILED; a negative code ends the request. */
typedef int worker_answer_fn(int frame, struct reader *reader, void *data);

/*
 * Send a request and take its answers until DONE or FAILED.  A worker that
 * hangs, crashes or sends a damaged answer is a failure here and nothing more.
 */
int worker_call(struct worker *worker, struct wire *request, int64_t deadline, worker_answer_fn *answer,
		void *data);
/* A buffer for a request with `room` bytes of fields, in secret memory; release it with secret_free(wire.bytes). */
#define REQUEST_ROOM 1024 /* for all that carry no PEM */
int worker_request(struct worker *worker, int frame, size_t room, struct wire *ret_wire);

#endif
