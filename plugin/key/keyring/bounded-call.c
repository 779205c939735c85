/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call of libsecret that may never return.  A cancellable does not end each of
 * them (a secret portal that stays silent), so it runs in a thread of its own.
 * At the deadline the waiting thread abandons that one, with all it works on.
 */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

#define ABANDONED_MAX 32 /* threads; they end with the worker, which lives for some seconds */

struct bounded {
	void (*run)(void *job);
	void (*release)(void *job);
	void *job;
	GMutex mutex;
	GCond cond;
	bool over;
	bool abandoned;
};

static gint abandoned_threads;

static void bounded_free(struct bounded *bounded)
{
	g_cond_clear(&bounded->cond);
	g_mutex_clear(&bounded->mutex);
	g_free(bounded);
}

static void *bounded_thread(void *data)
{
	struct bounded *bounded = data;
	bool orphan;

	bounded->run(bounded->job);
	g_mutex_lock(&bounded->mutex);
	bounded->over = true;
	orphan = bounded->abandoned;
	g_cond_signal(&bounded->cond);
	g_mutex_unlock(&bounded->mutex);
	if (orphan) {
		bounded->release(bounded->job);
		bounded_free(bounded);
		g_atomic_int_add(&abandoned_threads, -1);
	}
	return NULL;
}

/* To be called with the mutex held. */
static bool is_over_by(struct bounded *bounded, gint64 until)
{
	while (!bounded->over && g_cond_wait_until(&bounded->cond, &bounded->mutex, until))
		;
	return bounded->over;
}

/* On 0 the job is done, and the caller's; otherwise it is, or will be, released. */
int keyring_bounded_call(const struct keyring_call *call, void (*run)(void *job), void (*release)(void *job),
			 void *job)
{
	const struct icred_host *host = call->host;
	gint64 now = g_get_monotonic_time();
	gint64 until = now + keyring_time_left(call) * G_TIME_SPAN_MILLISECOND;
	gint64 quiet = now + KEYRING_QUIET_MS * G_TIME_SPAN_MILLISECOND;
	struct bounded *bounded;
	GThread *thread;

	if (keyring_is_late(call) || g_atomic_int_get(&abandoned_threads) >= ABANDONED_MAX) {
		release(job);
		return keyring_timeout(call);
	}
	bounded = g_new0(struct bounded, 1);
	*bounded = (struct bounded){.run = run, .release = release, .job = job};
	g_mutex_init(&bounded->mutex);
	g_cond_init(&bounded->cond);
	thread = g_thread_try_new("icred-keyring", bounded_thread, bounded, NULL);
	if (!thread) {
		bounded_free(bounded);
		release(job);
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	}
	g_mutex_lock(&bounded->mutex);
	if (!is_over_by(bounded, MIN(quiet, until)) && quiet < until) {
		g_mutex_unlock(&bounded->mutex);
		host->log(host, ICRED_LOG_WARNING,
			  "waiting for the secret portal, which may ask in another window; press Ctrl-C to "
			  "give up");
		g_mutex_lock(&bounded->mutex);
	}
	if (is_over_by(bounded, until)) {
		g_mutex_unlock(&bounded->mutex);
		g_thread_join(thread);
		bounded_free(bounded);
		return 0;
	}
	bounded->abandoned = true;
	g_atomic_int_inc(&abandoned_threads);
	g_mutex_unlock(&bounded->mutex);
	g_thread_unref(thread);
	return keyring_timeout(call);
}
