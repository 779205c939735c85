/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Requests for event loops.  What may have to wait, for the worker or for
 * another process, is fetched by a thread of the library's.  All requests for the
 * same token wait for one fetch, and fetches wait in a queue if there are many.
 */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/api/handle.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/system-words.h"
#include "lib/base/text.h"

#define STACK_MIN   ((size_t)256 * 1024)
#define END_MS      50 /* between looks at the threads that end */
#define THREADS_MAX 32 /* of a handle at a time; further fetches wait for one of them */

/* Once answered, a request is its owner's alone: no thread touches it any more. */
enum { PENDING, AWAITED, ANSWERED };

struct icred_request {
	struct icred_request *next;
	struct fetch *fetch; /* that will answer it, until it is answered */
	_Atomic uint32_t state;
	icred_t *handle;
	uint32_t generation;
	struct owned fd; /* a socket: an eventfd could not be told from another one */
	icred_token_t *token;
	struct failure failure;
};

/* One token to fetch, for all requests that wait for it. */
struct fetch {
	struct fetch *next;
	icred_t *handle;
	struct icred_request *requests;
	bool taken; /* by a thread */
	int64_t deadline;
	unsigned min_ttl;
	char *installation;
};

static void queue_lock(struct request_queue *queue)
{
	lock_take(&queue->lock);
	if (atomic_load(&queue->generation) == lock_generation())
		return;
	queue->list = NULL; /* those threads are the parent process's */
	atomic_store(&queue->threads, 0);
	atomic_store(&queue->running, 0);
	atomic_store(&queue->generation, lock_generation());
}

static void unlist_locked(struct request_queue *queue, const struct fetch *fetch)
{
	struct fetch **at = &queue->list;

	while (*at && *at != fetch)
		at = &(*at)->next;
	if (*at)
		*at = fetch->next;
}

static struct fetch *fetch_free(struct fetch *fetch)
{
	if (fetch)
		free(fetch->installation);
	free(fetch);
	return NULL;
}

static void answer(struct icred_request *request, icred_token_t *token, const struct failure *failure)
{
	request->token = icred_token_ref(token);
	if (!token)
		request->failure = *failure;
	/* A socket whose end has come is readable, and stays so. */
	shutdown(owned_fd(&request->fd), SHUT_RD);
	/* The descriptor is a sign for the application, which might read it; this is what counts. */
	if (atomic_exchange(&request->state, ANSWERED) == AWAITED)
		futex_wake_all(&request->state);
}

/* False where the token was refused meanwhile: a request that came after that must not get it. */
static bool answer_all(struct fetch *fetch, icred_token_t *token)
{
	struct request_queue *queue = &fetch->handle->requests;
	struct icred_request *request, *next;
	struct failure failure;

	failure_save(&failure);
	queue_lock(queue);
	if (token && get_was_refused(fetch->handle, token)) {
		lock_give(&queue->lock);
		return false;
	}
	unlist_locked(queue, fetch);
	for (request = fetch->requests; request; request = next) {
		next = request->next;
		answer(request, token, &failure);
	}
	lock_give(&queue->lock);
	return true;
}

/* The fetch that has waited longest; those that no request waits for any more are dropped. */
static struct fetch *take_locked(struct request_queue *queue)
{
	struct fetch *fetch = queue->list, *next, *oldest = NULL;

	for (; fetch; fetch = next) {
		next = fetch->next;
		if (fetch->taken)
			continue;
		if (fetch->requests) {
			oldest = fetch;
		} else {
			unlist_locked(queue, fetch);
			fetch_free(fetch);
		}
	}
	if (oldest)
		oldest->taken = true;
	return oldest;
}

/* A thread: one fetch after the other, until none waits. */
static void *run(void *data)
{
	struct request_queue *queue = data;
	icred_token_t *token = NULL;
	struct fetch *fetch;
	int r;

	queue_lock(queue);
	while ((fetch = take_locked(queue))) {
		lock_give(&queue->lock);
		do {
			icred_token_unref(token);
			token = NULL;
			r = get_by(fetch->handle, fetch->installation, fetch->min_ttl, fetch->deadline,
				   &token);
		} while (!answer_all(fetch, r == ICRED_OK ? token : NULL));
		icred_token_unref(token);
		token = NULL;
		fetch_free(fetch);
		queue_lock(queue);
	}
	/* With the lock held, so that a request that adds one is either seen, or sees that this thread has ended. */
	atomic_fetch_sub(&queue->running, 1);
	lock_give(&queue->lock);
	/* The last touch of the handle: request_queue_end() looks at this without the lock. */
	atomic_fetch_sub(&queue->threads, 1);
	return NULL;
}

/* Detached, and without a signal of the application's, which does not know this thread. */
static int create_thread(struct request_queue *queue)
{
	pthread_attr_t attributes;
	sigset_t all, old;
	size_t size = 0;
	pthread_t thread;
	int r = pthread_attr_init(&attributes);

	if (r)
		return r;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	/* As the process has it for its threads: glibc takes the application's thread-local variables off it. */
	pthread_attr_getstacksize(&attributes, &size);
	pthread_attr_setstacksize(&attributes, MAX(size, STACK_MIN));
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, &attributes, run, queue);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attributes);
	return r;
}

/* One more thread, unless there are enough; any that is there comes to all fetches in the end. */
static int start_thread_locked(struct request_queue *queue)
{
	int r;

	if (atomic_load(&queue->running) >= THREADS_MAX)
		return ICRED_OK;
	atomic_fetch_add(&queue->running, 1);
	atomic_fetch_add(&queue->threads, 1);
	r = start_errno(create_thread(queue));
	if (!r)
		return ICRED_OK;
	atomic_fetch_sub(&queue->threads, 1);
	if (atomic_fetch_sub(&queue->running, 1) > 1)
		return ICRED_OK;
	return set_error(errno_code(r, ICRED_E_INTERNAL), "cannot start a thread: %s", errno_words(r));
}

static struct fetch *fetch_new(icred_t *handle, const char *installation, unsigned min_ttl)
{
	struct fetch *fetch = calloc(1, sizeof(*fetch));

	if (!fetch)
		return NULL;
	fetch->handle = handle;
	fetch->deadline = context_deadline(&handle->context);
	fetch->min_ttl = min_ttl;
	fetch->installation = dup_string(installation);
	return !installation || fetch->installation ? fetch : fetch_free(fetch);
}

/* Wait for the fetch of this token, or put one into the queue.  No installation is the profile's own. */
static int join_locked(struct icred_request *request, const char *installation, unsigned min_ttl)
{
	struct request_queue *queue = &request->handle->requests;
	struct fetch *fetch = queue->list;
	int r;

	while (fetch && (fetch->min_ttl != min_ttl || !(fetch->installation == installation ||
							same_string(fetch->installation, installation))))
		fetch = fetch->next;
	if (!fetch) {
		fetch = fetch_new(request->handle, installation, min_ttl);
		if (!fetch)
			return set_no_memory();
		fetch->next = queue->list;
		queue->list = fetch;
		/* No thread can take it before the lock is given back. */
		r = start_thread_locked(queue);
		if (r < 0) {
			unlist_locked(queue, fetch);
			fetch_free(fetch);
			return r;
		}
	} else if (!fetch->requests && !fetch->taken) {
		fetch->deadline = context_deadline(&request->handle->context); /* all others have left it */
	}
	request->fetch = fetch;
	request->next = fetch->requests;
	fetch->requests = request;
	return ICRED_OK;
}

static struct icred_request *request_free(struct icred_request *request)
{
	icred_token_unref(request->token);
	owned_close(&request->fd);
	free(request);
	return NULL;
}

_export_ int icred_request_start(icred_t *handle, const char *installation, unsigned min_ttl,
				 icred_request_t **ret_request)
{
	struct icred_request *request;
	icred_token_t *token = NULL;
	int r;

	if (!handle || !ret_request)
		return set_error(ICRED_E_INVALID,
				 "icred_request_start: handle and ret_request must not be NULL");
	request = calloc(1, sizeof(*request));
	if (!request)
		return set_no_memory();
	request->handle = handle;
	request->generation = lock_generation();
	request->fd = owned_take(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (request->fd.fd < 0) {
		free(request);
		return set_error(errno_code(errno, ICRED_E_INTERNAL), "cannot make a socket: %s",
				 errno_words(errno));
	}
	r = get_at_hand(handle, installation, min_ttl, &token);
	if (r == ICRED_OK) {
		answer(request, token, NULL);
	} else if (r == ICRED_E_NOT_FOUND) {
		queue_lock(&handle->requests);
		r = join_locked(request, installation, min_ttl);
		lock_give(&handle->requests.lock);
	}
	icred_token_unref(token);
	if (r == ICRED_OK)
		*ret_request = request;
	else
		request_free(request);
	return r;
}

_export_ int icred_request_fd(const icred_request_t *request)
{
	return request ? request->fd.fd : -1;
}

icred_t *request_handle(const icred_request_t *request)
{
	return request->handle;
}

_export_ int icred_request_finish(icred_request_t *request, icred_token_t **ret_token)
{
	uint32_t state = PENDING;
	int r = ICRED_OK;

	if (!request || !ret_token)
		return set_error(ICRED_E_INVALID,
				 "icred_request_finish: request and ret_token must not be NULL");
	if (request->generation != lock_generation()) {
		icred_request_cancel(request);
		return set_error(ICRED_E_CANCELLED,
				 "the request is the parent process's; start one in this process");
	}
	while (state != ANSWERED) {
		if (atomic_compare_exchange_strong(&request->state, &state, AWAITED) || state == AWAITED)
			futex_wait(&request->state, AWAITED, INT_MAX);
		state = atomic_load(&request->state);
	}
	if (request->token)
		*ret_token = icred_token_ref(request->token);
	else
		r = failure_restore(&request->failure);
	request_free(request);
	return r;
}

_export_ void icred_request_cancel(icred_request_t *request)
{
	struct icred_request **at;

	if (!request)
		return;
	/* The fetch goes on without it, and what it gets is in the caches for the next one. */
	if (atomic_load(&request->state) != ANSWERED) {
		queue_lock(&request->handle->requests);
		if (atomic_load(&request->state) != ANSWERED && request->generation == lock_generation()) {
			for (at = &request->fetch->requests; *at && *at != request; at = &(*at)->next)
				;
			if (*at)
				*at = request->next;
		}
		lock_give(&request->handle->requests.lock);
	}
	request_free(request);
}

void request_queue_end(icred_t *handle)
{
	struct request_queue *queue = &handle->requests;

	queue_lock(queue);
	atomic_store(&handle->context.closing, true);
	lock_give(&queue->lock);
	if (!atomic_load(&queue->threads))
		return;
	worker_kill(&handle->worker, handle->worker.kills);
	for (uint32_t left; (left = atomic_load(&queue->threads));)
		futex_wait(&queue->threads, left, END_MS);
}
