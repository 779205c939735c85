/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Scope cleanup and the few string helpers that everything here shares. */
#ifndef ICRED_LIB_BASE_UTIL_H
#define ICRED_LIB_BASE_UTIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define ARRAY_SIZE(a)   (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)       ((a) < (b) ? (a) : (b))
#define MAX(a, b)       ((a) > (b) ? (a) : (b))
#define _printf_(f, a)  __attribute__((format(printf, f, a)))
#define _export_        __attribute__((visibility("default")))
#define _cleanup_free_  __attribute__((cleanup(cleanup_free)))
#define _cleanup_close_ __attribute__((cleanup(cleanup_close)))

void cleanup_free(void *pointer_to_pointer);
void cleanup_close(int *fd);
/* close(2) that keeps errno; takes -1; returns -1. */
int close_keep_errno(int fd);
/* Reads until the end or until cap bytes have come; their number, or -1 with errno. */
ssize_t read_up_to(int fd, void *to, size_t cap);

/* strdup(3) that takes NULL and gives NULL for it. */
char *dup_string(const char *text);
bool same_string(const char *a, const char *b);
/* A struct that begins with its size: what it is too short for is zero, what it has more is left. */
void copy_sized(void *to, size_t to_size, const void *from);
/* A number in [0, below), for jitter and names; not for secrets. */
uint32_t random_below(uint32_t below);
/* Digits only, at most max; false for anything else. */
bool parse_uint(const char *text, uint64_t max, uint64_t *ret_value);
/* "90", "90s", "5m", "1h" as seconds, at most max; false for anything else. */
bool parse_duration(const char *text, unsigned max, unsigned *ret_seconds);

#endif
