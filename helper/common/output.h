/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a program will print.  Collected whole, and written only when all went
 * well, because a reader such as git acts on half an answer too.
 */
#ifndef ICRED_HELPER_COMMON_OUTPUT_H
#define ICRED_HELPER_COMMON_OUTPUT_H

#include <stdbool.h>
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
/*
 * Take standard output away: descriptor 1 is standard error from here on, so that no
 * module and no child can put a word between ours.  Closed standard descriptors are opened
 * on /dev/null, or the next socket would get their number, and our messages.
 */
void output_take(void);
/* The standard descriptors as output_take() found them. */
void output_give_back(void);
/* Standard output as it was found; -1 if it was closed. */
int output_fd(void);

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

/* JSON; a name of NULL stands for a member of an array. */
struct json {
	struct output *out;
	bool started; /* the object or array has a member already */
};

void json_open(struct json *j, const char *name, char bracket);
void json_close(struct json *j, char bracket);
/* Bytes that are not UTF-8 become U+FFFD; NULL becomes null. */
void json_string(struct json *j, const char *name, const char *value);
void json_number(struct json *j, const char *name, int64_t value);
void json_bool(struct json *j, const char *name, bool value);

#define DURATION_TEXT 32 /* what duration_format needs at most */

/* "1h 05m", "4m 03s", "12s"; "expired" from 0 down. */
const char *duration_format(int64_t seconds, char text[DURATION_TEXT]);

#endif
