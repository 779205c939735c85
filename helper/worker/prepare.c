/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <pthread.h>
#include <stdatomic.h>

#include "lib/module/loader.h"
#include "helper/worker/inside.h"
#include "helper/worker/prepare.h"

static int prepare_in(struct line *line, struct request *request)
{
	const struct profile *profile = request->profile;
	struct host host = host_for_line(&request->host, line);
	struct icred_key_query query = {.size = sizeof(query)};
	struct module *module;
	int r = module_get(line, &host, &module);

	if (r != ICRED_OK || !module->ops.key.prepare)
		return r;
	query.app = settings_get(&profile->settings, "app", 0);
	query.origin = profile->api_origin;
	host.table.interactive = 0;
	host.may_ask = false;
	module_enter(module);
	r = module->ops.key.prepare(module->self, &host.table, &query);
	module_leave(module);
	return r;
}

static int prepare_line(struct line *line, void *data)
{
	inside_enter(data, INSIDE_PREPARE, line);
	return inside_leave(data, INSIDE_PREPARE, prepare_in(line, data));
}

static void *run(void *data)
{
	struct request *request = data;

	(void)stack_run(&request->profile->stack, ICRED_KEY, NULL, prepare_line, request, 0, NULL);
	request_unref(request);
	return NULL;
}

/*
 * The first key module is loaded before the issuer and not beside it, as the
 * dynamic linker loads one library at a time; the wait for the keyring, which
 * comes next, is then the thing that goes on beside it.
 */
static void load_first(struct request *request)
{
	struct stack *stack = &request->profile->stack;
	struct module *module;

	for (size_t i = 0; i < stack->count; i++) {
		struct host host = host_for_line(&request->host, &stack->lines[i]);
		if (stack->lines[i].facility != ICRED_KEY)
			continue;
		inside_enter(request, INSIDE_PREPARE, &stack->lines[i]);
		(void)inside_leave(request, INSIDE_PREPARE, module_get(&stack->lines[i], &host, &module));
		return;
	}
}

static void begin(struct request *request)
{
	static _Atomic bool begun;
	pthread_attr_t attributes;
	pthread_t thread;

	if (!settings_get(&request->profile->settings, "app", 0) || atomic_exchange(&begun, true))
		return;
	load_first(request);
	request_ref(request);
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	if (pthread_create(&thread, &attributes, run, request))
		request_unref(request);
	pthread_attr_destroy(&attributes);
}

/* A profile with a module that is missing, or none, fails as a whole, whichever line would have served. */
static int check_modules(struct request *request)
{
	struct stack *stack = &request->profile->stack;

	for (size_t i = 0; i < stack->count; i++) {
		int r;
		inside_enter(request, INSIDE_CALL, &stack->lines[i]);
		r = inside_leave(request, INSIDE_CALL, module_check(&stack->lines[i]));
		if (r < 0)
			return r;
	}
	return ICRED_OK;
}

int prepare(struct request *request)
{
	if (request->frame == FRAME_KEY_CHECK || request->frame == FRAME_PROBE)
		return ICRED_OK;
	if (request->frame == FRAME_MINT)
		begin(request);
	return check_modules(request);
}
