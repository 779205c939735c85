/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/base/error.h"
#include "helper/worker/inside.h"
#include "helper/worker/key-jobs.h"
#include "helper/worker/mint.h"
#include "helper/worker/prepare.h"
#include "helper/worker/probe.h"
#include "helper/worker/serve.h"

#define IDLE_MS   5000 /* how long a long-lived caller's worker stays */
#define FINISH_MS 20
#define ENDING_MS 500 /* for modules to end what they have started, once the caller is gone */

struct server {
	int control;
	struct hello hello;
	struct failure refused; /* why HELLO was not understood; each request is told */
	struct secret_pool *pool;
	pthread_mutex_t lock;
	pthread_cond_t room;
	unsigned busy;
	int64_t latest; /* deadline of all requests so far */
	_Atomic bool retired;
};

static int dispatch(struct request *request)
{
	int r = prepare(request);

	if (r < 0)
		return r;
	switch (request->frame) {
	case FRAME_MINT:
		return mint(request);
	case FRAME_KEY_CHECK:
		return keys_check(request);
	case FRAME_KEY_STORE:
		return keys_store(request);
	case FRAME_KEY_LIST:
		return keys_list(request);
	case FRAME_KEY_REMOVE:
		return keys_remove(request);
	case FRAME_PROBE:
		return probe(request);
	default:
		return set_error(ICRED_E_UNSUPPORTED,
				 "icred-worker does not know this request: is it of an older libicred?");
	}
}

static void *run(void *data)
{
	struct request *request = data;
	struct server *server = request->server;

	if (dispatch(request) < 0)
		request_failed(request);
	inside_end(request);
	request_unref(request);
	pthread_mutex_lock(&server->lock);
	server->busy--;
	pthread_cond_signal(&server->room);
	pthread_mutex_unlock(&server->lock);
	return NULL;
}

/* Leave room for a thread; the caller's further requests wait in the socket. */
static void enter(struct server *server, const struct request *request)
{
	pthread_mutex_lock(&server->lock);
	while (server->busy >= REQUESTS_MAX)
		pthread_cond_wait(&server->room, &server->lock);
	server->busy++;
	server->latest = MAX(server->latest, request->deadline);
	pthread_mutex_unlock(&server->lock);
}

static void start(struct server *server, struct request *request)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int r;

	request->server = server;
	enter(server, request);
	inside_begin(request); /* here, as who waits for the next packet has to know when this one is due */
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &attributes, run, request);
	pthread_attr_destroy(&attributes);
	if (r)
		run(request); /* no more threads to be had: one after the other, then */
}

static int passed_descriptor(struct msghdr *message)
{
	int fd = -1;

	for (struct cmsghdr *head = CMSG_FIRSTHDR(message); head; head = CMSG_NXTHDR(message, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
		    head->cmsg_len != CMSG_LEN(sizeof(int)))
			continue;
		close_keep_errno(fd);
		memcpy(&fd, CMSG_DATA(head), sizeof(int));
	}
	return fd;
}

/* One packet in secret memory, for the caller to free, and the descriptor that came with it. */
static ssize_t receive(struct server *server, unsigned char **ret_bytes, int *ret_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	ssize_t n = recv(server->control, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	unsigned char *bytes = n > 0 && n <= WIRE_MAX ? secret_alloc(server->pool, (size_t)n) : NULL;
	struct iovec data = {bytes, bytes ? (size_t)n : 0};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};

	if (!bytes)
		return n < 0 ? n : 0;
	do {
		n = recvmsg(server->control, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n <= 0 || (message.msg_flags & MSG_TRUNC)) {
		secret_free(bytes);
		return n < 0 ? n : 0;
	}
	*ret_fd = passed_descriptor(&message);
	*ret_bytes = bytes;
	return n;
}

static void take_hello(struct server *server, unsigned char *bytes, size_t len)
{
	struct reader reader;

	if (server->hello.profile || server->refused.code)
		return; /* greeted before */
	if (frame_read(bytes, len, &reader) != FRAME_HELLO)
		note_error(ICRED_E_PROTOCOL, "icred-worker wants to be greeted first");
	else if (hello_read(&reader, &server->hello) == ICRED_OK)
		return;
	failure_save(&server->refused);
}

static void take_request(struct server *server, int fd, unsigned char *bytes, size_t len)
{
	struct request *request;

	if (request_new(server->hello.profile, server->pool, &server->hello, fd, bytes, len, &request) < 0)
		return;
	if (!server->hello.profile && !server->refused.code) {
		note_error(ICRED_E_PROTOCOL, "icred-worker wants to be greeted first");
		failure_save(&server->refused);
	}
	if (server->refused.code) {
		failure_restore(&server->refused);
		request_failed(request);
		request_unref(request);
		return;
	}
	start(server, request);
}

/* Returns false at the caller's end. */
static bool take_packet(struct server *server)
{
	unsigned char *bytes;
	int fd = -1;
	ssize_t len = receive(server, &bytes, &fd);

	if (len <= 0)
		return len < 0 && (errno == EAGAIN || errno == EINTR);
	if (fd >= 0) {
		take_request(server, fd, bytes, (size_t)len);
		return true;
	}
	take_hello(server, bytes, (size_t)len);
	secret_free(bytes);
	return true;
}

/* From now on the caller's send fails, and it starts another worker. */
static void close_door(struct server *server)
{
	shutdown(server->control, SHUT_RD);
}

void serve_retire(struct server *server)
{
	atomic_store(&server->retired, true);
	close_door(server);
}

/* Nothing to do for a while: leave, unless a request slips in as the door is closed. */
static bool leave(struct server *server)
{
	bool idle;

	pthread_mutex_lock(&server->lock);
	idle = !server->busy;
	if (!idle && clock_ms() > server->latest + DEADLINE_STUCK)
		_exit(1); /* a module is stuck and its caller has not killed us */
	pthread_mutex_unlock(&server->lock);
	if (!idle)
		return false;
	close_door(server);
	return true;
}

static bool all_done(struct server *server)
{
	bool done;

	pthread_mutex_lock(&server->lock);
	done = !server->busy || clock_ms() > server->latest + DEADLINE_STUCK;
	pthread_mutex_unlock(&server->lock);
	return done;
}

/* Serve what was sent before the door closed, then wait for it to be done, or stuck, or the caller gone. */
static void finish(struct server *server)
{
	struct pollfd end = {.fd = server->control, .events = 0};

	do {
		errno = 0;
	} while (take_packet(server) && errno != EAGAIN);
	while (!all_done(server)) {
		if (poll(&end, 1, FINISH_MS) > 0 && (end.revents & POLLHUP))
			return;
		inside_overdue();
	}
}

/* The caller is gone.  A module that looks at its time sees that there is none, and ends what it has started. */
static void end_modules(struct server *server)
{
	struct timespec until = clock_spec(clock_ms() + ENDING_MS);

	requests_end();
	pthread_mutex_lock(&server->lock);
	while (server->busy && pthread_cond_timedwait(&server->room, &server->lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&server->lock);
}

/* The next packet, or a module's time, is up within this many milliseconds. */
static int patience(void)
{
	int due = inside_due();

	return due < 0 ? IDLE_MS : MIN(due + 1, IDLE_MS);
}

int serve(int control)
{
	/* Static, as threads that are still at work when the caller goes use it until the process ends. */
	static struct server server = {.lock = PTHREAD_MUTEX_INITIALIZER};
	struct pollfd wait = {.fd = control, .events = POLLIN};
	pthread_condattr_t monotonic;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&server.room, &monotonic);
	pthread_condattr_destroy(&monotonic);
	server.control = control;
	server.pool = secret_pool_new();
	if (!server.pool)
		return 1;
	for (;;) {
		int64_t since = clock_ms();
		int ready = poll(&wait, 1, patience());
		if (ready < 0 && errno != EINTR)
			return 1;
		if (inside_overdue())
			serve_retire(&server);
		if (ready > 0 && !take_packet(&server)) {
			if (atomic_load(&server.retired))
				finish(&server);
			break;
		}
		if (ready == 0 && clock_ms() - since >= IDLE_MS && leave(&server)) {
			finish(&server);
			break;
		}
	}
	end_modules(&server);
	return 0;
}
