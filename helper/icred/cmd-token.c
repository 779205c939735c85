/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred token: the token itself, for scripts. */
#include "config.h"

#include <stddef.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/output.h"
#include "helper/common/session.h"
#include "helper/icred/commands.h"
#include "lib/base/clock.h"

static const char token_help[] =
	"Usage: icred [OPTIONS] token [--header]\n"
	"\n"
	"Print a valid token and a newline: a cached one if there is one, else a new one.\n"
	"\n"
	"      --header             print \"Authorization: Bearer TOKEN\"\n"
	"\n" HELP_OPTIONS "\n"
	"With --json: token, expiresAt, expiresIn, installation, organization, app and\n"
	"permissions.\n"
	"\n"
	"Example:\n"
	"  icred -i INSTALLATION token --min-ttl 10m\n";

static void token_print_json(struct output *out, const icred_token_t *token)
{
	struct json j = {out, false};
	const char *name = NULL, *level;
	char when[CLOCK_TEXT];

	json_open(&j, NULL, '{');
	json_string(&j, "token", icred_token_secret(token));
	json_string(&j, "expiresAt", clock_format_utc(icred_token_expires_at(token), when));
	json_number(&j, "expiresIn", session_token_left(token));
	json_string(&j, "installation", icred_token_installation(token));
	json_string(&j, "organization", icred_token_organization(token));
	json_string(&j, "app", icred_token_app(token));
	json_open(&j, "permissions", '{');
	for (size_t i = 0; (level = icred_token_permission(token, i, &name)) && name; i++)
		json_string(&j, name, level);
	json_close(&j, '}');
	json_close(&j, '}');
}

static int token_run(const struct options *o, char **words)
{
	struct output *out = output_stdout();
	icred_t *handle = NULL;
	icred_token_t *token = NULL;
	int status, r;

	(void)words;
	status = session_open_timed(o, 0, &handle);
	if (status)
		return status;
	r = icred_get_token(handle, NULL, o->min_ttl, &token);
	if (r < 0) {
		status = fail_library(o, r);
	} else if (o->json) {
		token_print_json(out, token);
		output_text(out, "\n");
	} else {
		output_text(out, o->seen & OPTION_HEADER ? "Authorization: Bearer " : "");
		output_text(out, icred_token_secret(token));
		output_text(out, "\n");
	}
	icred_token_unref(token);
	icred_close(handle);
	return status;
}

const struct command cmd_token = {"token", token_help, OPTIONS_TOKEN | OPTION_HEADER, 0, 0, token_run};
