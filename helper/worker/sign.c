/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Signatures for issuers: the key stack is walked on a thread of its own. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "helper/worker/icred-worker.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/system-words.h"
#include "lib/module/loader.h"

/* Shared by the issuer, which may give up, and the thread, which finishes by itself. */
struct icred_signing {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned refs;
	bool done;
	struct host host;
	struct job *job; /* counted, as a thread that was left behind goes on with it */
	struct failure failure;
	unsigned char signature[ICRED_SIGNATURE_MAX];
	size_t signature_len;
	size_t len;
	unsigned char data[ICRED_SIGN_DATA_MAX];
};

static void release(struct icred_signing *signing)
{
	struct job *job;
	bool last;

	pthread_mutex_lock(&signing->lock);
	last = --signing->refs == 0;
	pthread_mutex_unlock(&signing->lock);
	if (!last)
		return;
	pthread_cond_destroy(&signing->changed);
	pthread_mutex_destroy(&signing->lock);
	job = signing->job;
	secret_free(signing);
	job_unref(job);
}

static int sign_line(struct line *line, void *data)
{
	struct icred_signing *signing = data;
	struct job *job = signing->job;
	struct host host = host_for_line(&signing->host, line);
	size_t index = (size_t)(line - job->profile->stack.lines), len = 0;
	unsigned spent = index < KEY_LINES_MAX ? job->spent[index] : 0;
	struct icred_key_query query;
	struct module *module;
	int r;

	inside_enter(job, INSIDE_KEY, line);
	r = module_get(line, &host, &module);
	if (r == ICRED_OK && !(module->table.can & ICRED_CAN_SIGN))
		r = set_error(ICRED_E_UNSUPPORTED, "key %s cannot sign", line->module);
	else if (r == ICRED_OK)
		r = job_key_query(job, &query);
	if (r == ICRED_OK && !signing->signature_len) { /* no line before this one has signed */
		if (profile_audits(job->profile))
			host.table.signed_by = audit_signed_by;
		module_enter(module);
		r = module->ops.key.sign(module->self, &host.table, &query, spent, signing->data,
					 signing->len, signing->signature, sizeof(signing->signature), &len);
		module_leave(module);
		if (r == ICRED_OK && (!len || len > sizeof(signing->signature)))
			r = set_error(ICRED_E_INTERNAL, "key %s returned a signature of an invalid length",
				      line->module);
		if (r == ICRED_OK) {
			signing->signature_len = len;
			job->signer = index < KEY_LINES_MAX ? index + 1 : 0;
		}
	}
	inside_leave(job, INSIDE_KEY);
	return r;
}

static void *run(void *data)
{
	struct icred_signing *signing = data;
	struct icred_key_query query;
	int r = job_key_query(signing->job, &query);

	if (r == ICRED_OK)
		r = stack_run(&signing->job->profile->stack, ICRED_KEY, signing->host.log, sign_line, signing,
			      0, NULL);
	pthread_mutex_lock(&signing->lock);
	if (r < 0)
		failure_save(&signing->failure);
	signing->done = true;
	pthread_cond_broadcast(&signing->changed);
	pthread_mutex_unlock(&signing->lock);
	release(signing);
	return NULL;
}

int sign_begin(const struct icred_host *table, const void *data, size_t len,
	       struct icred_signing **ret_signing)
{
	struct icred_signing *signing;
	pthread_condattr_t monotonic;
	int error;

	if (!data || len > ICRED_SIGN_DATA_MAX)
		return table->fail(table, ICRED_E_INVALID, "the data to sign is longer than %d bytes",
				   ICRED_SIGN_DATA_MAX);
	/* Secret, as data and signature together are a JWT that mints. */
	signing = secret_alloc(host_of(table)->pool, sizeof(*signing));
	if (!signing)
		return table->fail(table, ICRED_E_NO_MEMORY, "out of memory");
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&signing->lock, NULL);
	pthread_cond_init(&signing->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	signing->refs = 2;
	signing->host = *host_of(table);
	signing->job = job_ref(signing->host.request);
	memcpy(signing->data, data, len);
	signing->len = len;
	error = job_thread(run, signing);
	if (error) {
		signing->refs = 1;
		release(signing);
		error = start_errno(error);
		return table->fail(table, errno_code(error, ICRED_E_INTERNAL), "cannot start a thread: %s",
				   errno_words(error));
	}
	*ret_signing = signing;
	return ICRED_OK;
}

/* Names the key line that is at work. */
static int too_late(const struct icred_host *table, const struct line *line)
{
	char name[48] = "the key";

	if (line)
		snprintf(name, sizeof(name), "key %s", line->module);
	table->fail(
		table, ICRED_E_TIMEOUT,
		"%s did not sign in time; check whether it waits for an answer, or raise the setting timeout",
		name);
	if (line)
		set_error_where(name, line->file, line->number);
	return ICRED_E_TIMEOUT;
}

int sign_end(const struct icred_host *table, struct icred_signing *signing, void *signature, size_t cap,
	     size_t *ret_len)
{
	struct timespec until = clock_spec(host_of(table)->deadline);
	int r = ICRED_OK;

	if (signature) {
		pthread_mutex_lock(&signing->lock);
		while (!signing->done &&
		       pthread_cond_timedwait(&signing->changed, &signing->lock, &until) != ETIMEDOUT)
			;
		if (!signing->done) {
			inside_retire();
			r = too_late(table, atomic_load(&signing->job->inside[INSIDE_KEY]));
		} else if (signing->failure.code) {
			r = failure_restore(&signing->failure);
		} else if (!signing->signature_len || signing->signature_len > cap) {
			r = table->fail(table, ICRED_E_INVALID,
					"the signature does not fit the issuer's buffer");
		} else {
			memcpy(signature, signing->signature, signing->signature_len);
			*ret_len = signing->signature_len;
		}
		pthread_mutex_unlock(&signing->lock);
	}
	release(signing);
	return r;
}
