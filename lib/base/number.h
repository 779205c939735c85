/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Numbers from text, and by chance. */
#ifndef ICRED_LIB_BASE_NUMBER_H
#define ICRED_LIB_BASE_NUMBER_H

#include <stdbool.h>
#include <stdint.h>

/* Digits only, at most max; false for anything else. */
bool parse_uint(const char *text, uint64_t max, uint64_t *ret_value);
/* "90", "90s", "5m", "1h" as seconds, at most max; false for anything else. */
bool parse_duration(const char *text, unsigned max, unsigned *ret_seconds);
/* A number in [0, below), for jitter and names; not for secrets. */
uint32_t random_below(uint32_t below);

#endif
