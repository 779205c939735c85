/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/clock.h"
#include "lib/base/errno-words.h"
#include "lib/base/error.h"
#include "lib/module/loader.h"
#include "helper/worker/audit.h"
#include "helper/worker/inside.h"
#include "helper/worker/job.h"
#include "helper/worker/serve.h"
#include "helper/worker/sign.h"

/* Counted: an issuer that gives up leaves the thread to finish by itself. */
struct icred_signing {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	unsigned refs;
	bool done;
	struct host host;
	struct request *request; /* counted: it must outlive a thread that was left behind */
	struct failure failure;
	unsigned char signature[ICRED_SIGNATURE_MAX];
	size_t signature_len;
	size_t len;
	unsigned char data[ICRED_SIGN_DATA_MAX];
};

static void release(struct icred_signing *signing)
{
	struct request *request;
	bool last;

	pthread_mutex_lock(&signing->lock);
	last = --signing->refs == 0;
	pthread_mutex_unlock(&signing->lock);
	if (!last)
		return;
	pthread_cond_destroy(&signing->changed);
	pthread_mutex_destroy(&signing->lock);
	request = signing->request;
	secret_free(signing);
	request_unref(request);
}

static void signed_by(const struct icred_host *table, const char *fingerprint)
{
	audit_signed_by(host_of(table)->request, fingerprint);
}

static int sign_in(struct line *line, struct icred_signing *signing)
{
	struct host host = host_for_line(&signing->host, line);
	const struct profile *profile = signing->host.profile;
	struct icred_key_query query = {.size = sizeof(query)};
	size_t index = (size_t)(line - profile->stack.lines);
	unsigned *spent = index < KEY_LINES_MAX ? &signing->request->spent[index] : NULL;
	struct module *module;
	int r = module_get(line, &host, &module);

	if (r != ICRED_OK)
		return r;
	if (!(module->table.can & ICRED_CAN_SIGN))
		return set_error(ICRED_E_UNSUPPORTED, "key %s can't sign", line->module);
	if (signing->signature_len)
		return ICRED_OK; /* a line before this one has done it */
	query.app = settings_get(&profile->settings, "app", 0);
	query.origin = profile->api_origin;
	if (profile_audits(profile))
		host.table.signed_by = signed_by;
	module_enter(module);
	r = module->ops.key.sign(module->self, &host.table, &query, spent ? *spent : 0, signing->data,
				 signing->len, signing->signature, sizeof(signing->signature),
				 &signing->signature_len);
	module_leave(module);
	if (r == ICRED_OK && (!signing->signature_len || signing->signature_len > sizeof(signing->signature)))
		r = set_error(ICRED_E_INTERNAL, "key %s gave an impossible signature", line->module);
	if (r == ICRED_OK)
		signing->request->signer = spent ? index + 1 : 0;
	return r;
}

static int sign_line(struct line *line, void *data)
{
	struct icred_signing *signing = data;
	size_t before = signing->signature_len;
	int r;

	inside_enter(signing->request, INSIDE_KEY, line);
	r = inside_leave(signing->request, INSIDE_KEY, sign_in(line, signing));
	/* What a failure left counts for nothing: the next line is to sign. */
	if (r != ICRED_OK)
		signing->signature_len = before;
	return r;
}

static void *run(void *data)
{
	struct icred_signing *signing = data;
	int r;

	if (settings_get(&signing->host.profile->settings, "app", 0))
		r = stack_run(&signing->host.profile->stack, ICRED_KEY, signing->host.log, sign_line, signing,
			      0, NULL);
	else
		r = set_error(ICRED_E_INVALID, "no app: its ID says whose key to use");
	pthread_mutex_lock(&signing->lock);
	if (r < 0)
		failure_save(&signing->failure);
	signing->done = true;
	pthread_cond_broadcast(&signing->changed);
	pthread_mutex_unlock(&signing->lock);
	release(signing);
	return NULL;
}

static struct icred_signing *signing_new(const struct icred_host *table, const void *data, size_t len)
{
	/* Secret, as both together are a JWT that mints. */
	struct icred_signing *signing = secret_alloc(host_of(table)->pool, sizeof(*signing));
	pthread_condattr_t attributes;

	if (!signing)
		return NULL;
	pthread_condattr_init(&attributes);
	pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
	pthread_mutex_init(&signing->lock, NULL);
	pthread_cond_init(&signing->changed, &attributes);
	pthread_condattr_destroy(&attributes);
	signing->refs = 2;
	signing->host = *host_of(table);
	signing->request = request_ref(signing->host.request);
	memcpy(signing->data, data, len);
	signing->len = len;
	return signing;
}

static int sign_begin(const struct icred_host *table, const void *data, size_t len,
		      struct icred_signing **ret_signing)
{
	struct icred_signing *signing;
	pthread_attr_t attributes;
	pthread_t thread;
	int r;

	if (!data || len > ICRED_SIGN_DATA_MAX)
		return table->fail(table, ICRED_E_INVALID, "there is more to sign than a JWT has");
	signing = signing_new(table, data, len);
	if (!signing)
		return table->fail(table, ICRED_E_NO_MEMORY, "out of memory");
	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	r = pthread_create(&thread, &attributes, run, signing);
	pthread_attr_destroy(&attributes);
	if (r) {
		signing->refs = 1;
		release(signing);
		r = start_errno(r);
		return table->fail(table, errno_code(r, ICRED_E_INTERNAL), "can't start a thread: %s",
				   errno_words(r));
	}
	*ret_signing = signing;
	return ICRED_OK;
}

/* Wait until it is done or the deadline has passed; the lock is held. */
static void wait_done(struct icred_signing *signing, int64_t deadline)
{
	struct timespec until = clock_spec(deadline);

	while (!signing->done)
		if (pthread_cond_timedwait(&signing->changed, &signing->lock, &until) == ETIMEDOUT)
			break;
}

/* The key line that is still being asked has the last word. */
static int too_late(const struct icred_host *table, struct icred_signing *signing)
{
	const struct line *line = atomic_load(&signing->request->inside[INSIDE_KEY]);
	char name[48] = "the key";

	if (line)
		snprintf(name, sizeof(name), "key %s", line->module);
	table->fail(
		table, ICRED_E_TIMEOUT,
		"%s did not sign in time; see whether it waits for an answer, or raise the setting timeout",
		name);
	if (line)
		set_error_where(name, line->file, line->number);
	return ICRED_E_TIMEOUT;
}

/* Copy what the thread has got; the lock is held. */
static int collect(const struct icred_host *table, struct icred_signing *signing, void *signature, size_t cap,
		   size_t *ret_len)
{
	if (!signing->done) {
		serve_retire(signing->request->server); /* its module may be stuck for good */
		return too_late(table, signing);
	}
	if (signing->failure.code)
		return failure_restore(&signing->failure);
	if (!signing->signature_len || signing->signature_len > cap)
		return table->fail(table, ICRED_E_INVALID, "the signature does not fit the issuer's buffer");
	memcpy(signature, signing->signature, signing->signature_len);
	*ret_len = signing->signature_len;
	return ICRED_OK;
}

static int sign_end(const struct icred_host *table, struct icred_signing *signing, void *signature,
		    size_t cap, size_t *ret_len)
{
	int r = ICRED_OK;

	if (signature) {
		pthread_mutex_lock(&signing->lock);
		wait_done(signing, host_of(table)->deadline);
		r = collect(table, signing, signature, cap, ret_len);
		pthread_mutex_unlock(&signing->lock);
	}
	release(signing);
	return r;
}

void sign_into(struct icred_host *table)
{
	table->sign_begin = sign_begin;
	table->sign_end = sign_end;
}
