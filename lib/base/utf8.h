/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Telling text from bytes that would command a terminal or break a JSON document. */
#ifndef ICRED_LIB_BASE_UTF8_H
#define ICRED_LIB_BASE_UTF8_H

#include <stddef.h>
#include <stdint.h>

/* Length of the well-formed character at text, and the character; 0 if it is none. */
size_t utf8_decode(const char *text, uint32_t *ret_char);
/* The same, but 0 also for control characters and those that reorder text. */
size_t utf8_printable(const char *text);

#endif
