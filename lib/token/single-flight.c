/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/token/single-flight.h"

enum { MINTING, AWAITED, FINISHED };

struct mint {
	struct mint *next;
	_Atomic unsigned refs;
	_Atomic uint32_t state;
	struct token_body *body;
	struct failure failure;
	int target;
	char id[];
};

static void mints_lock(struct mints *mints)
{
	bool torn = lock_take(&mints->lock);

	if (torn || mints->generation != lock_generation())
		mints->list = NULL; /* the parent's, which no thread here would finish */
	mints->generation = lock_generation();
}

struct mint *mint_join(struct mints *mints, int target, const char *id, bool *ret_first)
{
	size_t size = strlen(id) + 1;
	struct mint *mint;

	mints_lock(mints);
	for (mint = mints->list; mint; mint = mint->next)
		if (mint->target == target && strcmp(mint->id, id) == 0)
			break;
	*ret_first = !mint;
	if (mint) {
		atomic_fetch_add(&mint->refs, 1);
	} else if ((mint = calloc(1, sizeof(*mint) + size))) {
		atomic_init(&mint->refs, 2); /* the list's and the first thread's */
		mint->target = target;
		memcpy(mint->id, id, size);
		mint->next = mints->list;
		mints->list = mint;
	}
	lock_give(&mints->lock);
	return mint;
}

struct mint *mint_leave(struct mint *mint)
{
	if (mint && atomic_fetch_sub(&mint->refs, 1) == 1) {
		token_body_unref(mint->body);
		free(mint);
	}
	return NULL;
}

void mint_finish(struct mints *mints, struct mint *mint, struct token_body *body)
{
	bool listed = false;

	if (body)
		mint->body = token_body_ref(body);
	else
		failure_save(&mint->failure);
	mints_lock(mints);
	for (struct mint **at = &mints->list; *at; at = &(*at)->next) {
		if (*at == mint) {
			*at = mint->next;
			listed = true;
			break;
		}
	}
	lock_give(&mints->lock);
	if (atomic_exchange(&mint->state, FINISHED) == AWAITED)
		futex_wake_all(&mint->state);
	if (listed)
		mint_leave(mint);
}

int mint_wait(struct mint *mint, int64_t deadline, struct token_body **ret_body)
{
	uint32_t state = MINTING;

	while (state != FINISHED) {
		int left = clock_left(deadline);
		if (!left)
			return set_error(
				ICRED_E_TIMEOUT,
				"timed out waiting for another thread to mint this token; raise the setting timeout");
		if (atomic_compare_exchange_strong(&mint->state, &state, AWAITED) || state == AWAITED)
			futex_wait(&mint->state, AWAITED, left);
		state = atomic_load(&mint->state);
	}
	if (!mint->body)
		return failure_restore(&mint->failure);
	*ret_body = token_body_ref(mint->body);
	return ICRED_OK;
}

void mints_clear(struct mints *mints)
{
	mints_lock(mints);
	while (mints->list) {
		struct mint *mint = mints->list;
		mints->list = mint->next;
		mint_leave(mint);
	}
	lock_give(&mints->lock);
}
