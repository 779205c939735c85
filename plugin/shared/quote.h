/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text of a server or a program, made fit for a message. */
#ifndef ICRED_PLUGIN_SHARED_QUOTE_H
#define ICRED_PLUGIN_SHARED_QUOTE_H

#include <stddef.h>

#define QUOTE_SIZE 128

/* Write at most cap - 1 bytes of text, without control characters or anything like a token. */
void quote(char *out, size_t cap, const char *text, size_t len);

#endif
