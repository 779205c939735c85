/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The request for a token: the issuer stack is walked with one key of the app after the other. */
#include "config.h"

#include <string.h>

#include "helper/worker/icred-worker.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/text.h"
#include "lib/module/loader.h"
#include "lib/protocol/record.h"

/* Keys to try; an app that rotates has two or three. */
#define KEYS_MAX 8

struct minting {
	struct job *job;
	struct icred_mint_request wanted;
	struct wire record; /* the answer, once it is granted */
	const char *issuer;
	int64_t expires_at;
	unsigned grants; /* of the call that is under way */
};

static int granted(const struct icred_grant *given, void *data)
{
	struct minting *minting = data;
	struct icred_grant grant = {.size = 0};
	struct record record = {
		.identity = {.issuer = minting->issuer,
			     .api = settings_get(&minting->job->profile->settings, "api", 0),
			     .app = minting->wanted.app,
			     .target = minting->wanted.target,
			     .id = minting->wanted.id},
		.minted_at = clock_utc(),
	};
	size_t n = 0;

	if (minting->grants++)
		return set_error(ICRED_E_INTERNAL, "this call has granted a token already");
	copy_sized(&grant, sizeof(grant), given);
	if (grant.token && strlen(grant.token) > ICRED_TOKEN_MAX)
		return set_error(ICRED_E_PROTOCOL, "the server's token is longer than %d bytes",
				 ICRED_TOKEN_MAX);
	if (!grant.token || !is_b64token(grant.token))
		return set_error(ICRED_E_PROTOCOL,
				 "the server's token has characters that RFC 6750 does not allow");
	if (grant.expires_at <= record.minted_at)
		return set_error(ICRED_E_PROTOCOL,
				 "the new token has already expired; check this machine's clock");
	if (grant.expires_at > RECORD_TIME_MAX)
		return set_error(ICRED_E_PROTOCOL,
				 "the new token expires at an impossible time, %lld seconds after 1970",
				 (long long)grant.expires_at);
	for (; grant.permissions && grant.permissions[n] && n < (size_t)2 * ICRED_PERMISSIONS_MAX; n++)
		record.permissions[n] = grant.permissions[n];
	if (grant.permissions && (grant.permissions[n] || n % 2))
		return set_error(ICRED_E_PROTOCOL, "the server granted more than %d permissions",
				 ICRED_PERMISSIONS_MAX);
	record.secret = grant.token;
	record.expires_at = grant.expires_at;
	record.installation = grant.installation;
	record.organization = grant.organization;
	record_write(&minting->record, &record);
	minting->expires_at = grant.expires_at;
	return minting->record.overflow ? set_error(ICRED_E_PROTOCOL, "the server's answer is too large")
					: ICRED_OK;
}

static int mint_line(struct line *line, void *data)
{
	struct minting *minting = data;
	struct host host = host_for_line(&minting->job->host, line);
	struct wire before = minting->record;
	struct module *module;
	int r;

	inside_enter(minting->job, INSIDE_CALL, line);
	r = module_get(line, &host, &module);
	if (r == ICRED_OK && !minting->record.len) { /* no line before this one has minted */
		minting->grants = 0;
		module_enter(module);
		r = module->ops.issuer.mint(module->self, &host.table, &minting->wanted, granted, minting);
		module_leave(module);
		if (minting->grants > 1) /* which one it meant cannot be known */
			r = set_error(ICRED_E_INTERNAL, "issuer %s granted more than one token",
				      line->module);
		else if (r == ICRED_OK && !minting->record.len)
			r = set_error(ICRED_E_INTERNAL, "issuer %s reported success but granted no token",
				      line->module);
		if (r != ICRED_OK)
			minting->record = before; /* what was granted before a failure is not a token */
	}
	inside_leave(minting->job, INSIDE_CALL);
	return r;
}

/* With each of the app's keys, line by line and newest first, until one is not refused. */
static int mint_with_keys(struct minting *minting)
{
	struct job *job = minting->job;
	struct failure refused;
	int r;

	for (unsigned nth = 0;; nth++) {
		job->signer = 0;
		minting->record.len = 0;
		r = stack_run(&job->profile->stack, ICRED_ISSUER, &job->log, mint_line, minting, 0, NULL);
		if (nth && r == ICRED_E_NOT_FOUND)
			return failure_restore(&refused); /* no more keys: what the server said counts */
		if (r != ICRED_E_REJECTED || nth + 1 == KEYS_MAX)
			return r;
		failure_save(&refused);
		if (!job->signer)
			return r; /* not a key of a line that could have another one */
		job->spent[job->signer - 1]++;
	}
}

int mint(struct job *job)
{
	_cleanup_secret_ void *bytes = secret_alloc(job->pool, ICRED_BLOB_MAX);
	_cleanup_secret_ void *answer_bytes = NULL;
	struct minting minting = {
		.job = job,
		.record = {.bytes = bytes, .cap = ICRED_BLOB_MAX},
		.issuer = profile_issuer(job->profile),
		.wanted = {.size = sizeof(minting.wanted),
			   .app = settings_get(&job->profile->settings, "app", 0),
			   .target = job->target,
			   .id = job->target_id},
	};
	struct wire answer = {.cap = 0};
	int r;

	if (!bytes)
		return set_no_memory();
	if (!minting.wanted.app || job->target < ICRED_TARGET_INSTALLATION || job->target > ICRED_TARGET_APP)
		return set_error(ICRED_E_INVALID, "the request does not say whose token to mint");
	r = mint_with_keys(&minting);
	if (r < 0)
		return r;
	audit_granted(job, minting.expires_at);
	answer.cap = minting.record.len + 64;
	answer.bytes = answer_bytes = secret_alloc(job->pool, answer.cap);
	if (!answer_bytes)
		return set_no_memory();
	frame_begin(&answer, FRAME_DONE);
	wire_put(&answer, TAG_RECORD, minting.record.bytes, minting.record.len);
	return job_send(job, &answer);
}
