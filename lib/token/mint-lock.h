/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single flight among processes: of all that want the same token at once, one mints. */
#ifndef ICRED_LIB_TOKEN_MINT_LOCK_H
#define ICRED_LIB_TOKEN_MINT_LOCK_H

#include "lib/base/descriptor.h"
#include "lib/base/log.h"

/*
 * A lock for each identity.  It ends with the
 * process or with mint_lock_release.  OWNED_NONE if no lock file can be opened: then
 * several processes may mint the same token.
 */
struct owned mint_lock_open(struct log *log);
/* OK, or CANCELLED while another process or handle has it. */
int mint_lock_try(const struct owned *lock, uint64_t hash);
/* The lock is free for the next one. */
void mint_lock_release(struct owned *lock, uint64_t hash);

#endif
