/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Loading the modules of a profile, before the requests that need them. */
#include "config.h"

#include "helper/worker/icred-worker.h"
#include "lib/base/error.h"
#include "lib/module/loader.h"

static int prepare_line(struct line *line, void *data)
{
	struct job *job = data;
	struct host host = host_for_line(&job->host, line);
	struct icred_key_query query;
	struct module *module;
	int r;

	inside_enter(job, INSIDE_PREPARE, line);
	r = module_get(line, &host, &module);
	if (r == ICRED_OK && module->ops.key.prepare && job_key_query(job, &query) == ICRED_OK) {
		host.table.interactive = 0;
		host.may_ask = false;
		module_enter(module);
		r = module->ops.key.prepare(module->self, &host.table, &query);
		module_leave(module);
	}
	inside_leave(job, INSIDE_PREPARE);
	return r;
}

static void *run(void *data)
{
	struct job *job = data;

	(void)stack_run(&job->profile->stack, ICRED_KEY, NULL, prepare_line, job, 0, NULL);
	job_unref(job);
	return NULL;
}

/* Once: let the key stack get ready on a thread of its own. */
static void prepare_keys(struct job *job)
{
	static _Atomic bool begun;
	struct stack *stack = &job->profile->stack;
	struct module *module;

	if (!settings_get(&job->profile->settings, "app", 0) || atomic_exchange(&begun, true))
		return;
	log_line(&job->log, ICRED_LOG_DEBUG, "what modules print to standard output is thrown away");
	/*
	 * The first key module is loaded before the issuer and not beside it, as the dynamic linker loads one
	 * library at a time.  The wait for the keyring, which comes next, then goes on beside it.
	 */
	for (size_t i = 0; i < stack->count; i++) {
		struct host host = host_for_line(&job->host, &stack->lines[i]);
		if (stack->lines[i].facility != ICRED_KEY)
			continue;
		inside_enter(job, INSIDE_PREPARE, &stack->lines[i]);
		(void)module_get(&stack->lines[i], &host, &module);
		inside_leave(job, INSIDE_PREPARE);
		break;
	}
	if (job_thread(run, job_ref(job)))
		job_unref(job);
}

int prepare(struct job *job)
{
	struct stack *stack = &job->profile->stack;
	int r = ICRED_OK;

	if (job->frame == FRAME_KEY_CHECK || job->frame == FRAME_PROBE)
		return ICRED_OK;
	if (job->frame == FRAME_MINT)
		prepare_keys(job);
	/* A profile with a faulty module fails as a whole, whichever line would have served. */
	for (size_t i = 0; i < stack->count && r >= 0; i++) {
		inside_enter(job, INSIDE_CALL, &stack->lines[i]);
		r = module_check(&stack->lines[i]);
		inside_leave(job, INSIDE_CALL);
	}
	return r < 0 ? r : ICRED_OK;
}

int probe(struct job *job)
{
	struct stack *stack = &job->profile->stack;
	unsigned char bytes[2048];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	for (size_t i = 0; i < stack->count; i++) {
		struct line *line = &stack->lines[i];
		struct host host = host_for_line(&job->host, line);
		struct module *module;
		int r;
		inside_enter(job, INSIDE_CALL, line);
		r = module_get(line, &host, &module);
		inside_leave(job, INSIDE_CALL);
		if (r >= 0)
			continue;
		failure_write(&wire, FRAME_FAULT);
		if (job_send(job, &wire) < 0)
			return ICRED_E_CANCELLED;
	}
	return job_done(job, 0, NULL);
}
