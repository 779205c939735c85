/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A mutex that survives fork().  A pthread mutex that another thread holds at
 * the moment of a fork is held for ever in the child.  This one remembers in
 * which process generation it was taken; in a later generation it counts as
 * free, and lock_take() reports that the data it guards may be torn.
 */
#ifndef ICRED_LIB_BASE_LOCK_H
#define ICRED_LIB_BASE_LOCK_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

struct lock {
	_Atomic uint32_t word; /* generation << 2 | 0 free, 1 held, 2 held and waited for */
};

/* Returns true when a thread of the parent process held it as the fork came. */
bool lock_take(struct lock *lock);
void lock_give(struct lock *lock);

/* Counts the forks between the first process and this one. */
uint32_t lock_generation(void);

/* Sleep until *word is no longer `value` or the time is over; may wake early. */
void futex_wait(_Atomic uint32_t *word, uint32_t value, int milliseconds);
void futex_wake_all(_Atomic uint32_t *word);

#endif
