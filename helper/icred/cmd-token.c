/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred token: the token itself, for scripts. */
#include "config.h"

#include <stddef.h>
#include <icred/icred.h>

#include "helper/common/output.h"
#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/session.h"
#include "lib/base/clock.h"
#include "helper/icred/commands.h"
#include "lib/token/life.h"

static const char token_help[] =
	"Usage: icred [OPTIONS] token [--header]\n"
	"\n"
	"Print a token that is valid now, and a newline; a cached one if there is one.\n"
	"\n"
	"      --header             print \"Authorization: Bearer TOKEN\"\n"
	"\n" HELP_OPTIONS "\n"
	"With --json: token, expiresAt, expiresIn, installation, organization, app and\n"
	"permissions.\n"
	"\n"
	"Example:\n"
	"  icred -i INSTALLATION token --min-ttl 10m\n";

static void token_permissions(struct json *j, const icred_token_t *token)
{
	const char *name = NULL, *level;
	size_t i;

	json_open(j, "permissions", '{');
	for (i = 0; (level = icred_token_permission(token, i, &name)) != NULL && name; i++)
		json_string(j, name, level);
	json_close(j, '}');
}

static void token_record(struct output *out, const icred_token_t *token)
{
	struct json j = {out, false};
	int64_t expires_at = icred_token_expires_at(token);
	char when[CLOCK_TEXT];

	json_open(&j, NULL, '{');
	json_string(&j, "token", icred_token_secret(token));
	json_string(&j, "expiresAt", clock_format_utc(expires_at, when));
	json_number(&j, "expiresIn", life_left(icred_token_minted_at(token), expires_at, clock_utc()));
	json_string(&j, "installation", icred_token_installation(token));
	json_string(&j, "organization", icred_token_organization(token));
	json_string(&j, "app", icred_token_app(token));
	token_permissions(&j, token);
	json_close(&j, '}');
}

static void token_print(const struct options *o, const icred_token_t *token)
{
	struct output *out = output_stdout();

	if (o->json) {
		token_record(out, token);
	} else {
		if (o->seen & OPTION_HEADER)
			output_text(out, "Authorization: Bearer ");
		output_text(out, icred_token_secret(token));
	}
	output_text(out, "\n");
}

static int token_run(const struct options *o, char **words)
{
	icred_t *handle = NULL;
	icred_token_t *token = NULL;
	int status, r;

	(void)words;
	status = session_open_timed(o, 0, &handle);
	if (status)
		return status;
	r = icred_get_token(handle, NULL, o->min_ttl, &token);
	if (r < 0)
		status = fail_library(o, r);
	else
		token_print(o, token);
	icred_token_unref(token);
	icred_close(handle);
	return status;
}

const struct command cmd_token = {"token", token_help, OPTIONS_TOKEN | OPTION_HEADER, 0, 0, token_run};
