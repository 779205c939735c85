/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/error.h"
#include "lib/protocol/frames.h"

int frame_read(const void *bytes, size_t len, struct reader *ret_reader)
{
	struct reader reader = wire_reader(bytes, len);
	struct field field;
	int64_t frame;

	if (!wire_next(&reader, &field) || field.tag != TAG_FRAME)
		return 0;
	frame = field_number(&reader, &field);
	*ret_reader = reader;
	return reader.damaged || frame < 1 || frame > 255 ? 0 : (int)frame;
}

void frame_begin(struct wire *wire, int frame)
{
	wire->len = 0;
	wire->overflow = false;
	wire_put_number(wire, TAG_FRAME, frame);
}

void hello_write(struct wire *wire, const struct profile *profile, unsigned flags, int log_level)
{
	const char *name, *value = NULL;

	frame_begin(wire, FRAME_HELLO);
	wire_put_number(wire, TAG_PROTOCOL, PROTOCOL_VERSION);
	wire_put_number(wire, TAG_FLAGS, flags);
	wire_put_number(wire, TAG_LOG_LEVEL, log_level);
	wire_put_string(wire, TAG_NAME, profile->name);
	wire_put_string(wire, TAG_FILE, profile->file);
	for (size_t i = 0; (name = settings_at(&profile->settings, i, &value)); i++) {
		wire_put_string(wire, TAG_SETTING, name);
		wire_put_string(wire, TAG_VALUE, value);
	}
	for (size_t i = 0; i < profile->stack.count; i++) {
		const struct line *line = &profile->stack.lines[i];
		if (line->facility == ICRED_CACHE) /* the library uses the caches itself */
			continue;
		wire_put_number(wire, TAG_FACILITY, line->facility);
		wire_put(wire, TAG_CONTROL, line->control.action, sizeof(line->control.action));
		if (line->optional_module)
			wire_put_number(wire, TAG_OPTIONAL, 1);
		wire_put_string(wire, TAG_MODULE, line->module);
		wire_put_string(wire, TAG_FILE, line->file);
		wire_put_number(wire, TAG_LINE, line->number);
		wire_put_number(wire, TAG_COLUMN, line->column);
		for (char *const *argument = line->arguments; *argument; argument++)
			wire_put_string(wire, TAG_ARGUMENT, *argument);
	}
}

#define ARGUMENTS_MAX 64
#define CONTROL_LEAST 17 /* results that every version knows: success and the first sixteen failures */

/* A profile that is being put together from fields. */
struct builder {
	struct hello hello;
	const char *name, *file, *setting;
	struct line line; /* points into the packet */
	char *arguments[ARGUMENTS_MAX + 1];
	size_t argument_count;
	bool in_line, has_control;
	int64_t version;
};

/* Packets are ours and stay until the profile has its copies. */
static char *borrow(struct reader *reader, const struct field *field)
{
	return (char *)(uintptr_t)field_string(reader, field);
}

static int finish_line(struct builder *builder)
{
	if (!builder->in_line)
		return ICRED_OK;
	builder->in_line = false;
	builder->arguments[builder->argument_count] = NULL;
	builder->line.arguments = builder->arguments;
	/* Without a control, a failure of the line would be ignored. */
	if (!builder->line.module || !builder->line.file || !builder->has_control)
		return ICRED_E_PROTOCOL;
	return profile_add_line(builder->hello.profile, &builder->line);
}

static int line_field(struct builder *builder, struct reader *reader, const struct field *field)
{
	struct line *line = &builder->line;
	size_t known;

	switch (field->tag) {
	case TAG_CONTROL:
		/* Another version may know fewer kinds of failure than we do, or more: kinds are only appended. */
		if (field->len < CONTROL_LEAST)
			return ICRED_E_PROTOCOL;
		known = MIN(field->len, sizeof(line->control.action));
		memcpy(line->control.action, field->value, known);
		for (size_t i = 0; i < known; i++)
			if (line->control.action[i] >= ACTION_COUNT)
				return ICRED_E_PROTOCOL;
		builder->has_control = true;
		memset(line->control.action + known, line->control.action[-ICRED_E_INTERNAL],
		       sizeof(line->control.action) - known);
		return ICRED_OK;
	case TAG_OPTIONAL:
		line->optional_module = true;
		return ICRED_OK;
	case TAG_MODULE:
		line->module = borrow(reader, field);
		return ICRED_OK;
	case TAG_FILE:
		line->file = borrow(reader, field);
		return ICRED_OK;
	case TAG_LINE:
		line->number = field_unsigned(reader, field);
		return ICRED_OK;
	case TAG_COLUMN:
		line->column = field_unsigned(reader, field);
		return ICRED_OK;
	case TAG_ARGUMENT:
		if (builder->argument_count >= ARGUMENTS_MAX)
			return ICRED_E_PROTOCOL;
		builder->arguments[builder->argument_count++] = borrow(reader, field);
		return ICRED_OK;
	default:
		return ICRED_OK; /* a newer library says more than we know */
	}
}

static int start_profile(struct builder *builder)
{
	if (builder->hello.profile)
		return ICRED_OK;
	if (!builder->name || !builder->file)
		return ICRED_E_PROTOCOL;
	builder->hello.profile = profile_new(builder->name, builder->file);
	return builder->hello.profile ? ICRED_OK : set_no_memory();
}

static int setting_field(struct builder *builder, struct reader *reader, const struct field *field)
{
	int r = builder->setting ? start_profile(builder) : ICRED_E_PROTOCOL;
	char why[160];

	if (r < 0)
		return r;
	if (!setting_known(builder->setting)) /* to go on without it could be to do what it forbids */
		return set_error(
			ICRED_E_PROTOCOL,
			"icred-worker does not know the setting %.60s, as it is older than libicred; install "
			"them together",
			builder->setting);
	r = settings_add(&builder->hello.profile->settings, builder->setting, borrow(reader, field), why,
			 sizeof(why));
	return r < 0 ? set_error(r, "%s", why) : ICRED_OK;
}

static int hello_field(struct builder *builder, struct reader *reader, const struct field *field)
{
	if (field->tag == TAG_FACILITY) {
		int64_t facility = field_number(reader, field);
		int r = start_profile(builder);
		if (r == ICRED_OK)
			r = finish_line(builder);
		if (r == ICRED_OK && facility != ICRED_KEY && facility != ICRED_ISSUER)
			r = ICRED_E_PROTOCOL;
		builder->in_line = r == ICRED_OK;
		builder->has_control = false;
		builder->argument_count = 0;
		builder->line = (struct line){.facility = (int)facility};
		return r;
	}
	if (builder->in_line)
		return line_field(builder, reader, field);
	switch (field->tag) {
	case TAG_PROTOCOL:
		builder->version = field_number(reader, field);
		break;
	case TAG_FLAGS:
		builder->hello.flags = field_unsigned(reader, field);
		break;
	case TAG_LOG_LEVEL:
		builder->hello.log_level = field_int(reader, field);
		break;
	case TAG_NAME:
		builder->name = borrow(reader, field);
		break;
	case TAG_FILE:
		builder->file = borrow(reader, field);
		break;
	case TAG_SETTING:
		builder->setting = borrow(reader, field);
		break;
	case TAG_VALUE:
		return setting_field(builder, reader, field);
	default:
		break;
	}
	return ICRED_OK;
}

int hello_read(struct reader *reader, struct hello *ret_hello)
{
	struct builder builder = {.name = NULL};
	struct field field;
	int r = ICRED_OK;

	clear_error();
	while (r == ICRED_OK && wire_next(reader, &field))
		r = hello_field(&builder, reader, &field);
	if (r == ICRED_OK && (reader->damaged || builder.version < PROTOCOL_VERSION - 1 ||
			      builder.version > PROTOCOL_VERSION + 1))
		r = set_error(
			ICRED_E_PROTOCOL,
			"icred-worker and libicred are of different versions; install them together, and "
			"restart this program");
	if (r == ICRED_OK)
		r = start_profile(&builder);
	if (r == ICRED_OK)
		r = finish_line(&builder);
	if (r == ICRED_OK)
		r = profile_complete(builder.hello.profile);
	if (r < 0) {
		profile_free(builder.hello.profile);
		return icred_error()->code == r
			       ? r
			       : set_error(r, "icred-worker does not understand its first message");
	}
	*ret_hello = builder.hello;
	return ICRED_OK;
}

void failure_write(struct wire *wire, int frame)
{
	const struct icred_error *error = icred_error();

	frame_begin(wire, frame);
	wire_put_number(wire, TAG_CODE, error->code);
	wire_put_string(wire, TAG_TEXT, error->message);
	wire_put_string(wire, TAG_MODULE, error->module);
	wire_put_string(wire, TAG_FILE, error->file);
	wire_put_number(wire, TAG_LINE, error->line);
	wire_put_number(wire, TAG_RETRY_AT, error->retry_at);
}

int failure_read(struct reader *reader)
{
	const char *text = "", *module = "", *file = "";
	int64_t retry_at = 0;
	unsigned line = 0;
	int code = 0;
	struct field field;

	while (wire_next(reader, &field)) {
		if (field.tag == TAG_CODE)
			code = field_int(reader, &field);
		else if (field.tag == TAG_TEXT)
			text = field_string(reader, &field);
		else if (field.tag == TAG_MODULE)
			module = field_string(reader, &field);
		else if (field.tag == TAG_FILE)
			file = field_string(reader, &field);
		else if (field.tag == TAG_LINE)
			line = field_unsigned(reader, &field);
		else if (field.tag == TAG_RETRY_AT)
			retry_at = field_number(reader, &field);
	}
	if (reader->damaged || code >= 0 || code < -UINT8_MAX)
		return set_error(ICRED_E_INTERNAL, "icred-worker sent a damaged answer");
	if (code < ERROR_LAST) /* a newer worker has more kinds */
		code = ICRED_E_INTERNAL;
	note_error(code, "%s", text);
	set_error_where(module, file, line);
	set_error_retry_at(retry_at);
	return code;
}
