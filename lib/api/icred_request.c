/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/errno-words.h"
#include "lib/base/error.h"
#include "lib/api/icred_get_token.h"
#include "lib/api/handle.h"
#include "lib/api/icred_request.h"

#define STACK_MIN ((size_t)256 * 1024)
#define END_MS    50 /* between looks at the threads that end */
/* Threads of a handle at a time; what is asked beyond that waits for one of them. */
#define THREADS_MAX 32

/* Whoever finds a request answered has it for himself: nobody else touches it any more. */
enum { PENDING, AWAITED, ANSWERED };

struct icred_request {
	struct icred_request *next;
	struct errand *errand; /* that will answer it, until it is answered */
	_Atomic uint32_t state;
	icred_t *handle;
	uint32_t generation;
	struct owned fd; /* an eventfd would be the usual thing, but none can be told from another */
	icred_token_t *token;
	struct failure failure;
};

/* One token to fetch, for all requests that wait for it. */
struct errand {
	struct errand *next;
	icred_t *handle;
	struct icred_request *requests;
	bool taken; /* by a thread */
	int64_t deadline;
	unsigned min_ttl;
	char *installation;
};

static void errands_lock(struct errands *errands)
{
	lock_take(&errands->lock);
	if (atomic_load(&errands->generation) == lock_generation())
		return;
	errands->list = NULL; /* those threads are the parent process's */
	atomic_store(&errands->threads, 0);
	atomic_store(&errands->running, 0);
	atomic_store(&errands->generation, lock_generation());
}

static struct errand *errand_free(struct errand *errand)
{
	if (errand)
		free(errand->installation);
	free(errand);
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

static void unlist_locked(struct errands *errands, const struct errand *errand)
{
	for (struct errand **at = &errands->list; *at; at = &(*at)->next) {
		if (*at == errand) {
			*at = errand->next;
			break;
		}
	}
}

/* False where the token was refused meanwhile: who joined after that must not get it. */
static bool errand_land(struct errand *errand, icred_token_t *token)
{
	struct errands *errands = &errand->handle->errands;
	struct icred_request *request, *next;
	struct failure failure;

	failure_save(&failure);
	errands_lock(errands);
	if (token && get_was_refused(errand->handle, token)) {
		lock_give(&errands->lock);
		return false;
	}
	unlist_locked(errands, errand);
	for (request = errand->requests; request; request = next) {
		next = request->next;
		answer(request, token, &failure);
	}
	lock_give(&errands->lock);
	return true;
}

static void errand_run(struct errand *errand)
{
	icred_token_t *token = NULL;
	int r;

	do {
		icred_token_unref(token);
		token = NULL;
		r = get_by(errand->handle, errand->installation, errand->min_ttl, errand->deadline, &token);
	} while (!errand_land(errand, r == ICRED_OK ? token : NULL));
	icred_token_unref(token);
	errand_free(errand);
}

/* The one that has waited longest; one that all its requests have left is not worth a thread any more. */
static struct errand *take_locked(struct errands *errands)
{
	struct errand *errand = errands->list, *next, *oldest = NULL;

	for (; errand; errand = next) {
		next = errand->next;
		if (errand->taken)
			continue;
		if (errand->requests) {
			oldest = errand;
		} else {
			unlist_locked(errands, errand);
			errand_free(errand);
		}
	}
	if (oldest)
		oldest->taken = true;
	return oldest;
}

/* One errand after the other, until none waits. */
static void *run(void *data)
{
	struct errands *errands = data;
	struct errand *errand;

	for (;;) {
		errands_lock(errands);
		errand = take_locked(errands);
		if (!errand)
			break;
		lock_give(&errands->lock);
		errand_run(errand);
	}
	/* With the lock held, so that a request that adds one is either seen, or sees that this thread has ended. */
	atomic_fetch_sub(&errands->running, 1);
	lock_give(&errands->lock);
	/* The last touch of the handle: whoever waits in errands_end() looks by himself. */
	atomic_fetch_sub(&errands->threads, 1);
	return NULL;
}

/* As the process has it for its threads: glibc takes the application's thread-local variables off it. */
static void choose_stack(pthread_attr_t *attributes)
{
	size_t size = 0;

	pthread_attr_getstacksize(attributes, &size);
	pthread_attr_setstacksize(attributes, MAX(size, STACK_MIN));
}

/* No signal of the application's is to be delivered to a thread that it does not know. */
static int run_quietly(struct errands *errands)
{
	pthread_attr_t attributes;
	sigset_t all, old;
	pthread_t thread;
	int r = pthread_attr_init(&attributes);

	if (r)
		return r;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	choose_stack(&attributes);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	r = pthread_create(&thread, &attributes, run, errands);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attributes);
	return r;
}

/* Both NULL, for the profile's own, is the same as well. */
static bool same_installation(const char *a, const char *b)
{
	return a == b || same_string(a, b);
}

static struct errand *errand_find(struct errands *errands, const char *installation, unsigned min_ttl)
{
	struct errand *errand;

	for (errand = errands->list; errand; errand = errand->next)
		if (errand->min_ttl == min_ttl && same_installation(errand->installation, installation))
			return errand;
	return NULL;
}

static int errand_new(icred_t *handle, const char *installation, unsigned min_ttl, struct errand **ret_errand)
{
	struct errand *errand = calloc(1, sizeof(*errand));

	if (!errand)
		return set_no_memory();
	errand->handle = handle;
	errand->deadline = context_deadline(&handle->context);
	errand->min_ttl = min_ttl;
	errand->installation = dup_string(installation);
	if (installation && !errand->installation) {
		errand_free(errand);
		return set_no_memory();
	}
	*ret_errand = errand;
	return ICRED_OK;
}

static void join_errand(struct icred_request *request, struct errand *errand)
{
	request->errand = errand;
	request->next = errand->requests;
	errand->requests = request;
}

/* One more thread, unless there are enough; any that is there comes to all errands in the end. */
static int send_locked(struct errands *errands)
{
	int r;

	if (atomic_load(&errands->running) >= THREADS_MAX)
		return ICRED_OK;
	atomic_fetch_add(&errands->running, 1);
	atomic_fetch_add(&errands->threads, 1);
	r = start_errno(run_quietly(errands));
	if (!r)
		return ICRED_OK;
	atomic_fetch_sub(&errands->threads, 1);
	if (atomic_fetch_sub(&errands->running, 1) > 1)
		return ICRED_OK;
	return set_error(errno_code(r, ICRED_E_INTERNAL), "can't start a thread: %s", errno_words(r));
}

/* Join the errand for this token, or send a thread on it. */
static int join_locked(struct icred_request *request, const char *installation, unsigned min_ttl)
{
	struct errands *errands = &request->handle->errands;
	struct errand *errand = errand_find(errands, installation, min_ttl);
	int r;

	if (errand) {
		if (!errand->requests && !errand->taken)
			errand->deadline =
				context_deadline(&request->handle->context); /* all others have left it */
		join_errand(request, errand);
		return ICRED_OK;
	}
	r = errand_new(request->handle, installation, min_ttl, &errand);
	if (r < 0)
		return r;
	join_errand(request, errand);
	errand->next = errands->list;
	errands->list = errand;
	/* No thread can take it before the lock is given back. */
	r = send_locked(errands);
	if (r < 0) {
		unlist_locked(errands, errand);
		errand_free(errand);
	}
	return r;
}

static struct icred_request *request_free(struct icred_request *request)
{
	icred_token_unref(request->token);
	owned_close(&request->fd);
	free(request);
	return NULL;
}

/* Leave the errand; the thread goes on, and what it gets is in the caches for the next one. */
static void leave(struct icred_request *request)
{
	struct errands *errands = &request->handle->errands;

	if (atomic_load(&request->state) == ANSWERED)
		return;
	errands_lock(errands);
	if (atomic_load(&request->state) != ANSWERED && request->generation == lock_generation()) {
		for (struct icred_request **at = &request->errand->requests; *at; at = &(*at)->next) {
			if (*at == request) {
				*at = request->next;
				break;
			}
		}
	}
	lock_give(&errands->lock);
}

static int request_new(icred_t *handle, struct icred_request **ret_request)
{
	struct icred_request *request = calloc(1, sizeof(*request));

	if (!request)
		return set_no_memory();
	request->handle = handle;
	request->generation = lock_generation();
	request->fd = owned_take(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
	if (request->fd.fd < 0) {
		free(request);
		return set_error(errno_code(errno, ICRED_E_INTERNAL), "can't make a socket: %s",
				 errno_words(errno));
	}
	*ret_request = request;
	return ICRED_OK;
}

_export_ int icred_request_start(icred_t *handle, const char *installation, unsigned min_ttl,
				 icred_request_t **ret_request)
{
	struct icred_request *request = NULL;
	icred_token_t *token = NULL;
	int r;

	if (!handle || !ret_request)
		return set_error(ICRED_E_INVALID,
				 "icred_request_start: NULL is no handle and no place for a request");
	r = request_new(handle, &request);
	if (r < 0)
		return r;
	r = get_at_hand(handle, installation, min_ttl, &token);
	if (r == ICRED_OK) {
		answer(request, token, NULL);
	} else if (r == ICRED_E_NOT_FOUND) {
		errands_lock(&handle->errands);
		r = join_locked(request, installation, min_ttl);
		lock_give(&handle->errands.lock);
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

static void wait_for(struct icred_request *request)
{
	uint32_t state = PENDING;

	while (state != ANSWERED) {
		if (atomic_compare_exchange_strong(&request->state, &state, AWAITED) || state == AWAITED)
			futex_wait(&request->state, AWAITED, INT_MAX);
		state = atomic_load(&request->state);
	}
}

_export_ int icred_request_finish(icred_request_t *request, icred_token_t **ret_token)
{
	int r = ICRED_OK;

	if (!request || !ret_token)
		return set_error(ICRED_E_INVALID,
				 "icred_request_finish: NULL is no request and no place for a token");
	if (request->generation != lock_generation()) {
		icred_request_cancel(request);
		return set_error(ICRED_E_CANCELLED,
				 "the request is the parent process's; start one in this process");
	}
	wait_for(request);
	if (request->token)
		*ret_token = icred_token_ref(request->token);
	else
		r = failure_restore(&request->failure);
	request_free(request);
	return r;
}

_export_ void icred_request_cancel(icred_request_t *request)
{
	if (!request)
		return;
	leave(request);
	request_free(request);
}

void errands_end(icred_t *handle)
{
	struct errands *errands = &handle->errands;

	errands_lock(errands);
	atomic_store(&handle->context.closing, true);
	lock_give(&errands->lock);
	if (!atomic_load(&errands->threads))
		return;
	worker_kill(&handle->worker, handle->worker.kills);
	for (uint32_t left; (left = atomic_load(&errands->threads));)
		futex_wait(&errands->threads, left, END_MS);
}
