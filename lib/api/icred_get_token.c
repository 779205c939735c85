/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The way of a token: the handle's table; then one thread of those that want it looks in the
 * caches; then one process of those that want it asks the worker.  And back the same way.
 */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/api/handle.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/base/error.h"
#include "lib/base/secret.h"
#include "lib/token/cache.h"
#include "lib/token/life.h"
#include "lib/token/mint-lock.h"

#define WAIT_FIRST_MS 1
#define WAIT_MOST_MS  16
#define REFRESH_MS    10000 /* a call whose old token is still valid waits no longer for a new one */
#define NEW_SECONDS   60    /* a token of that age is as new as another one would be */

/* One token wanted. */
struct want {
	struct icred *handle;
	struct identity identity;
	unsigned min_ttl;
	int64_t deadline;
	int64_t patience_ends; /* from then on it mints even if another process is at it */
};

static bool is_fresh(const struct want *want, const struct token_body *body)
{
	return body && token_fresh(body, clock_utc(), want->min_ttl);
}

static bool is_valid(const struct want *want, const struct token_body *body)
{
	return body && token_alive(body, clock_utc(), want->min_ttl);
}

/*
 * New, and yet shorter-lived than what is asked for: another one would be no
 * better, and a program that asks in a loop must not make the issuer mint each time.
 */
static bool lives_too_short(const struct want *want, const struct token_body *body)
{
	const struct record *record = &body->record;
	int64_t now = clock_utc();

	return life_within(record->minted_at, now, NEW_SECONDS) &&
	       record->expires_at - record->minted_at < (int64_t)want->min_ttl && token_alive(body, now, 0);
}

static bool needs_mint(const struct want *want, const struct token_body *body)
{
	return !is_fresh(want, body) && !(body && lives_too_short(want, body));
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
static int look_in_caches(const struct want *want, struct token_body **ret_body)
{
	struct token_body *body = NULL;
	int r = cache_load(&want->handle->context, &want->identity, &body);

	if (r != ICRED_OK && r != ICRED_E_NOT_FOUND && r != ICRED_E_UNSUPPORTED)
		return r;
	if (body)
		note_rejected(want->handle, body);
	*ret_body = body;
	return ICRED_OK;
}

/* Into the table first, then the look at what was rejected: icred_reject_token() does the reverse. */
static void put_into_table(struct icred *handle, struct token_body *body)
{
	table_put(&handle->table, body);
	note_rejected(handle, body);
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
			return set_error(ICRED_E_INTERNAL, "icred-worker sent a record that is too large");
		blob = secret_alloc(minted->handle->context.pool, ICRED_BLOB_MAX);
		if (!blob)
			return set_no_memory();
		struct wire record = {.bytes = blob, .cap = ICRED_BLOB_MAX};
		if (!record_convert(field.value, field.len, &record)) {
			secret_free(blob);
			return set_error(ICRED_E_INTERNAL, "icred-worker sent a damaged record");
		}
		minted->body = token_body_new(secret_trim(blob, record.len), record.len);
	}
	return minted->body ? ICRED_OK : set_error(ICRED_E_INTERNAL, "icred-worker answered without a token");
}

/* What the worker says it has minted must be what was asked for, and of some use. */
static int check_minted(const struct want *want, const struct record *record)
{
	if (!identity_equal(&record->identity, &want->identity))
		return set_error(ICRED_E_INTERNAL,
				 "icred-worker minted another token than the one asked for");
	if (!life_left(record->minted_at, record->expires_at, clock_utc()))
		return set_error(ICRED_E_PROTOCOL,
				 "the new token has already expired; check this machine's clock");
	/* Asked again it would do the same, and a waiting program would make it mint for ever. */
	if (rejected_has(&want->handle->rejected, record->secret))
		return set_error(ICRED_E_REJECTED,
				 "the issuer returned the same token that a server has refused; "
				 "ask its operator");
	return ICRED_OK;
}

static int mint_token(const struct want *want, int64_t deadline, struct token_body **ret_body)
{
	static const char *const targets[] = {[ICRED_TARGET_INSTALLATION] = "installation ",
					      [ICRED_TARGET_ORGANIZATION] = "organization ",
					      [ICRED_TARGET_APP] = "the app itself"};
	struct minted minted = {.handle = want->handle};
	_cleanup_secret_ void *bytes = NULL;
	struct wire request;
	int r = worker_request(&want->handle->worker, FRAME_MINT, REQUEST_ROOM, &request);

	if (r < 0)
		return r;
	bytes = request.bytes;
	log_line(&want->handle->context.log, ICRED_LOG_INFO, "minting a token for %s%s",
		 targets[want->identity.target], want->identity.id);
	wire_put_number(&request, TAG_TARGET_KIND, want->identity.target);
	wire_put_string(&request, TAG_TARGET_ID, want->identity.id);
	r = worker_call(&want->handle->worker, &request, deadline, take_minted, &minted);
	if (r == ICRED_OK)
		r = check_minted(want, &minted.body->record);
	if (r == ICRED_OK)
		*ret_body = minted.body;
	else
		token_body_unref(minted.body);
	return r;
}

/* With *body the old token, or NULL: mint, or else go on with the old one while it is valid. */
static int renew(const struct want *want, struct token_body **body)
{
	struct token_body *minted = NULL;
	int64_t deadline = want->deadline;
	int r;

	if (is_valid(want, *body))
		deadline = MIN(deadline, clock_ms() + REFRESH_MS);
	r = mint_token(want, deadline, &minted);
	if (r == ICRED_OK)
		r = cache_save(&want->handle->context, minted);
	if (r == ICRED_OK) {
		token_body_unref(*body);
		*body = minted;
		return ICRED_OK;
	}
	token_body_unref(minted);
	if (!is_valid(want, *body))
		return r;
	atomic_store_explicit(&(*body)->failed_at, clock_utc(), memory_order_relaxed);
	log_line(&want->handle->context.log, ICRED_LOG_WARNING,
		 "the refresh failed; using the old token, which is still valid: %s", icred_error()->message);
	return ICRED_OK;
}

/*
 * Wait to be the one process that mints: *ret_held.  Not held, with OK: another
 * process has minted meanwhile, or is minting while the old token is still valid.
 * The caches are read again even with the lock at once: the process before may just
 * have released it.
 */
static int wait_for_mint_lock(const struct want *want, const struct owned *lock, struct token_body **body,
			      bool *ret_held)
{
	struct context *context = &want->handle->context;
	uint64_t hash = identity_hash(&want->identity);

	for (int wait = WAIT_FIRST_MS;; wait = MIN(wait * 2, WAIT_MOST_MS)) {
		struct token_body *found = NULL;
		int r;
		*ret_held = mint_lock_try(lock, hash) == ICRED_OK;
		r = look_in_caches(want, &found);
		if (found) {
			token_body_unref(*body);
			*body = found;
		}
		if (r < 0 || *ret_held || is_valid(want, *body))
			return r;
		if (!clock_left(want->patience_ends)) {
			log_line(
				&context->log, ICRED_LOG_WARNING,
				"another process is taking too long to mint this token; minting without waiting for it");
			*ret_held = true;
			return ICRED_OK;
		}
		if (atomic_load(&context->closing))
			return set_error(ICRED_E_CANCELLED, "the profile is being closed");
		clock_sleep(MIN(wait, clock_left(want->deadline)));
	}
}

/* From a cache, from another process, or from the issuer: a counted body, fresh if at all possible. */
static int find_or_mint(const struct want *want, struct token_body **ret_body)
{
	struct icred *handle = want->handle;
	struct token_body *body = NULL;
	int r = look_in_caches(want, &body);

	if (r == ICRED_OK && !body)
		body = table_find(&handle->table, want->identity.target, want->identity.id);
	if (r == ICRED_OK && needs_mint(want, body)) {
		bool alone =
			handle->context.flags & ICRED_NO_CACHE; /* nothing to share with other processes */
		struct owned lock = alone ? OWNED_NONE : mint_lock_open(&handle->context.log);
		bool held = true;
		r = wait_for_mint_lock(want, &lock, &body, &held);
		if (r == ICRED_OK && held && needs_mint(want, body))
			r = renew(want, &body);
		mint_lock_release(&lock, identity_hash(&want->identity));
	}
	if (r == ICRED_OK)
		*ret_body = body;
	else
		token_body_unref(body);
	return r;
}

/* Be the thread that finds or mints it, or wait for the one that does. */
static int share_mint(const struct want *want, struct token_body **ret_body)
{
	struct mints *mints = &want->handle->mints;
	bool first;
	struct mint *mint = mint_join(mints, want->identity.target, want->identity.id, &first);
	int r;

	if (!mint)
		return set_no_memory();
	if (first) {
		r = find_or_mint(want, ret_body);
		if (r == ICRED_OK)
			put_into_table(want->handle, *ret_body);
		mint_finish(mints, mint, r == ICRED_OK ? *ret_body : NULL);
	} else {
		r = mint_wait(mint, want->deadline, ret_body);
	}
	mint_leave(mint);
	return r;
}

static int get_slowly(struct want *want, const char *installation, icred_token_t **ret_token)
{
	icred_token_t *token = NULL;
	struct token_body *body = NULL;
	int r = handle_identity(want->handle, installation, &want->identity);

	want->patience_ends = deadline_alone(want->deadline);
	while (r == ICRED_OK && !token) {
		r = share_mint(want, &body);
		if (r < 0)
			break;
		if (is_valid(want, body)) {
			token = token_new(body);
			r = token ? ICRED_OK : set_no_memory();
		} else if (lives_too_short(want, body)) {
			r = set_error(
				ICRED_E_UNSUPPORTED,
				"new tokens live %lld seconds, fewer than the %u asked for; ask for less",
				(long long)(body->record.expires_at - body->record.minted_at), want->min_ttl);
		} /* else the thread that we waited for was content with less */
		body = token_body_unref(body);
	}
	if (r == ICRED_OK)
		*ret_token = token;
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
		r = look_in_caches(&want, &body);
	if (r == ICRED_OK && is_fresh(&want, body)) {
		put_into_table(handle, body);
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
		return set_error(ICRED_E_INVALID, "icred_get_token: handle and ret_token must not be NULL");
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
