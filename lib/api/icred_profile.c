/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The profiles of this machine: which there are, what one says, and whether it can work. */
#include "config.h"

#include "lib/api/handle.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/module/loader.h"
#include "lib/profile/search.h"

struct listing {
	int (*each)(const struct icred_profile *profile, void *data);
	void *data;
};

static int list_file(const char *name, const char *file, bool hidden, void *data)
{
	const struct listing *listing = data;
	struct icred_profile profile = {
		.size = sizeof(profile), .name = name, .file = file, .hidden = hidden};

	return listing->each(&profile, listing->data);
}

_export_ int icred_profile_list(const struct icred_options *options,
				int (*each)(const struct icred_profile *profile, void *data), void *data)
{
	struct listing listing = {each, data};
	struct icred_options own;
	struct log log;
	int r;

	if (!each)
		return set_error(ICRED_E_INVALID, "icred_profile_list: each must not be NULL");
	r = options_read(options, &own);
	if (r < 0)
		return r;
	log_open(&log, own.log, own.log_data);
	r = profile_each(&log, list_file, &listing);
	log_close(&log);
	return r;
}

_export_ const char *icred_profile_name(icred_t *handle)
{
	return handle ? handle->context.profile->name : NULL;
}

_export_ const char *icred_profile_file(icred_t *handle)
{
	return handle ? handle->context.profile->file : NULL;
}

typedef int each_entry_fn(const struct icred_profile_entry *entry, void *data);

static int show_settings(const struct profile *profile, each_entry_fn *each, void *data)
{
	struct icred_profile_entry entry = {.size = sizeof(entry), .facility = "", .control = ""};
	static const char *const none[] = {NULL};
	int r = 0;

	entry.arguments = none;
	for (size_t i = 0; !r && (entry.name = settings_at(&profile->settings, i, &entry.value)); i++) {
		struct position position = settings_position_at(&profile->settings, i);
		entry.source = position.file ? ICRED_FROM_FILE : ICRED_FROM_OPTIONS;
		entry.file = position.file ? position.file : "";
		entry.line = position.line;
		r = each(&entry, data);
	}
	/* The one default that depends on where the profile is. */
	if (!r && !settings_get(&profile->settings, "audit", 0) && profile_audits(profile)) {
		entry.name = "audit";
		entry.value = "yes";
		entry.source = ICRED_BUILT_IN;
		entry.file = "";
		entry.line = 0;
		r = each(&entry, data);
	}
	return r;
}

static int show_line(const struct line *line, each_entry_fn *each, void *data)
{
	struct icred_profile_entry entry = {.size = sizeof(entry), .name = line->module, .value = ""};
	char control[512];

	control_format(line->facility, &line->control, control, sizeof(control));
	entry.facility = facility_name(line->facility);
	entry.control = control;
	entry.arguments = (const char *const *)line->arguments;
	entry.optional = line->optional_module;
	entry.skipped = module_is_skipped(line);
	entry.source = line->number ? ICRED_FROM_FILE : ICRED_BUILT_IN;
	entry.file = line->number ? line->file : "";
	entry.line = line->number;
	return each(&entry, data);
}

_export_ int icred_profile_show(icred_t *handle,
				int (*each)(const struct icred_profile_entry *entry, void *data), void *data)
{
	const struct profile *profile;
	int r;

	if (!handle || !each)
		return set_error(ICRED_E_INVALID, "icred_profile_show: handle and each must not be NULL");
	profile = handle->context.profile;
	r = show_settings(profile, each, data);
	for (int facility = ICRED_KEY; facility <= ICRED_ISSUER; facility++)
		for (size_t i = 0; !r && i < profile->stack.count; i++)
			if (profile->stack.lines[i].facility == facility)
				r = show_line(&profile->stack.lines[i], each, data);
	return r;
}

struct check {
	void (*found)(const struct icred_error *fault, void *data);
	void *data;
	int result; /* of the first fault */
};

/* This thread's failure is a fault of the profile. */
static void report_fault(void *data)
{
	struct check *check = data;

	if (!check->result)
		check->result = icred_error()->code;
	if (check->found)
		check->found(icred_error(), check->data);
}

static int take_fault(int frame, struct reader *reader, void *data)
{
	if (frame == FRAME_FAULT && failure_read(reader) < 0)
		report_fault(data);
	return 0;
}

/* Load every module of the profile, here and in the worker, without using any. */
static void check_modules(icred_t *handle, struct check *check)
{
	struct stack *stack = &handle->context.profile->stack;
	_cleanup_secret_ void *bytes = NULL;
	struct module *module;
	struct wire request;
	struct host host;
	int r;

	context_host(&handle->context, &host);
	for (size_t i = 0; i < stack->count; i++)
		if (stack->lines[i].facility == ICRED_CACHE &&
		    module_get(&stack->lines[i], &host, &module) < 0)
			report_fault(check);
	r = worker_request(&handle->worker, FRAME_PROBE, REQUEST_ROOM, &request);
	if (r == ICRED_OK) {
		bytes = request.bytes;
		r = worker_call(&handle->worker, &request, context_deadline(&handle->context), take_fault,
				check);
	}
	if (r < 0)
		report_fault(check);
}

_export_ int icred_profile_check(const char *name, const struct icred_options *options,
				 void (*found)(const struct icred_error *fault, void *data), void *data)
{
	struct check check = {.found = found, .data = data};
	struct profile *profile = NULL;
	icred_t *handle = NULL;
	int r;

	/* Each line that is wrong, first; what is wrong with the whole shows when it is opened. */
	r = profile_examine(NULL, profile_wanted(name), report_fault, &check, &profile);
	if (r < 0)
		return check.result ? check.result : r;
	profile_free(profile);
	r = icred_open(&handle, name, options);
	if (r < 0) {
		report_fault(&check);
	} else {
		/* A cache module is loaded into this process, and all of it is one call. */
		handle_end_by(handle, clock_ms() + handle->context.timeout_ms);
		check_modules(handle, &check);
	}
	icred_close(handle);
	return check.result;
}
