/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/base/error.h"
#include "lib/api/handle.h"
#include "lib/module/loader.h"
#include "lib/api/probe-modules.h"

struct probing {
	void (*found)(void *data);
	void *data;
	int result;
};

static void note_fault(struct probing *probing)
{
	if (!probing->result)
		probing->result = icred_error()->code;
	probing->found(probing->data);
}

static void probe_caches(icred_t *handle, struct probing *probing)
{
	struct stack *stack = &handle->context.profile->stack;
	struct module *module;
	struct host host;

	context_host(&handle->context, &host);
	for (size_t i = 0; i < stack->count; i++)
		if (stack->lines[i].facility == ICRED_CACHE &&
		    module_get(&stack->lines[i], &host, &module) < 0)
			note_fault(probing);
}

static int take_fault(int frame, struct reader *reader, void *data)
{
	if (frame == FRAME_FAULT && failed_read(reader) < 0)
		note_fault(data);
	return 0;
}

static int probe_worker(icred_t *handle, struct probing *probing)
{
	_cleanup_secret_ void *bytes = NULL;
	struct wire request;
	int r = worker_request(&handle->worker, FRAME_PROBE, REQUEST_ROOM, &request);

	if (r < 0)
		return r;
	bytes = request.bytes;
	return worker_call(&handle->worker, &request, context_deadline(&handle->context), take_fault,
			   probing);
}

int probe_modules(icred_t *handle, void (*found)(void *data), void *data)
{
	struct probing probing = {found, data, ICRED_OK};

	probe_caches(handle, &probing);
	if (probe_worker(handle, &probing) < 0)
		note_fault(&probing);
	return probing.result;
}
