/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/module/context.h"

int64_t context_deadline(const struct context *context)
{
	int64_t end = clock_ms() + context->timeout_ms;

	return deadline_inside(context->end ? MIN(context->end, end) : end, 1);
}

void context_host(struct context *context, struct host *ret_host)
{
	host_init(ret_host, context->profile, context->pool, &context->log, context_deadline(context));
}
