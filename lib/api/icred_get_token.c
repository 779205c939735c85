/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The way of a token: table, caches, single mint, worker, and back. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/token/cache.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/base/error.h"
#include "lib/api/icred_get_token.h"
#include "lib/api/handle.h"
#include "lib/token/life.h"
#include "lib/token/mint-lock.h"
#include "lib/base/wipe.h"

#define WAIT_FIRST_MS 1
#define WAIT_MOST_MS  16
/* While the old token lives, no call should wait long for a new one. */
#define REFRESH_MS 10000
#define YOUNG      60

/* One token wanted. */
struct want {
	struct icred *handle;
	struct identity identity;
	unsigned min_ttl;
	int64_t deadline;
	int64_t alone_at; /* from then on it does not wait for another process */
};

static const char *target_words(int target)
{
	return target == ICRED_TARGET_INSTALLATION   ? "installation "
	       : target == ICRED_TARGET_ORGANIZATION ? "organization "
						     : "the app itself";
}

/* What the worker says to have minted must be what was asked, and of some use. */
static int check_minted(const struct want *want, const struct token_body *body)
{
	const struct record *record = &body->record;

	if (!identity_equal(&record->identity, &want->identity))
		return set_error(ICRED_E_INTERNAL, "icred-worker minted a token nobody asked for");
	if (!life_left(record->minted_at, record->expires_at, clock_utc()))
		return set_error(ICRED_E_PROTOCOL,
				 "the new token has already expired; check this machine's clock");
	/* Asked again it would do the same; whoever waits for another token would make it mint for ever. */
	if (rejected_has(&want->handle->rejected, record->secret))
		return set_error(ICRED_E_REJECTED,
				 "the issuer gave the very token again that a server had refused; "
				 "ask who runs it");
	return ICRED_OK;
}

/*
 * New, and yet shorter-lived than what is asked for: another one would be no
 * better, and whoever asks for it in a loop must not make the issuer mint.
 */
static bool is_hopeless(const struct want *want, const struct token_body *body)
{
	const struct record *record = &body->record;
	int64_t now = clock_utc();

	return life_within(record->minted_at, now, YOUNG) &&
	       record->expires_at - record->minted_at < (int64_t)want->min_ttl && token_alive(body, now, 0);
}

static int lives_too_short(const struct want *want, const struct token_body *body)
{
	return set_error(ICRED_E_UNSUPPORTED,
			 "new tokens live %lld seconds, less than the %u that were asked for; ask for less",
			 (long long)(body->record.expires_at - body->record.minted_at), want->min_ttl);
}

struct minted {
	struct icred *handle;
	struct token_body *body;
};

static int take_minted(int frame, struct reader *reader, void *data)
{
	struct minted *minted = data;
	struct field field;

	while (frame == FRAME_DONE && wire_next(reader, &field)) {
		void *blob;
		if (field.tag != TAG_RECORD || minted->body)
			continue;
		if (field.len > ICRED_BLOB_MAX)
			return set_error(ICRED_E_INTERNAL, "icred-worker answered garbage");
		blob = secret_alloc(minted->handle->context.pool, ICRED_BLOB_MAX);
		if (!blob)
			return set_no_memory();
		struct wire record = {.bytes = blob, .cap = ICRED_BLOB_MAX};
		if (!record_convert(field.value, field.len, &record)) {
			secret_free(blob);
			return set_error(ICRED_E_INTERNAL, "icred-worker answered garbage");
		}
		minted->body = token_body_new(secret_trim(blob, record.len), record.len);
	}
	return minted->body ? ICRED_OK : set_error(ICRED_E_INTERNAL, "icred-worker answered without a token");
}

static int mint(const struct want *want, struct token_body **ret_body)
{
	struct minted minted = {.handle = want->handle};
	_cleanup_secret_ void *bytes = NULL;
	struct wire request;
	int r = worker_request(&want->handle->worker, FRAME_MINT, REQUEST_ROOM, &request);

	if (r < 0)
		return r;
	bytes = request.bytes;
	log_line(&want->handle->context.log, ICRED_LOG_INFO, "minting a token for %s%s",
		 target_words(want->identity.target), want->identity.id);
	wire_put_number(&request, TAG_TARGET_KIND, want->identity.target);
	wire_put_string(&request, TAG_TARGET_ID, want->identity.id);
	r = worker_call(&want->handle->worker, &request, want->deadline, take_minted, &minted);
	if (r == ICRED_OK)
		r = check_minted(want, minted.body);
	if (r == ICRED_OK)
		*ret_body = minted.body;
	else
		token_body_unref(minted.body);
	return r;
}

/* A copy of a token that was rejected while this one was on its way is as dead. */
static void note_rejected(struct icred *handle, struct token_body *body)
{
	if (rejected_has(&handle->rejected, body->record.secret))
		atomic_store_explicit(&body->dead, true, memory_order_relaxed);
}

bool get_was_refused(icred_t *handle, const icred_token_t *token)
{
	note_rejected(handle, token->body);
	return atomic_load_explicit(&token->body->dead, memory_order_relaxed);
}

/* Look in the caches; OK with a body (fresh or not) or with NULL. */
static int look(const struct want *want, struct token_body **ret_body)
{
	struct token_body *body = NULL;
	int r = cache_load(&want->handle->context, &want->identity, &body);

	if (r == ICRED_E_NOT_FOUND || r == ICRED_E_UNSUPPORTED)
		r = ICRED_OK;
	if (r == ICRED_OK && body)
		note_rejected(want->handle, body);
	if (r == ICRED_OK)
		*ret_body = body;
	return r;
}

static bool is_fresh(const struct want *want, const struct token_body *body)
{
	return body && token_fresh(body, clock_utc(), want->min_ttl);
}

static bool is_alive(const struct want *want, const struct token_body *body)
{
	return body && token_alive(body, clock_utc(), want->min_ttl);
}

/* Nothing is won by minting. */
static bool good_enough(const struct want *want, const struct token_body *body)
{
	return is_fresh(want, body) || (body && is_hopeless(want, body));
}

/*
 * Wait to be the one process that mints: *ret_in.  Not in, with OK: another
 * one minted meanwhile, or is at it while the old token still lives.  The cache
 * is asked again even by who gets in at once: the one before may just have left.
 */
static int pass_gate(const struct want *want, const struct owned *lock, struct token_body **body,
		     bool *ret_in)
{
	uint64_t hash = identity_hash(&want->identity);
	int wait = WAIT_FIRST_MS, r;

	for (;;) {
		struct token_body *found = NULL;
		*ret_in = mint_lock_try(lock, hash) == ICRED_OK;
		r = look(want, &found);
		if (found) {
			token_body_unref(*body);
			*body = found;
		}
		if (r < 0 || *ret_in || is_alive(want, *body))
			return r;
		if (!clock_left(want->alone_at)) {
			log_line(
				&want->handle->context.log, ICRED_LOG_WARNING,
				"another process does not get done with minting this token; going ahead without it");
			*ret_in = true;
			return ICRED_OK;
		}
		if (atomic_load(&want->handle->context.closing))
			return set_error(ICRED_E_CANCELLED, "the profile is being closed");
		clock_sleep(MIN(wait, clock_left(want->deadline)));
		wait = MIN(wait * 2, WAIT_MOST_MS);
	}
}

/* With *body the old token, or NULL: mint, or else go on with the old one while it lives. */
static int refresh(const struct want *want, struct token_body **body)
{
	struct want own = *want;
	struct token_body *minted = NULL;
	int r;

	if (is_alive(want, *body))
		own.deadline = MIN(want->deadline, clock_ms() + REFRESH_MS);
	r = mint(&own, &minted);
	if (r == ICRED_OK)
		r = cache_save(&want->handle->context, minted);
	if (r == ICRED_OK) {
		token_body_unref(*body);
		*body = minted;
		return ICRED_OK;
	}
	token_body_unref(minted);
	if (!is_alive(want, *body))
		return r;
	atomic_store_explicit(&(*body)->failed_at, clock_utc(), memory_order_relaxed);
	log_line(&want->handle->context.log, ICRED_LOG_WARNING,
		 "the refresh failed, the old token is served while it lives: %s", icred_error()->message);
	return ICRED_OK;
}

/* The token is missing or old: mint, unless another process does. */
static int renew(const struct want *want, struct token_body **body)
{
	struct owned lock = want->handle->context.flags & ICRED_NO_CACHE
				    ? OWNED_NONE
				    : mint_lock_open(&want->handle->context.log);
	bool in = true;
	int r = pass_gate(want, &lock, body, &in);

	if (r == ICRED_OK && in && !good_enough(want, *body))
		r = refresh(want, body);
	mint_lock_release(&lock, identity_hash(&want->identity));
	return r;
}

/* What the first of a mint does: a counted body, fresh if at all possible. */
static int produce(const struct want *want, struct token_body **ret_body)
{
	struct token_body *body = NULL;
	int r = look(want, &body);

	if (r == ICRED_OK && !body)
		body = table_find(&want->handle->table, want->identity.target, want->identity.id);
	if (r == ICRED_OK && !good_enough(want, body))
		r = renew(want, &body);
	if (r == ICRED_OK)
		*ret_body = body;
	else
		token_body_unref(body);
	return r;
}

/* Into the table first, then the look at what was rejected: icred_reject_token does the reverse. */
static void publish(struct icred *handle, struct token_body *body)
{
	table_put(&handle->table, body);
	note_rejected(handle, body);
}

static int share_mint(const struct want *want, struct token_body **ret_body)
{
	struct mints *mints = &want->handle->mints;
	bool first;
	struct mint *mint = mint_join(mints, want->identity.target, want->identity.id, &first);
	int r;

	if (!mint)
		return set_no_memory();
	if (first) {
		r = produce(want, ret_body);
		if (r == ICRED_OK)
			publish(want->handle, *ret_body);
		mint_finish(mints, mint, r == ICRED_OK ? *ret_body : NULL);
	} else {
		r = mint_wait(mint, want->deadline, ret_body);
	}
	mint_leave(mint);
	return r;
}

static int get_slowly(struct want *want, const char *installation, icred_token_t **ret_token)
{
	struct token_body *body = NULL;
	int r = handle_identity(want->handle, installation, &want->identity);

	want->alone_at = deadline_alone(want->deadline);
	if (r == ICRED_OK)
		r = share_mint(want, &body);
	/* The mint that we joined may have been content with less. */
	while (r == ICRED_OK && !is_alive(want, body)) {
		if (is_hopeless(want, body)) {
			r = lives_too_short(want, body);
			break;
		}
		body = token_body_unref(body);
		r = share_mint(want, &body);
	}
	if (r == ICRED_OK) {
		*ret_token = token_new(body);
		r = *ret_token ? ICRED_OK : set_no_memory();
	}
	token_body_unref(body);
	return r;
}

/* What costs no system call. */
static icred_token_t *get_warm(const struct want *want, const char *installation)
{
	struct icred *handle = want->handle;

	if (installation)
		return table_get(&handle->table, ICRED_TARGET_INSTALLATION, installation, clock_utc(),
				 want->min_ttl);
	if (handle->target)
		return table_get(&handle->table, handle->target, handle->target_id, clock_utc(),
				 want->min_ttl);
	return NULL;
}

int get_at_hand(icred_t *handle, const char *installation, unsigned min_ttl, icred_token_t **ret_token)
{
	struct want want = {.handle = handle, .min_ttl = MAX(min_ttl, handle->min_ttl)};
	icred_token_t *token = get_warm(&want, installation);
	struct token_body *body = NULL;
	int r;

	if (token) {
		*ret_token = token;
		return ICRED_OK;
	}
	r = handle_identity(handle, installation, &want.identity);
	if (r == ICRED_OK)
		r = look(&want, &body);
	if (r == ICRED_OK && is_fresh(&want, body)) {
		publish(handle, body);
		token = token_new(body);
		r = token ? ICRED_OK : set_no_memory();
	}
	token_body_unref(body);
	wipe_traces();
	if (r == ICRED_OK && token)
		*ret_token = token;
	return r == ICRED_OK && !token ? ICRED_E_NOT_FOUND : r;
}

bool get_is_current(icred_t *handle, const icred_token_t *token, uint64_t changes)
{
	return changes == table_changes(&handle->table) &&
	       token_fresh(token->body, clock_utc(), handle->min_ttl);
}

_export_ int icred_get_token(icred_t *handle, const char *installation, unsigned min_ttl,
			     icred_token_t **ret_token)
{
	struct want want = {.handle = handle, .min_ttl = min_ttl};
	icred_token_t *token;
	int r;

	if (!handle || !ret_token)
		return set_error(ICRED_E_INVALID,
				 "icred_get_token: NULL is no handle and no place for a token");
	want.min_ttl = MAX(min_ttl, handle->min_ttl);
	token = get_warm(&want, installation);
	if (token) {
		*ret_token = token;
		return ICRED_OK;
	}
	want.deadline = context_deadline(&handle->context);
	r = get_slowly(&want, installation, ret_token);
	wipe_traces();
	return r;
}

int get_by(icred_t *handle, const char *installation, unsigned min_ttl, int64_t deadline,
	   icred_token_t **ret_token)
{
	struct want want = {.handle = handle, .min_ttl = MAX(min_ttl, handle->min_ttl), .deadline = deadline};
	icred_token_t *token = get_warm(&want, installation);
	int r = ICRED_OK;

	if (token)
		*ret_token = token;
	else
		r = get_slowly(&want, installation, ret_token);
	wipe_traces();
	return r;
}
