/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long a call may take; a thread cancels what has no timeout of its own. */
#include "config.h"

#include <limits.h>

#include "lib/base/deadline.h"
#include "plugin/key/keyring/keyring.h"

/* In milliseconds, for what the module calls; at least 1, as 0 or less would mean: without end. */
int keyring_time_left(const struct keyring_call *call)
{
	return (int)CLAMP(deadline_inner(call->host->time_left(call->host)), 1, INT_MAX);
}

bool keyring_is_late(const struct keyring_call *call)
{
	return call->host->time_left(call->host) <= 0;
}

static void *watchdog_run(void *data)
{
	struct keyring_watchdog *dog = data;

	g_mutex_lock(&dog->mutex);
	while (!dog->done)
		if (!g_cond_wait_until(&dog->cond, &dog->mutex, dog->until))
			break;
	if (!dog->done)
		g_cancellable_cancel(dog->cancel);
	g_mutex_unlock(&dog->mutex);
	return NULL;
}

void keyring_watchdog_start(struct keyring_watchdog *dog, const struct keyring_call *call)
{
	*dog = (struct keyring_watchdog){.cancel = g_cancellable_new()};
	g_mutex_init(&dog->mutex);
	g_cond_init(&dog->cond);
	dog->until = g_get_monotonic_time() + keyring_time_left(call) * G_TIME_SPAN_MILLISECOND;
	dog->thread = g_thread_try_new("icred-keyring", watchdog_run, dog, NULL);
}

void keyring_watchdog_stop(struct keyring_watchdog *dog)
{
	g_mutex_lock(&dog->mutex);
	dog->done = true;
	g_cond_signal(&dog->cond);
	g_mutex_unlock(&dog->mutex);
	if (dog->thread)
		g_thread_join(dog->thread);
	g_cond_clear(&dog->cond);
	g_mutex_clear(&dog->mutex);
	g_object_unref(dog->cancel);
}
