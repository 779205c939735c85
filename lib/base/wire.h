/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Fields in a row: how a frame of the worker protocol and a cached token are
 * written.  A field is a tag and a length (16 bits each, this machine's byte
 * order: nothing leaves the machine) and that many bytes.  Strings carry
 * their NUL.  icred-worker(8) documents the frames.
 */
#ifndef ICRED_LIB_BASE_WIRE_H
#define ICRED_LIB_BASE_WIRE_H

#include <stdint.h>

#include "lib/base/language.h"

#define WIRE_MAX 65536 /* of a frame */

struct wire {
	unsigned char *bytes; /* the owner's, of size cap */
	size_t len, cap;
	bool overflow; /* something did not fit; nothing more is written */
};

void wire_put(struct wire *wire, uint16_t tag, const void *value, size_t len);
void wire_put_string(struct wire *wire, uint16_t tag, const char *text); /* NULL writes nothing */
void wire_put_number(struct wire *wire, uint16_t tag, int64_t number);

struct field {
	uint16_t tag;
	size_t len;
	const unsigned char *value;
};

struct reader {
	const unsigned char *at, *end;
	bool damaged;
};

struct reader wire_reader(const void *bytes, size_t len);
/* The next field; false at the end, and at damage, which then is noted. */
bool wire_next(struct reader *reader, struct field *ret_field);
/* The field as a string, or "" with the damage noted if it is not one. */
const char *field_string(struct reader *reader, const struct field *field);
int64_t field_number(struct reader *reader, const struct field *field);
/* The same in the range of the type; a number beyond it is damage, and 0. */
int field_int(struct reader *reader, const struct field *field);
unsigned field_unsigned(struct reader *reader, const struct field *field);

#endif
