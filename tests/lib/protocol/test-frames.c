/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"
#include "lib/protocol/frames.h"
#include "tests/lib/core.h"

static unsigned char bytes[WIRE_MAX];

static void add_line(struct profile *profile, int facility, const char *control, const char *module,
		     unsigned number)
{
	char name[16], file[] = "/etc/icred/p.conf", one[] = "path=/a b", two[] = "debug", empty[] = "";
	char *arguments[] = {one, two, empty, NULL};
	struct line line = {.facility = facility,
			    .optional_module = number % 2 == 0,
			    .module = name,
			    .arguments = arguments,
			    .file = file,
			    .number = number};
	char why[160];

	(void)snprintf(name, sizeof(name), "%s", module);
	assert_true(control_parse(ICRED_KEY, control, &line.control, why, sizeof(why)));
	assert_int_equal(profile_add_line(profile, &line), ICRED_OK);
}

static struct profile *sample(void)
{
	static const char *const settings[][2] = {
		{"app", "12345"},
		{"api", "http://127.0.0.1:8080/base"},
		{"insecure-loopback", "yes"},
		{"installation", "8d0c4f5e"},
		{"origin", "https://a.example"},
		{"origin", "https://b.example:8443"},
		{"git-path", "/org/repo 123"},
		{"timeout", "5m"},
	};
	struct profile *profile = profile_new("work", "/etc/icred/work.conf");
	char why[160];

	assert_non_null(profile);
	for (size_t i = 0; i < ARRAY_SIZE(settings); i++)
		assert_int_equal(
			settings_add(&profile->settings, settings[i][0], settings[i][1], why, sizeof(why)),
			ICRED_OK);
	add_line(profile, ICRED_KEY, "sufficient", "keyring", 7);
	add_line(profile, ICRED_CACHE, "sufficient", "runtime", 8);
	add_line(profile, ICRED_KEY, "success=done locked=die default=ignore", "file", 10);
	add_line(profile, ICRED_ISSUER, "required", "icr", 11);
	assert_int_equal(profile_complete(profile), ICRED_OK);
	return profile;
}

static size_t write_hello(const struct profile *profile)
{
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	hello_write(&wire, profile, ICRED_INTERACTIVE, ICRED_LOG_DEBUG);
	assert_false(wire.overflow);
	return wire.len;
}

static void assert_same_line(const struct line *a, const struct line *b)
{
	assert_int_equal(a->facility, b->facility);
	assert_int_equal(a->optional_module, b->optional_module);
	assert_memory_equal(&a->control, &b->control, sizeof(a->control));
	assert_string_equal(a->module, b->module);
	assert_string_equal(a->file, b->file);
	assert_int_equal(a->number, b->number);
	for (size_t i = 0; i < 3; i++)
		assert_string_equal(a->arguments[i], b->arguments[i]);
	assert_null(b->arguments[3]);
}

static void a_whole_profile_comes_over(void **state)
{
	struct profile *profile = sample();
	struct reader reader;
	struct hello hello;
	const char *name, *value = NULL, *other = NULL;

	(void)state;
	assert_int_equal(frame_read(bytes, write_hello(profile), &reader), FRAME_HELLO);
	assert_int_equal(hello_read(&reader, &hello), ICRED_OK);
	assert_int_equal(hello.flags, ICRED_INTERACTIVE);
	assert_int_equal(hello.log_level, ICRED_LOG_DEBUG);
	assert_string_equal(hello.profile->name, "work");
	assert_string_equal(hello.profile->file, "/etc/icred/work.conf");
	for (size_t i = 0; (name = settings_at(&profile->settings, i, &value)); i++) {
		assert_string_equal(settings_at(&hello.profile->settings, i, &other), name);
		assert_string_equal(other, value);
	}
	assert_int_equal(hello.profile->settings.count, profile->settings.count);
	assert_same_line(&profile->stack.lines[0], &hello.profile->stack.lines[0]);
	assert_same_line(&profile->stack.lines[2], &hello.profile->stack.lines[1]); /* caches stay at home */
	assert_same_line(&profile->stack.lines[3], &hello.profile->stack.lines[2]);
	assert_true(origin_equal(&hello.profile->api, &profile->api));
	assert_int_equal(hello.profile->origin_count, 2);
	profile_free(hello.profile);
	profile_free(profile);
}

/* Read a frame of just these bytes, in a copy, so that a tool sees a byte too many being read. */
static int read_hello(const unsigned char *from, size_t len)
{
	unsigned char *copy = malloc(len ? len : 1);
	struct hello hello = {.profile = NULL};
	struct reader reader;
	int r;

	assert_non_null(copy);
	memcpy(copy, from, len);
	r = frame_read(copy, len, &reader) == FRAME_HELLO ? hello_read(&reader, &hello) : ICRED_E_PROTOCOL;
	if (r < 0)
		assert_null(hello.profile);
	profile_free(hello.profile);
	free(copy);
	return r;
}

static void a_cut_hello_is_refused_unless_it_is_cut_between_fields(void **state)
{
	struct profile *profile = sample();
	size_t len = write_hello(profile);
	struct reader reader = wire_reader(bytes, len);
	struct field field;
	size_t cut = 0;

	(void)state;
	while (wire_next(&reader, &field)) {
		size_t end = (size_t)(reader.at - bytes);
		for (; cut < end; cut++)
			if (cut != end - field.len - 4)
				assert_int_not_equal(read_hello(bytes, cut), ICRED_OK);
			else
				(void)read_hello(bytes, cut);
	}
	assert_int_equal(cut, len);
	assert_int_equal(read_hello(bytes, len), ICRED_OK);
	profile_free(profile);
}

static void a_flipped_bit_does_no_harm(void **state)
{
	struct profile *profile = sample();
	size_t len = write_hello(profile);

	(void)state;
	for (size_t bit = 0; bit < len * 8; bit++) {
		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
		int r = read_hello(bytes, len);
		assert_in_range(-r, 0, -ERROR_LAST);
		bytes[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	profile_free(profile);
}

#define NO_CONTROL 1000

/* A HELLO of another version, with a setting and a line whose control has so many results. */
static int hello_of(int64_t version, const char *setting, size_t results)
{
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};
	unsigned char actions[64];

	memset(actions, ACTION_IGNORE, sizeof(actions));
	actions[-ICRED_E_INTERNAL] = ACTION_BAD;
	frame_begin(&wire, FRAME_HELLO);
	wire_put_number(&wire, TAG_PROTOCOL, version);
	wire_put_string(&wire, TAG_NAME, "p");
	wire_put_string(&wire, TAG_FILE, "");
	wire_put_string(&wire, TAG_SETTING, setting);
	wire_put_string(&wire, TAG_VALUE, "12345");
	wire_put_number(&wire, TAG_FACILITY, ICRED_KEY);
	if (results != NO_CONTROL)
		wire_put(&wire, TAG_CONTROL, actions, results);
	wire_put_string(&wire, TAG_MODULE, "file");
	wire_put_string(&wire, TAG_FILE, "");
	note_error(ICRED_OK, "%s", "");
	return read_hello(bytes, wire.len);
}

static void a_neighbouring_version_is_understood(void **state)
{
	(void)state;
	for (int64_t version = PROTOCOL_VERSION - 1; version <= PROTOCOL_VERSION + 1; version++)
		assert_int_equal(hello_of(version, "app", RESULT_COUNT), ICRED_OK);
}

static void another_version_is_refused_as_such(void **state)
{
	static const int64_t versions[] = {PROTOCOL_VERSION - 2, PROTOCOL_VERSION + 2, INT64_MIN, INT64_MAX,
					   INT64_C(1) << 32 | PROTOCOL_VERSION};

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(versions); i++) {
		assert_int_equal(hello_of(versions[i], "app", RESULT_COUNT), ICRED_E_PROTOCOL);
		assert_failure(ICRED_E_PROTOCOL, "install them together");
	}
}

/* To leave it out could be to do what it forbids. */
static void a_setting_of_a_newer_library_is_refused(void **state)
{
	(void)state;
	assert_int_equal(hello_of(PROTOCOL_VERSION + 1, "newer-setting", RESULT_COUNT), ICRED_E_PROTOCOL);
	assert_failure(ICRED_E_PROTOCOL, "does not know the setting newer-setting, as it is older");
}

static void a_value_that_is_refused_says_why(void **state)
{
	(void)state;
	assert_int_equal(hello_of(PROTOCOL_VERSION, "as-app", RESULT_COUNT), ICRED_E_INVALID);
	assert_failure(ICRED_E_INVALID, "as-app must be yes or no");
}

/* Kinds of failure are appended, so the other side may know more of them. */
static void a_control_may_have_more_results(void **state)
{
	(void)state;
	assert_int_equal(hello_of(PROTOCOL_VERSION + 1, "app", RESULT_COUNT + 3), ICRED_OK);
	assert_int_equal(hello_of(PROTOCOL_VERSION, "app", 17), ICRED_OK); /* of the first release */
	assert_int_equal(hello_of(PROTOCOL_VERSION, "app", 16), ICRED_E_PROTOCOL);
	assert_int_equal(hello_of(PROTOCOL_VERSION, "app", 0), ICRED_E_PROTOCOL);
	assert_int_equal(hello_of(PROTOCOL_VERSION, "app", NO_CONTROL), ICRED_E_PROTOCOL);
}

/* It would be the index of a word for the log. */
static void an_unknown_action_of_a_control_is_refused(void **state)
{
	struct profile *profile = sample();
	size_t len = write_hello(profile);
	struct reader reader = wire_reader(bytes, len);
	struct field field = {0};
	unsigned char *actions;

	(void)state;
	while (field.tag != TAG_CONTROL)
		assert_true(wire_next(&reader, &field));
	actions = bytes + (field.value - bytes);
	for (size_t i = 0; i < field.len; i++) {
		unsigned char was = actions[i];
		actions[i] = ACTION_COUNT;
		assert_int_equal(read_hello(bytes, len), ICRED_E_PROTOCOL);
		actions[i] = 0xff;
		assert_int_equal(read_hello(bytes, len), ICRED_E_PROTOCOL);
		actions[i] = was;
	}
	assert_int_equal(read_hello(bytes, len), ICRED_OK);
	profile_free(profile);
}

static void unknown_fields_are_ignored(void **state)
{
	struct profile *profile = sample();
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	(void)state;
	wire.len = write_hello(profile);
	wire_put_string(&wire, 9999, "new");
	assert_int_equal(read_hello(bytes, wire.len), ICRED_OK);
	profile_free(profile);
}

static void a_packet_begins_with_what_it_is(void **state)
{
	static const struct {
		int64_t number;
		int frame;
	} numbers[] = {{FRAME_HELLO, FRAME_HELLO}, {255, 255}, {256, 0}, {0, 0}, {-1, 0},
		       {INT64_C(1) << 32 | 1, 0}};
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes), .overflow = true};
	struct reader reader;

	(void)state;
	frame_begin(&wire, FRAME_DONE); /* begins anew */
	assert_int_equal(frame_read(bytes, wire.len, &reader), FRAME_DONE);
	for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
		wire.len = 0;
		wire_put_number(&wire, TAG_FRAME, numbers[i].number);
		assert_int_equal(frame_read(bytes, wire.len, &reader), numbers[i].frame);
	}
	wire.len = 0;
	wire_put_string(&wire, TAG_FRAME, "x");
	assert_int_equal(frame_read(bytes, wire.len, &reader), 0);
	wire.len = 0;
	wire_put_number(&wire, TAG_NAME, FRAME_DONE);
	assert_int_equal(frame_read(bytes, wire.len, &reader), 0);
	assert_int_equal(frame_read(bytes, 0, &reader), 0);
	assert_int_equal(frame_read(bytes, 3, &reader), 0);
}

static void a_failure_comes_over_with_all_it_says(void **state)
{
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};
	struct reader reader;

	(void)state;
	for (int code = -1; code >= ERROR_LAST; code--) {
		note_error(code, "the message %d", code);
		set_error_where("key keyring", "/etc/icred/p.conf", 12);
		set_error_retry_at(INT64_C(1) << 33);
		failure_write(&wire, FRAME_FAILED);
		assert_false(wire.overflow);
		note_error(ICRED_E_NO_MEMORY, "out of memory");
		assert_int_equal(frame_read(bytes, wire.len, &reader), FRAME_FAILED);
		assert_int_equal(failure_read(&reader), code);
		assert_failure(code, "the message");
		assert_string_equal(icred_error()->module, "key keyring");
		assert_string_equal(icred_error()->file, "/etc/icred/p.conf");
		assert_int_equal(icred_error()->line, 12);
		assert_true(icred_error()->retry_at == INT64_C(1) << 33);
	}
}

static void a_kind_of_a_newer_worker_is_internal(void **state)
{
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};
	struct reader reader;

	(void)state;
	for (int64_t code = ERROR_LAST - 1; code >= -255; code--) {
		frame_begin(&wire, FRAME_FAILED);
		wire_put_number(&wire, TAG_CODE, code);
		wire_put_string(&wire, TAG_TEXT, "what a newer worker says");
		assert_int_equal(frame_read(bytes, wire.len, &reader), FRAME_FAILED);
		assert_int_equal(failure_read(&reader), ICRED_E_INTERNAL);
		assert_failure(ICRED_E_INTERNAL, "what a newer worker says");
	}
}

static void a_failure_that_is_none_is_garbage(void **state)
{
	static const int64_t codes[] = {0, 1, -256, INT64_MIN, INT64_MAX, INT64_C(-0x100000001)};
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};
	struct reader reader;

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
		frame_begin(&wire, FRAME_FAILED);
		wire_put_number(&wire, TAG_CODE, codes[i]);
		wire_put_string(&wire, TAG_TEXT, "text");
		assert_int_equal(frame_read(bytes, wire.len, &reader), FRAME_FAILED);
		assert_int_equal(failure_read(&reader), ICRED_E_INTERNAL);
		assert_failure(ICRED_E_INTERNAL, "a damaged answer");
	}
	note_error(ICRED_E_LOCKED, "%%n%%s"); /* a format in a message is text */
	failure_write(&wire, FRAME_FAILED);
	assert_int_equal(frame_read(bytes, wire.len, &reader), FRAME_FAILED);
	assert_int_equal(failure_read(&reader), ICRED_E_LOCKED);
	assert_failure(ICRED_E_LOCKED, "%n%s");
	for (size_t cut = 13; cut < wire.len; cut++) {
		reader = wire_reader(bytes, cut);
		assert_true(failure_read(&reader) < 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_whole_profile_comes_over),
		cmocka_unit_test(a_cut_hello_is_refused_unless_it_is_cut_between_fields),
		cmocka_unit_test(a_flipped_bit_does_no_harm),
		cmocka_unit_test(a_neighbouring_version_is_understood),
		cmocka_unit_test(another_version_is_refused_as_such),
		cmocka_unit_test(a_setting_of_a_newer_library_is_refused),
		cmocka_unit_test(a_value_that_is_refused_says_why),
		cmocka_unit_test(a_control_may_have_more_results),
		cmocka_unit_test(a_kind_of_a_newer_worker_is_internal),
		cmocka_unit_test(an_unknown_action_of_a_control_is_refused),
		cmocka_unit_test(unknown_fields_are_ignored),
		cmocka_unit_test(a_packet_begins_with_what_it_is),
		cmocka_unit_test(a_failure_comes_over_with_all_it_says),
		cmocka_unit_test(a_failure_that_is_none_is_garbage),
	};

	return cmocka_run_group_tests_name("frames", tests, NULL, NULL);
}
