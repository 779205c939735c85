/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "helper/common/conv.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "helper/common/fail.h"
#include "lib/api/handle.h"
#include "helper/common/process.h"
#include "helper/common/session.h"

/* Options as the library wants to see them: it hands the pointer back as it got it. */
static struct options session_log_options;
static struct conv session_conv;

static unsigned session_timeout(const struct options *o, icred_t *handle)
{
	return options_timeout_ms(o, icred_setting(handle, "timeout", 0));
}

struct icred_options session_options(const struct options *o)
{
	session_log_options = *o;
	return (struct icred_options){
		.size = sizeof(struct icred_options),
		.app = o->app,
		.installation = o->installation,
		.organization = o->organization,
		.timeout_ms = o->timeout_ms,
		.flags = o->as_app ? ICRED_AS_APP : 0,
		.log = fail_log,
		.log_data = &session_log_options,
	};
}

int session_open(const struct options *o, unsigned flags, icred_t **ret_handle)
{
	struct icred_options options = session_options(o);
	int r;

	session_conv.options = &session_log_options;
	/* A token's last try is a person's to risk: where the answer was handed over, nobody is there. */
	if (!(flags & SESSION_SILENT) && (o->has_passphrase || process_interactive(o)))
		options.flags |= o->has_passphrase ? ICRED_ANSWERS : ICRED_INTERACTIVE;
	session_conv.person = options.flags & ICRED_INTERACTIVE;
	options.converse = conv_ask;
	options.converse_data = &session_conv;
	r = icred_open(ret_handle, o->profile, &options);
	return r < 0 ? fail_library(o, r) : 0;
}

unsigned session_time_left(const struct options *o)
{
	int left = clock_left(process_deadline(o, o->timeout_ms ? o->timeout_ms : SESSION_TIMEOUT_MS));

	return left > 0 ? (unsigned)left : 1;
}

void session_deadline(const struct options *o, icred_t *handle)
{
	int64_t deadline = process_deadline(o, session_timeout(o, handle));

	handle_end_by(handle, deadline);
	/* Inside of it are the library, the worker, a module, the question, and the end of a program that asks it. */
	session_conv.deadline = deadline_inside(deadline, 5);
}

int session_open_timed(const struct options *o, unsigned flags, icred_t **ret_handle)
{
	int status = 0;

	/* Read whether or not it will be needed, so that what comes behind it is the same each time. */
	if (o->has_passphrase) {
		process_deadline(o, o->timeout_ms ? o->timeout_ms : SESSION_TIMEOUT_MS);
		status = input_line(o, o->passphrase_fd, &session_conv.passphrase);
	}
	if (status == 0)
		status = session_open(o, flags, ret_handle);
	if (status == 0)
		session_deadline(o, *ret_handle);
	return status;
}
