/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A call of libsecret that may never return.  A cancellable does not end each of
 * them (a secret portal that stays silent), so it runs in a thread of its own,
 * and who waits leaves that behind, with all it works on, when time is up.
 */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

#define LEFT_MAX 32 /* threads left behind; the worker that has them lives for some seconds */

struct aside {
	void (*run)(void *job);
	void (*release)(void *job);
	void *job;
	GMutex mutex;
	GCond cond;
	gboolean over;
	gboolean left;
};

static gint left_behind;

static void aside_free(struct aside *aside)
{
	g_cond_clear(&aside->cond);
	g_mutex_clear(&aside->mutex);
	g_free(aside);
}

static void *aside_thread(void *data)
{
	struct aside *aside = data;
	gboolean left;

	aside->run(aside->job);
	g_mutex_lock(&aside->mutex);
	aside->over = TRUE;
	left = aside->left;
	g_cond_signal(&aside->cond);
	g_mutex_unlock(&aside->mutex);
	if (left) {
		aside->release(aside->job);
		aside_free(aside);
		g_atomic_int_add(&left_behind, -1);
	}
	return NULL;
}

static gboolean is_over(struct aside *aside, gint64 until)
{
	gboolean over;

	g_mutex_lock(&aside->mutex);
	while (!aside->over && g_cond_wait_until(&aside->cond, &aside->mutex, until))
		;
	over = aside->over;
	g_mutex_unlock(&aside->mutex);
	return over;
}

static gboolean aside_wait(const struct keyring_call *call, struct aside *aside, gint64 until)
{
	gint64 quiet = g_get_monotonic_time() + KEYRING_QUIET_MS * G_TIME_SPAN_MILLISECOND;

	if (is_over(aside, MIN(quiet, until)))
		return TRUE;
	if (quiet < until)
		call->host->log(
			call->host, ICRED_LOG_WARNING,
			"waiting for the secret portal, which may ask in another window; press Ctrl-C to "
			"give up");
	is_over(aside, until);
	g_mutex_lock(&aside->mutex);
	aside->left = !aside->over;
	if (aside->left)
		g_atomic_int_inc(&left_behind);
	g_mutex_unlock(&aside->mutex);
	return !aside->left;
}

/* On 0 the job is done, and the caller's; otherwise it is, or will be, released. */
int keyring_aside(const struct keyring_call *call, void (*run)(void *job), void (*release)(void *job),
		  void *job)
{
	gint64 until = g_get_monotonic_time() + keyring_patience(call) * G_TIME_SPAN_MILLISECOND;
	struct aside *aside;
	GThread *thread;

	if (keyring_late(call) || g_atomic_int_get(&left_behind) >= LEFT_MAX) {
		release(job);
		return keyring_timeout(call);
	}
	aside = g_new0(struct aside, 1);
	*aside = (struct aside){.run = run, .release = release, .job = job};
	g_mutex_init(&aside->mutex);
	g_cond_init(&aside->cond);
	thread = g_thread_try_new("icred-keyring", aside_thread, aside, NULL);
	if (!thread) {
		aside_free(aside);
		release(job);
		return call->host->fail(call->host, ICRED_E_NO_MEMORY, "out of memory");
	}
	if (!aside_wait(call, aside, until)) {
		g_thread_unref(thread);
		return keyring_timeout(call);
	}
	g_thread_join(thread);
	aside_free(aside);
	return 0;
}
