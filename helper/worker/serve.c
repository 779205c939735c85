/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The worker's loop: packets come in, and each request gets a thread. */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "helper/worker/icred-worker.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/base/descriptor.h"
#include "lib/base/error.h"

#define CONTROL   STDIN_FILENO
#define IDLE_MS   5000 /* how long a long-lived caller's worker stays */
#define FINISH_MS 20
#define ENDING_MS 500 /* for modules to end what they have started, once the caller is gone */

/* One for the process, as threads that are still at work when the caller goes use it until the process ends. */
static struct {
	struct hello hello;
	bool has_hello;
	struct failure refused; /* why HELLO was not understood, or is missing: the answer to each request */
	struct secret_pool *pool;
	pthread_mutex_t lock;
	pthread_cond_t room;
	unsigned busy;
	int64_t latest; /* deadline of all jobs so far */
	_Atomic bool caller_is_gone;
} server = {.lock = PTHREAD_MUTEX_INITIALIZER};

static int64_t time_left(const struct icred_host *table)
{
	return atomic_load(&server.caller_is_gone) ? 0 : clock_left(host_of(table)->deadline);
}

static int dispatch(struct job *job)
{
	int r = prepare(job);

	if (r < 0)
		return r;
	switch (job->frame) {
	case FRAME_MINT:
		return mint(job);
	case FRAME_KEY_CHECK:
		return keys_check(job);
	case FRAME_KEY_STORE:
		return keys_store(job);
	case FRAME_KEY_LIST:
		return keys_list(job);
	case FRAME_KEY_REMOVE:
		return keys_remove(job);
	case FRAME_PROBE:
		return probe(job);
	default:
		return set_error(
			ICRED_E_UNSUPPORTED,
			"icred-worker does not know this request, as it is older than libicred; install them together");
	}
}

static void *run(void *data)
{
	struct job *job = data;

	if (dispatch(job) < 0) {
		audit_failed(job, icred_error()->code);
		job_failed(job);
	}
	inside_end(job);
	job_unref(job);
	pthread_mutex_lock(&server.lock);
	server.busy--;
	pthread_cond_signal(&server.room);
	pthread_mutex_unlock(&server.lock);
	return NULL;
}

/* Takes fd and bytes over. */
static void take_request(int fd, unsigned char *bytes, size_t len)
{
	struct job *job;

	if (job_new(&server.hello, server.pool, fd, bytes, len, &job) < 0)
		return;
	if (server.refused.code) {
		failure_restore(&server.refused);
		job_failed(job);
		job_unref(job);
		return;
	}
	job->host.table.time_left = time_left;
	job->host.table.prompt = ask_user;
	job->host.table.sign_begin = sign_begin;
	job->host.table.sign_end = sign_end;
	pthread_mutex_lock(&server.lock);
	while (server.busy >= JOBS_MAX)
		pthread_cond_wait(&server.room, &server.lock); /* further requests wait in the socket */
	server.busy++;
	server.latest = MAX(server.latest, job->deadline);
	pthread_mutex_unlock(&server.lock);
	inside_begin(job); /* here, as the loop has to know when this one is due */
	if (job_thread(run, job))
		run(job); /* no further thread can be started: one job after the other, then */
}

/* One packet in secret memory, for the caller to free, and the descriptor that came with it. */
static ssize_t receive(unsigned char **ret_bytes, int *ret_fd)
{
	union {
		char bytes[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	ssize_t n = recv(CONTROL, NULL, 0, MSG_PEEK | MSG_TRUNC | MSG_DONTWAIT);
	unsigned char *bytes = n > 0 && n <= WIRE_MAX ? secret_alloc(server.pool, (size_t)n) : NULL;
	struct iovec data = {bytes, bytes ? (size_t)n : 0};
	struct msghdr message = {.msg_iov = &data,
				 .msg_iovlen = 1,
				 .msg_control = control.bytes,
				 .msg_controllen = sizeof(control.bytes)};

	if (!bytes)
		return n < 0 ? n : 0;
	do {
		n = recvmsg(CONTROL, &message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);
	} while (n < 0 && errno == EINTR);
	if (n <= 0 || (message.msg_flags & MSG_TRUNC)) {
		secret_free(bytes);
		return n < 0 ? n : 0;
	}
	*ret_fd = -1;
	for (struct cmsghdr *head = CMSG_FIRSTHDR(&message); head; head = CMSG_NXTHDR(&message, head)) {
		if (head->cmsg_level != SOL_SOCKET || head->cmsg_type != SCM_RIGHTS ||
		    head->cmsg_len != CMSG_LEN(sizeof(int)))
			continue;
		close_keep_errno(*ret_fd);
		memcpy(ret_fd, CMSG_DATA(head), sizeof(int));
	}
	*ret_bytes = bytes;
	return n;
}

/* Returns false at the caller's end. */
static bool take_packet(void)
{
	struct reader reader;
	unsigned char *bytes;
	int fd;
	ssize_t len = receive(&bytes, &fd);

	if (len <= 0)
		return len < 0 && (errno == EAGAIN || errno == EINTR);
	if (fd >= 0) {
		take_request(fd, bytes, (size_t)len);
		return true;
	}
	if (!server.has_hello && frame_read(bytes, (size_t)len, &reader) == FRAME_HELLO) {
		server.has_hello = true;
		if (hello_read(&reader, &server.hello) == ICRED_OK)
			server.refused.code = ICRED_OK;
		else
			failure_save(&server.refused);
	}
	secret_free(bytes);
	return true;
}

/* Whether a job is at work; if one is past its deadline for long, a module is stuck. */
static bool is_busy(bool *ret_stuck)
{
	bool busy;

	pthread_mutex_lock(&server.lock);
	busy = server.busy;
	*ret_stuck = busy && clock_ms() > server.latest + DEADLINE_STUCK;
	pthread_mutex_unlock(&server.lock);
	return busy;
}

/* Serve what was sent before the socket was shut down, then wait for it to be done, or stuck, or the caller gone. */
static void finish(void)
{
	struct pollfd end = {.fd = CONTROL, .events = 0};
	bool stuck;

	do {
		errno = 0;
	} while (take_packet() && errno != EAGAIN);
	while (is_busy(&stuck) && !stuck) {
		if (poll(&end, 1, FINISH_MS) > 0 && (end.revents & POLLHUP))
			return;
		inside_overdue();
	}
}

/* The caller is gone.  A module that looks at its time sees that there is none, and ends what it has started. */
static void end_modules(void)
{
	struct timespec until = clock_spec(clock_ms() + ENDING_MS);

	atomic_store(&server.caller_is_gone, true);
	pthread_mutex_lock(&server.lock);
	while (server.busy && pthread_cond_timedwait(&server.room, &server.lock, &until) != ETIMEDOUT)
		;
	pthread_mutex_unlock(&server.lock);
}

int serve(void)
{
	struct pollfd wait = {.fd = CONTROL, .events = POLLIN};
	pthread_condattr_t monotonic;
	bool stuck;

	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&server.room, &monotonic);
	pthread_condattr_destroy(&monotonic);
	server.pool = secret_pool_new();
	if (!server.pool)
		return 1;
	note_error(ICRED_E_PROTOCOL, "icred-worker needs HELLO before a request");
	failure_save(&server.refused);
	for (;;) {
		int64_t since = clock_ms();
		int due = inside_due();
		int ready = poll(&wait, 1, due < 0 ? IDLE_MS : MIN(due + 1, IDLE_MS));
		if (ready < 0 && errno != EINTR)
			return 1;
		inside_overdue();
		if (ready > 0 && !take_packet())
			break;
		if (ready != 0 || clock_ms() - since < IDLE_MS)
			continue;
		if (!is_busy(&stuck)) {
			/* The caller's next request fails to be sent, and it starts another worker. */
			inside_retire();
			break;
		}
		if (stuck)
			_exit(1); /* and the caller has not killed us */
	}
	if (inside_is_retired())
		finish();
	end_modules();
	return 0;
}
