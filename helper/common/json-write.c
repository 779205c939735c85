/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The JSON half of output.h. */
#include "config.h"

#include "helper/common/output.h"
#include "lib/base/text.h"

static void json_quote(struct output *out, const char *text)
{
	static const char hex[] = "0123456789abcdef";
	char escape[] = "\\u00..";
	uint32_t c = 0;
	size_t len;

	output_bytes(out, "\"", 1);
	for (; *text; text += len) {
		len = utf8_decode(text, UTF8_STRING, &c);
		if (len == 0) {
			output_text(out, "\\ufffd");
			len = 1;
		} else if (c == '"' || c == '\\') {
			output_bytes(out, c == '"' ? "\\\"" : "\\\\", 2);
		} else if (c < 0x20 || (c >= 0x7f && c < 0xa0)) {
			escape[4] = hex[c >> 4 & 15];
			escape[5] = hex[c & 15];
			output_bytes(out, escape, sizeof(escape) - 1);
		} else {
			output_bytes(out, text, len);
		}
	}
	output_bytes(out, "\"", 1);
}

static void json_name(struct json *j, const char *name)
{
	if (j->started)
		output_bytes(j->out, ",", 1);
	j->started = true;
	if (!name)
		return;
	json_quote(j->out, name);
	output_bytes(j->out, ":", 1);
}

void json_open(struct json *j, const char *name, char bracket)
{
	json_name(j, name);
	output_bytes(j->out, &bracket, 1);
	j->started = false;
}

void json_close(struct json *j, char bracket)
{
	output_bytes(j->out, &bracket, 1);
	j->started = true;
}

void json_string(struct json *j, const char *name, const char *value)
{
	json_name(j, name);
	if (value)
		json_quote(j->out, value);
	else
		output_text(j->out, "null");
}

void json_number(struct json *j, const char *name, int64_t value)
{
	json_name(j, name);
	output_number(j->out, value);
}

void json_bool(struct json *j, const char *name, bool value)
{
	json_name(j, name);
	output_text(j->out, value ? "true" : "false");
}
