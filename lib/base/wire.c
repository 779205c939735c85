/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <limits.h>
#include <string.h>

#include "lib/base/wire.h"

struct head {
	uint16_t tag, len;
};

void wire_put(struct wire *wire, uint16_t tag, const void *value, size_t len)
{
	struct head head = {tag, (uint16_t)len};

	if (wire->overflow || len > UINT16_MAX || wire->cap - wire->len < sizeof(head) + len) {
		wire->overflow = true;
		return;
	}
	memcpy(wire->bytes + wire->len, &head, sizeof(head));
	if (len)
		memcpy(wire->bytes + wire->len + sizeof(head), value, len);
	wire->len += sizeof(head) + len;
}

void wire_put_string(struct wire *wire, uint16_t tag, const char *text)
{
	if (text)
		wire_put(wire, tag, text, strlen(text) + 1);
}

void wire_put_number(struct wire *wire, uint16_t tag, int64_t number)
{
	wire_put(wire, tag, &number, sizeof(number));
}

struct reader wire_reader(const void *bytes, size_t len)
{
	const unsigned char *at = bytes;

	return (struct reader){at, at + len, false};
}

bool wire_next(struct reader *reader, struct field *ret_field)
{
	size_t left = (size_t)(reader->end - reader->at);
	struct head head;

	if (reader->damaged || !left)
		return false;
	if (left >= sizeof(head))
		memcpy(&head, reader->at, sizeof(head));
	if (left < sizeof(head) || left - sizeof(head) < head.len) {
		reader->damaged = true;
		return false;
	}
	*ret_field = (struct field){head.tag, head.len, reader->at + sizeof(head)};
	reader->at += sizeof(head) + head.len;
	return true;
}

const char *field_string(struct reader *reader, const struct field *field)
{
	if (field->len && memchr(field->value, '\0', field->len) == field->value + field->len - 1)
		return (const char *)field->value;
	reader->damaged = true;
	return "";
}

int64_t field_number(struct reader *reader, const struct field *field)
{
	int64_t number = 0;

	if (field->len != sizeof(number))
		reader->damaged = true;
	else
		memcpy(&number, field->value, sizeof(number));
	return number;
}

static int64_t number_within(struct reader *reader, const struct field *field, int64_t least, int64_t most)
{
	int64_t number = field_number(reader, field);

	if (number >= least && number <= most)
		return number;
	reader->damaged = true;
	return 0;
}

int field_int(struct reader *reader, const struct field *field)
{
	return (int)number_within(reader, field, INT_MIN, INT_MAX);
}

unsigned field_unsigned(struct reader *reader, const struct field *field)
{
	return (unsigned)number_within(reader, field, 0, UINT_MAX);
}
