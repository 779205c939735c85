/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/base/descriptor.h"
#include "lib/base/error.h"
#include "lib/base/secret.h"
#include "lib/base/system-words.h"
#include "lib/client/worker.h"
#include "lib/module/context.h"

#define LOOK_MS 500 /* between looks whether the socket is still ours */

void worker_init(struct worker *worker, struct context *context)
{
	worker->context = context;
	worker->control = OWNED_NONE;
	worker->child = NO_CHILD;
	worker->generation = lock_generation();
}

static void worker_lock(struct worker *worker)
{
	lock_take(&worker->lock);
	if (worker->generation == lock_generation())
		return;
	/* The parent process's: let go of it, without ending it or waiting for it. */
	owned_close(&worker->control);
	child_forget(&worker->child);
	worker->generation = lock_generation();
}

/* Its control socket's end is what makes it end, also while processes that the caller has forked hold that open. */
static void stop_locked(struct worker *worker)
{
	if (worker->control.fd >= 0)
		shutdown(owned_fd(&worker->control), SHUT_RDWR);
	owned_close(&worker->control);
	if (worker->child.pid && child_release(&worker->child, &worker->status))
		worker->ended = worker->starts;
}

void worker_stop(struct worker *worker)
{
	worker_lock(worker);
	stop_locked(worker);
	lock_give(&worker->lock);
}

void worker_kill(struct worker *worker, unsigned kills)
{
	worker_lock(worker);
	if (worker->kills == kills) {
		child_kill(&worker->child);
		worker->kills++;
		stop_locked(worker);
	}
	lock_give(&worker->lock);
}

/* Never blocks past the deadline, even if the worker has stopped reading. */
static bool send_frame(int fd, const struct wire *frame, int passed, int64_t deadline)
{
	struct iovec data = {frame->bytes, frame->len};
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {.bytes = {0}};
	struct msghdr message = {.msg_iov = &data, .msg_iovlen = 1};
	ssize_t n;

	if (passed >= 0) {
		message.msg_control = control.bytes;
		message.msg_controllen = sizeof(control.bytes);
		struct cmsghdr *head = CMSG_FIRSTHDR(&message);
		head->cmsg_level = SOL_SOCKET;
		head->cmsg_type = SCM_RIGHTS;
		head->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(head), &passed, sizeof(int));
	}
	for (;;) {
		struct pollfd room = {.fd = fd, .events = POLLOUT};
		n = sendmsg(fd, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n >= 0 || (errno != EINTR && errno != EAGAIN))
			return n == (ssize_t)frame->len;
		if (errno == EAGAIN && poll(&room, 1, clock_left(deadline)) == 0)
			return false;
	}
}

int worker_request(struct worker *worker, int frame, size_t room, struct wire *ret_wire)
{
	void *bytes = secret_alloc(worker->context->pool, room);

	if (!bytes)
		return set_no_memory();
	*ret_wire = (struct wire){.bytes = bytes, .cap = room};
	frame_begin(ret_wire, frame);
	return ICRED_OK;
}

enum { ENDED = 2 }; /* the worker ended without an answer, or its socket is lost */

/* How the worker that was started as the given one ended, as far as that is known. */
static int ended_locked(const struct worker *worker, unsigned start, const char *when)
{
	bool known = worker->ended == start;
	char how[STATUS_WORDS_MAX] = "ended";

	if (known)
		status_words(worker->status, how, sizeof(how));
	return set_error(ICRED_E_INTERNAL, "icred-worker %s %s%s", how, when,
			 known && WIFSIGNALED(worker->status) ? "" : "; run with ICRED_TRACE=1 to see why");
}

static int no_socket(void)
{
	return set_error(errno_code(errno, ICRED_E_INTERNAL), "cannot make a socket: %s", errno_words(errno));
}

/* A new worker, which has been sent HELLO. */
static int start_locked(struct worker *worker, int64_t deadline)
{
	const char *directory = secure_getenv("ICRED_LIBEXEC_DIR");
	struct context *context = worker->context;
	_cleanup_secret_ void *bytes = NULL;
	char path[PATH_MAX];
	struct wire hello;
	int pair[2], n, r;

	if (!directory || directory[0] != '/')
		directory = WORKER_DIR;
	n = snprintf(path, PATH_MAX, "%s/icred-worker", directory);
	if (n < 0 || n >= PATH_MAX) /* its beginning would be another path */
		return set_error(ICRED_E_INVALID, "the value of ICRED_LIBEXEC_DIR is too long; unset it");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return no_socket();
	r = spawn(path, pair[1], context->log.trace_stderr, &worker->child);
	close_keep_errno(pair[1]);
	if (r < 0) {
		close_keep_errno(pair[0]);
		return r;
	}
	worker->control = owned_take(pair[0]);
	worker->starts++;
	log_line(&context->log, ICRED_LOG_DEBUG, "icred-worker started, process %d", (int)worker->child.pid);
	r = worker_request(worker, FRAME_HELLO, WIRE_MAX, &hello);
	if (r < 0)
		return r;
	bytes = hello.bytes;
	hello_write(&hello, context->profile, context->flags,
		    log_wanted(&context->log) ? ICRED_LOG_DEBUG : -1);
	if (hello.overflow)
		return set_error(ICRED_E_INVALID, "the profile is too large for the worker");
	return send_frame(pair[0], &hello, -1, deadline) ? ICRED_OK : ENDED;
}

/* Which worker has a request. */
struct ticket {
	unsigned starts, kills;
};

/* Hand the request over, starting a worker if there is none or it has just left. */
static int submit(struct worker *worker, const struct wire *request, int theirs, int64_t deadline,
		  struct ticket *ret_ticket)
{
	int r = ICRED_OK;

	worker_lock(worker);
	if (atomic_load(&worker->context->closing))
		r = set_error(ICRED_E_CANCELLED, "the profile is being closed");
	if (owned_lost(&worker->control) || owned_lost(&worker->child.socket)) {
		log_line(&worker->context->log, ICRED_LOG_WARNING,
			 "the program closed descriptors of libicred's; starting another worker");
		stop_locked(worker);
	}
	for (int attempt = 0; attempt < 2 && r == ICRED_OK; attempt++) {
		if (worker->control.fd < 0)
			r = start_locked(worker, deadline);
		if (r == ICRED_OK && send_frame(worker->control.fd, request, theirs, deadline))
			break;
		stop_locked(worker);
		if (r < 0)
			break;
		if (!clock_left(deadline))
			r = set_error(ICRED_E_TIMEOUT, "timed out: icred-worker did not take the request");
		else if (attempt || r == ENDED)
			r = ended_locked(worker, worker->starts, "as it started");
	}
	*ret_ticket = (struct ticket){worker->starts, worker->kills};
	lock_give(&worker->lock);
	return r;
}

static int broken(int error)
{
	return set_error(errno_code(error, ICRED_E_INTERNAL), "cannot receive from icred-worker: %s",
			 errno_words(error));
}

/* Wait for a packet and return its size; 0 is the end of the worker, or of our hold of the socket. */
static int wait_packet(const struct owned *mine, int64_t deadline, size_t *ret_len)
{
	struct pollfd wait = {.fd = mine->fd, .events = POLLIN};
	ssize_t n;

	for (;;) {
		/* While poll(2) waits for a descriptor that is closed, it does not say so. */
		int left = clock_left(deadline), ready = poll(&wait, 1, MIN(left, LOOK_MS));
		if (ready == 0 && left > LOOK_MS && !owned_lost(mine))
			continue;
		if (ready == 0 && left <= LOOK_MS)
			return set_error(ICRED_E_TIMEOUT,
					 "timed out waiting for icred-worker; raise the setting timeout");
		if (ready < 0 && errno != EINTR)
			return broken(errno);
		if (ready < 0)
			continue;
		/* Another thread of the program may have closed it meanwhile, and opened its own. */
		n = owned_lost(mine) ? 0 : recv(mine->fd, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (n < 0 && errno != ECONNRESET)
			return broken(errno);
		if (n > WIRE_MAX)
			return set_error(ICRED_E_INTERNAL, "icred-worker sent an answer that is too large");
		*ret_len = n < 0 ? 0 : (size_t)n;
		return ICRED_OK;
	}
}

/* Ask the user for the worker; the reply goes back on the request's socket. */
static int take_prompt(struct worker *worker, struct reader *reader, const struct owned *mine,
		       int64_t deadline)
{
	_cleanup_secret_ char *text = secret_alloc(worker->context->pool, REPLY_MAX);
	_cleanup_secret_ unsigned char *bytes = secret_alloc(worker->context->pool, REPLY_MAX + 256);
	struct wire reply = {.bytes = bytes, .cap = REPLY_MAX + 256};
	const char *question = "";
	struct field field;
	int style = 0, r = ICRED_E_LOCKED;

	if (!text || !bytes)
		return set_no_memory();
	while (wire_next(reader, &field)) {
		if (field.tag == TAG_STYLE)
			style = field_int(reader, &field);
		else if (field.tag == TAG_TEXT)
			question = field_string(reader, &field);
	}
	if (worker->context->converse && (worker->context->flags & MAY_ASK))
		r = worker->context->converse(style, question, text, REPLY_MAX,
					      worker->context->converse_data);
	text[REPLY_MAX - 1] = '\0';
	frame_begin(&reply, FRAME_REPLY);
	wire_put_number(&reply, TAG_CODE, r);
	wire_put_string(&reply, TAG_TEXT, text);
	wipe_traces();
	/* A worker that gave up meanwhile has said why, which is read next; but not after the deadline. */
	if (!send_frame(owned_fd(mine), &reply, -1, deadline) && !clock_left(deadline))
		return set_error(
			ICRED_E_TIMEOUT,
			"timed out waiting for an answer to the question; raise the setting timeout");
	return ICRED_OK;
}

/* One packet of the worker's.  Returns 0 to go on, 1 when the request is done, or a failure. */
static int take_packet(struct worker *worker, const struct owned *mine, int64_t deadline,
		       const unsigned char *bytes, size_t len, worker_answer_fn *answer, void *data)
{
	int level = ICRED_LOG_DEBUG, r;
	const char *text = "";
	struct reader reader;
	struct field field;
	int frame = frame_read(bytes, len, &reader);

	switch (frame) {
	case FRAME_LOG:
		while (wire_next(&reader, &field)) {
			if (field.tag == TAG_LOG_LEVEL)
				level = field_int(&reader, &field);
			else if (field.tag == TAG_TEXT)
				text = field_string(&reader, &field);
		}
		log_line(&worker->context->log, level, "%s", text);
		return 0;
	case FRAME_PROMPT:
		return take_prompt(worker, &reader, mine, deadline);
	case FRAME_FAILED:
		return failure_read(&reader);
	case FRAME_KEY:
	case FRAME_FAULT:
	case FRAME_DONE:
		r = answer ? answer(frame, &reader, data) : 0;
		if (r >= 0 && reader.damaged)
			r = set_error(ICRED_E_INTERNAL, "icred-worker sent a damaged answer");
		return r < 0 ? r : frame == FRAME_DONE || r > 0;
	default:
		return set_error(ICRED_E_INTERNAL, "icred-worker sent a damaged answer");
	}
}

/* Take packets until the request is done (1), the worker has ended (ENDED), or there is a failure. */
static int take_answers(struct worker *worker, const struct owned *mine, int64_t deadline,
			worker_answer_fn *answer, void *data)
{
	int r;

	do {
		_cleanup_secret_ unsigned char *bytes = NULL;
		size_t len = 0;
		r = wait_packet(mine, deadline, &len);
		if (r < 0 || !len)
			return r < 0 ? r : ENDED;
		bytes = secret_alloc(worker->context->pool, len);
		if (!bytes)
			return set_no_memory();
		if (recv(owned_fd(mine), bytes, len, MSG_DONTWAIT) != (ssize_t)len)
			return owned_lost(mine) ? ENDED : broken(errno);
		r = take_packet(worker, mine, deadline, bytes, len, answer, data);
		/* With a worker that never stops talking, poll() would never report the end of the time. */
		if (r == 0 && !clock_left(deadline))
			r = set_error(ICRED_E_TIMEOUT, "timed out: icred-worker did not finish its answer");
	} while (r == 0);
	return r;
}

static int call_once(struct worker *worker, struct wire *request, int64_t deadline, worker_answer_fn *answer,
		     void *data)
{
	_cleanup_owned_ struct owned mine = OWNED_NONE;
	struct ticket ticket = {0, 0};
	int pair[2], status, r;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return no_socket();
	mine = owned_take(pair[0]);
	r = submit(worker, request, pair[1], deadline, &ticket);
	close_keep_errno(pair[1]);
	if (r < 0)
		return r;
	r = take_answers(worker, &mine, deadline, answer, data);
	if (r == ICRED_E_TIMEOUT && !clock_left(deadline)) {
		struct failure failure;
		failure_save(&failure);
		worker_kill(worker, ticket.kills);
		failure_restore(&failure);
	}
	if (r != ENDED || owned_lost(&mine) || ticket.kills != worker->kills)
		return r;
	/* The worker is gone, and the news of how it ended is there or comes in a moment. */
	worker_lock(worker);
	if (worker->starts == ticket.starts && child_ended(&worker->child, &status))
		stop_locked(worker);
	r = ended_locked(worker, ticket.starts, "before it answered");
	lock_give(&worker->lock);
	return r;
}

int worker_call(struct worker *worker, struct wire *request, int64_t deadline, worker_answer_fn *answer,
		void *data)
{
	size_t len = request->len;
	int64_t answer_by;
	int r = ENDED;

	/* Once more if it was killed at another request's deadline, or the program closed our socket. */
	for (int attempt = 0; attempt < 2 && r == ENDED; attempt++) {
		request->len = len;
		answer_by = deadline_inside(deadline, 1);
		wire_put_number(request, TAG_TIME_LEFT, clock_left(answer_by));
		wire_put_number(request, TAG_DEADLINE, answer_by);
		if (request->overflow)
			return set_error(ICRED_E_INVALID, "the request is too large for the worker");
		r = call_once(worker, request, deadline, answer, data);
	}
	return r == ENDED ? set_error(ICRED_E_INTERNAL, "icred-worker ended before it answered")
			  : MIN(r, ICRED_OK);
}
