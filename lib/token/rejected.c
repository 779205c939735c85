/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "lib/base/language.h"
#include "lib/base/text.h"
#include "lib/token/rejected.h"

/* Two tokens of one hash would cost a mint too many, once in 2^64: the secrets themselves are not kept. */
static uint64_t rejected_hash(const char *secret)
{
	return hash_bytes(HASH_SEED, secret, strlen(secret));
}

static bool find_locked(const struct rejected *rejected, uint64_t hash)
{
	unsigned count = atomic_load_explicit(&rejected->count, memory_order_relaxed);

	for (unsigned i = 0; i < MIN(count, REJECTED_MAX); i++)
		if (rejected->hashes[i] == hash)
			return true;
	return false;
}

void rejected_add(struct rejected *rejected, const char *secret)
{
	uint64_t hash = rejected_hash(secret);

	lock_take(&rejected->lock);
	if (!find_locked(rejected, hash)) {
		unsigned count = atomic_load_explicit(&rejected->count, memory_order_relaxed);
		rejected->hashes[count % REJECTED_MAX] = hash;
		/* Never back to 0, however long it runs. */
		atomic_store(&rejected->count, count + 1 < 2 * REJECTED_MAX ? count + 1 : REJECTED_MAX);
	}
	lock_give(&rejected->lock);
}

bool rejected_has(struct rejected *rejected, const char *secret)
{
	bool found;

	if (!atomic_load(&rejected->count))
		return false;
	lock_take(&rejected->lock);
	found = find_locked(rejected, rejected_hash(secret));
	lock_give(&rejected->lock);
	return found;
}
