/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "lib/base/b64token.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/module/loader.h"
#include "lib/protocol/record.h"
#include "helper/worker/audit.h"
#include "helper/worker/inside.h"
#include "helper/worker/mint.h"

/* Keys to try; an app that rotates has two or three. */
#define KEYS_MAX 8

struct minting {
	struct request *request;
	struct icred_mint_request wanted;
	struct wire record; /* the answer, once it is granted */
	const char *issuer;
	int64_t expires_at;
	unsigned grants; /* of the call that is under way */
};

static bool fill_permissions(const struct icred_grant *grant, struct record *record)
{
	size_t i = 0;

	for (; grant->permissions && grant->permissions[i]; i++) {
		if (i >= (size_t)2 * ICRED_PERMISSIONS_MAX)
			return false;
		record->permissions[i] = grant->permissions[i];
	}
	return i % 2 == 0;
}

static int granted(const struct icred_grant *given, void *data)
{
	struct minting *minting = data;
	struct icred_grant grant = {.size = 0};
	struct record record = {
		.identity = {.issuer = minting->issuer,
			     .api = settings_get(&minting->request->profile->settings, "api", 0),
			     .app = minting->wanted.app,
			     .target = minting->wanted.target,
			     .id = minting->wanted.id},
		.minted_at = clock_utc(),
	};

	if (minting->grants++)
		return set_error(ICRED_E_INTERNAL, "a token was granted before");
	memcpy(&grant, given, MIN(given->size, sizeof(grant)));
	if (grant.token && strlen(grant.token) > ICRED_TOKEN_MAX)
		return set_error(ICRED_E_PROTOCOL, "the server's token is longer than %d bytes",
				 ICRED_TOKEN_MAX);
	if (!grant.token || !is_b64token(grant.token))
		return set_error(ICRED_E_PROTOCOL,
				 "the server's token has characters that no token may have (RFC 6750)");
	if (grant.expires_at <= record.minted_at)
		return set_error(ICRED_E_PROTOCOL,
				 "the new token has already expired; check this machine's clock");
	if (grant.expires_at > RECORD_TIME_MAX)
		return set_error(ICRED_E_PROTOCOL,
				 "the new token expires at an impossible time, %lld seconds after 1970",
				 (long long)grant.expires_at);
	if (!fill_permissions(&grant, &record))
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

static int mint_in(struct line *line, struct minting *minting)
{
	struct host host = host_for_line(&minting->request->host, line);
	struct module *module;
	int r = module_get(line, &host, &module);

	if (r != ICRED_OK || minting->record.len)
		return r;
	minting->grants = 0;
	module_enter(module);
	r = module->ops.issuer.mint(module->self, &host.table, &minting->wanted, granted, minting);
	module_leave(module);
	/* Nobody knows which one was meant. */
	if (minting->grants > 1)
		return set_error(ICRED_E_INTERNAL, "issuer %s granted more than one token", line->module);
	if (r == ICRED_OK && !minting->record.len)
		return set_error(ICRED_E_INTERNAL, "issuer %s granted nothing and said all was well",
				 line->module);
	return r;
}

static int mint_line(struct line *line, void *data)
{
	struct minting *minting = data;
	struct wire before = minting->record;
	int r;

	inside_enter(minting->request, INSIDE_CALL, line);
	r = inside_leave(minting->request, INSIDE_CALL, mint_in(line, minting));
	if (r != ICRED_OK)
		minting->record = before; /* what was granted before a failure is no token */
	return r;
}

/* With each of the app's keys, line by line and newest first, until one is not refused. */
static int mint_with_keys(struct minting *minting)
{
	struct request *request = minting->request;
	struct failure refused;
	int r;

	for (unsigned nth = 0;; nth++) {
		request->signer = 0;
		minting->record.len = 0;
		r = stack_run(&request->profile->stack, ICRED_ISSUER, &request->log, mint_line, minting, 0,
			      NULL);
		if (nth && r == ICRED_E_NOT_FOUND)
			return failure_restore(&refused); /* no more keys: what the server said counts */
		if (r != ICRED_E_REJECTED || nth + 1 == KEYS_MAX)
			return r;
		failure_save(&refused);
		if (!request->signer)
			return r; /* not a key of any line that could have another */
		request->spent[request->signer - 1]++;
	}
}

static int send_record(struct request *request, const struct wire *record)
{
	_cleanup_secret_ void *bytes = NULL;
	struct wire answer;
	int r = request_answer(request, FRAME_DONE, record->len + 64, &answer);

	if (r < 0)
		return r;
	bytes = answer.bytes;
	wire_put(&answer, TAG_RECORD, record->bytes, record->len);
	return request_send(request, &answer);
}

int mint(struct request *request)
{
	_cleanup_secret_ void *bytes = secret_alloc(request->pool, ICRED_BLOB_MAX);
	struct minting minting = {
		.request = request,
		.record = {.bytes = bytes, .cap = ICRED_BLOB_MAX},
		.issuer = profile_issuer(request->profile),
		.wanted = {.size = sizeof(minting.wanted),
			   .app = settings_get(&request->profile->settings, "app", 0),
			   .target = request->target,
			   .id = request->target_id},
	};
	int r;

	if (!bytes)
		return set_no_memory();
	if (!minting.wanted.app || request->target < ICRED_TARGET_INSTALLATION ||
	    request->target > ICRED_TARGET_APP)
		return set_error(ICRED_E_INVALID, "a request that does not say whose token is wanted");
	r = mint_with_keys(&minting);
	if (r < 0)
		return r;
	audit_granted(request, minting.expires_at);
	return send_record(request, &minting.record);
}
