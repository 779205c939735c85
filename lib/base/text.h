/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text from elsewhere: what it is made of, what of it may be printed, and a hash of it.  Needs libc alone, for modules. */
#ifndef ICRED_LIB_BASE_TEXT_H
#define ICRED_LIB_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The length of text that ends with a NUL, for utf8_decode(). */
#define UTF8_STRING SIZE_MAX

/* Length of the well-formed UTF-8 character at text, and the character; 0 if there is none. */
size_t utf8_decode(const char *text, size_t len, uint32_t *ret_char);
/* False for control characters, and for those that make one text look like another. */
bool utf8_is_printable(uint32_t c);
/* Length of the character at text, which ends with a NUL, if it is well-formed and printable; else 0. */
size_t utf8_printable(const char *text);

/*
 * Text that is safe to print on one line: tabs and line ends become a space, what else is not
 * printable a '?'.  Cut at cap, between characters.  Bytes that are not UTF-8, such as those
 * of an old file name, stay.  `to` may be `from`.  Async-signal-safe.
 */
void text_clean(char *to, size_t cap, const char *from);

/* strdup(3) that takes NULL and returns NULL for it. */
char *dup_string(const char *text);
/* False also if one of them is NULL. */
bool same_string(const char *a, const char *b);
/* Whether text is visible ASCII, without any of `excluded`. */
bool text_is_plain(const char *text, const char *excluded);
/* RFC 6750's b64token, of at most ICRED_TOKEN_MAX bytes: fit for a header, and for quotation marks. */
bool is_b64token(const char *text);
/* The value of a hexadecimal digit of either case; -1 for any other byte. */
int hex_value(char c);

/* FNV-1a, for tables, names and checksums against damage: a caller that looks up compares the whole key as well. */
uint64_t hash_bytes(uint64_t seed, const void *data, size_t len);
#define HASH_SEED UINT64_C(0xcbf29ce484222325)

#endif
