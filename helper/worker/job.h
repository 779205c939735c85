/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A request at work: its socket, its deadline, and the host table its modules see. */
#ifndef ICRED_HELPER_WORKER_JOB_H
#define ICRED_HELPER_WORKER_JOB_H

#include <stdatomic.h>

#include "lib/protocol/frames.h"
#include "lib/module/host.h"

#define REQUESTS_MAX 64 /* at work at a time */

/* In which modules a request may be: the one it is for, a key's that signs beside it, or gets ready to. */
enum inside { INSIDE_CALL, INSIDE_KEY, INSIDE_PREPARE, INSIDE_COUNT };
/* A fingerprint: base64 of 32 bytes, and NUL. */
#define KEY_NAME_SIZE 45
/* A line beyond that has one key. */
#define KEY_LINES_MAX 64

struct request {
	_Atomic unsigned refs;
	int fd; /* the request's own socket */
	int frame;
	int64_t due;      /* clock_ms(): it has to be answered by then, whatever its modules do */
	int64_t deadline; /* the modules' own, a little earlier */
	bool given_up;    /* it was answered at that moment, without waiting for the module */
	_Atomic(const struct line *) inside[INSIDE_COUNT];
	struct server *server;
	struct secret_pool *pool;
	struct profile *profile;
	struct log log;
	struct host host;
	/* from the frame; they point into `bytes` */
	int target;
	const char *target_id, *label, *fingerprint;
	const unsigned char *pem;
	size_t pem_len;
	unsigned char *bytes; /* the packet, in secret memory */
	/* Each key line's keys that the server has refused; which line signed last, from 1 */
	unsigned spent[KEY_LINES_MAX];
	_Atomic size_t signer;
	/* For the audit: which key signed, and whether the outcome has been reported. */
	char key[KEY_NAME_SIZE];
	_Atomic bool audited;
};

/* Read a packet; takes fd and bytes over, on failure as well. */
int request_new(struct profile *profile, struct secret_pool *pool, const struct hello *hello, int fd,
		unsigned char *bytes, size_t len, struct request **ret_request);
struct request *request_ref(struct request *request);
struct request *request_unref(struct request *request);

/* A buffer for an answer with `room` bytes of fields; secret_free(wire.bytes). */
int request_answer(struct request *request, int frame, size_t room, struct wire *ret_wire);
int request_send(struct request *request, const struct wire *wire);
/* DONE with one string (tag 0: none), or this thread's failure as FAILED. */
int request_done(struct request *request, uint16_t tag, const char *text);
void request_failed(struct request *request);
/* The caller is gone: from now on no module has time left. */
void requests_end(void);

#endif
