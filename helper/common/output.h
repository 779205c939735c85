/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program will print.  Collected whole, and written only when all went
 * well, because a reader such as git acts on half an answer too.
 */
#ifndef ICRED_HELPER_COMMON_OUTPUT_H
#define ICRED_HELPER_COMMON_OUTPUT_H

#include <stddef.h>
#include <stdint.h>

#define OUTPUT_MAX (16u << 20)

struct output {
	char *data;
	size_t len, cap;
	int failed; /* out of memory or past OUTPUT_MAX: nothing will be written */
	int grown;  /* data is from malloc(3), no longer what the owner gave */
};

/* The one output of this process; its first pages cost no system call. */
struct output *output_stdout(void);

void output_bytes(struct output *out, const char *bytes, size_t len);
void output_text(struct output *out, const char *text);
void output_number(struct output *out, int64_t number);
void output_format(struct output *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Text from elsewhere, made fit for a terminal; padded with blanks to width columns. */
void output_clean(struct output *out, const char *text, size_t width);
/* Drop what is there, and wipe it. */
void output_wipe(struct output *out);
/* Write all of it to fd, which stays open, and wipe it; 0, or -1 with errno. */
int output_write(struct output *out, int fd);

#endif
