/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the language lacks: sizes of arrays, attributes by name, cleanup at the end of a scope, structs that grow. */
#ifndef ICRED_LIB_BASE_LANGUAGE_H
#define ICRED_LIB_BASE_LANGUAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ARRAY_SIZE(a)  (sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)      ((a) < (b) ? (a) : (b))
#define MAX(a, b)      ((a) > (b) ? (a) : (b))
#define _printf_(f, a) __attribute__((format(printf, f, a)))
#define _export_       __attribute__((visibility("default")))
#define _cleanup_free_ __attribute__((cleanup(cleanup_free)))

static inline void cleanup_free(void *pointer_to_pointer)
{
	free(*(void **)pointer_to_pointer);
}

/* A struct that begins with its size: what it is too short for is zero, what it has more is left. */
static inline void copy_sized(void *to, size_t to_size, const void *from)
{
	size_t from_size;

	memcpy(&from_size, from, sizeof(from_size));
	memset(to, 0, to_size);
	memcpy(to, from, MIN(from_size, to_size));
}

#endif
