/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "helper/common/asking.h"
#include "helper/common/fail.h"
#include "helper/common/process.h"
#include "helper/common/session.h"
#include "lib/api/handle.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"

#define SESSION_TIMEOUT_MS 30000u /* unless the command line or the profile says otherwise */

/* Options as the library wants to see them: it hands the pointer back as it got it. */
static struct options session_log_options;
static struct conv session_conv;

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

bool session_has_target(icred_t *handle)
{
	const char *as_app = icred_setting(handle, "as-app", 0);

	return icred_setting(handle, "installation", 0) || icred_setting(handle, "organization", 0) ||
	       (as_app && strcmp(as_app, "yes") == 0);
}

int session_open(const struct options *o, unsigned flags, icred_t **ret_handle)
{
	struct icred_options options = session_options(o);
	int r;

	session_conv.options = &session_log_options;
	/* Only a person may risk a token's last try; an answer that was handed over may be an old one. */
	if (!(flags & SESSION_SILENT) && (o->has_passphrase || conv_has_person(o)))
		options.flags |= o->has_passphrase ? ICRED_ANSWERS : ICRED_INTERACTIVE;
	session_conv.person = options.flags & ICRED_INTERACTIVE;
	options.converse = conv_ask;
	options.converse_data = &session_conv;
	r = icred_open(ret_handle, o->profile, &options);
	if (r < 0)
		return fail_library(o, r);
	if (flags & SESSION_SILENT)
		return 0;
	/* What the profile leaves open, an option may say. */
	if (!icred_setting(*ret_handle, "app", 0))
		fail_would_help(OPTION_APP, true);
	else if (!session_has_target(*ret_handle))
		fail_would_help(OPTION_INSTALLATION, true);
	fail_would_help(OPTION_PASSPHRASE, !(options.flags & (ICRED_ANSWERS | ICRED_INTERACTIVE)));
	return 0;
}

int64_t session_first_deadline(const struct options *o)
{
	return process_deadline(o, o->timeout_ms ? o->timeout_ms : SESSION_TIMEOUT_MS);
}

void session_deadline(const struct options *o, icred_t *handle)
{
	int64_t deadline = process_deadline(o, options_timeout_ms(o, icred_setting(handle, "timeout", 0)));

	handle_end_by(handle, deadline);
	/* Inside of it are the library, the worker, a module, the question, and the end of a program that asks it. */
	session_conv.deadline = deadline_inside(deadline, 5);
}

int session_open_timed(const struct options *o, unsigned flags, icred_t **ret_handle)
{
	int status = 0;

	/* Read whether or not it will be needed, so that what follows it is the same each time. */
	if (o->has_passphrase) {
		(void)session_first_deadline(o);
		status = input_line(o, o->passphrase_fd, &session_conv.passphrase);
	}
	if (status == 0)
		status = session_open(o, flags, ret_handle);
	if (status == 0)
		session_deadline(o, *ret_handle);
	return status;
}

void session_end(void)
{
	input_wipe(&session_conv.passphrase);
}

int64_t session_token_left(const icred_token_t *token)
{
	int64_t expires_at = icred_token_expires_at(token);

	return MAX(MIN(clock_span(clock_utc(), expires_at),
		       clock_span(icred_token_minted_at(token), expires_at)),
		   0);
}
