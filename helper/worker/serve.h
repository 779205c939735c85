/* SPDX-License-Identifier: LGPL-2.1-or-later */
#ifndef ICRED_HELPER_WORKER_SERVE_H
#define ICRED_HELPER_WORKER_SERVE_H

/*
 * Serve the library at the other end of the control socket until it is gone,
 * or nothing has been asked for a few seconds.  Returns the exit status.
 */
int serve(int control);

/* Take no more requests, finish those at work, and end: a thread of this worker can't be trusted any more. */
struct server;
void serve_retire(struct server *server);

#endif
