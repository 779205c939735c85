/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The time: of the wall clock, and of a clock that only runs forward, for deadlines. */
#ifndef ICRED_LIB_BASE_CLOCK_H
#define ICRED_LIB_BASE_CLOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

/* UTC, seconds since 1970, at most some milliseconds late; without a system call. */
int64_t clock_utc(void);
/* Milliseconds that only run forward, for deadlines. */
int64_t clock_ms(void);
/* Milliseconds left until a clock_ms() deadline, 0 when it has passed, in poll(2)'s type. */
int clock_left(int64_t deadline);
/* time + span and to - from, for times from outside: at the limits of the type instead of overflowing. */
int64_t clock_add(int64_t time, int64_t span);
int64_t clock_span(int64_t from, int64_t to);
/* Milliseconds for a system call: at most what time_t can hold, which may have 32 bits. */
struct timespec clock_spec(int64_t milliseconds);
void clock_sleep(int milliseconds);
/* "2026-02-03T04:05:06Z"; unlike gmtime(3) it opens no files and takes no lock, so signal handlers may call it. */
#define CLOCK_TEXT 32
const char *clock_format_utc(int64_t utc, char text[CLOCK_TEXT]);
/* The inverse, for any time of RFC 3339; fractions are cut off.  False if text is not a time of the years 0 to 9999. */
bool clock_parse_utc(const char *text, size_t len, int64_t *ret_utc);

#endif
