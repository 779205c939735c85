/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred curl-config: the token as curl's --config reads it, so that it is neither in argv nor in a file. */
#include "config.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/output.h"
#include "helper/common/session.h"
#include "helper/icred/commands.h"
#include "lib/base/text.h"

static const char curl_config_help[] =
	"Usage: icred [OPTIONS] curl-config [URL...]\n"
	"\n"
	"Print lines for curl --config that make curl send a token.  If URLs are given,\n"
	"refuse (exit status 6) unless all of them are in the profile's origins.\n"
	"\n" HELP_OPTIONS "\n"
	"Examples (-q comes first, so that no .curlrc can send the token elsewhere):\n"
	"  bash, zsh:  curl -q --config <(icred curl-config URL) URL\n"
	"  sh:         icred curl-config URL | curl -q --config - URL\n"
	"  fish:       curl -q --config (icred curl-config URL | psub --fifo) URL\n";

static int curl_config_run(const struct options *o, char **urls)
{
	struct output *out = output_stdout();
	icred_t *handle = NULL;
	icred_token_t *token = NULL;
	bool needs_http = false;
	const char *origin;
	int status = session_open_timed(o, 0, &handle), r;

	for (char **url = urls; *url && !status; url++) {
		status = outside_check(o, handle, *url);
		needs_http |= outside_is_http(*url);
	}
	/* Without URLs, they may be in any of the profile's origins. */
	if (!status && !*urls && !icred_setting(handle, "origin", 0))
		needs_http = outside_is_http(icred_setting(handle, "api", 0));
	for (size_t i = 0; !status && !*urls && (origin = icred_setting(handle, "origin", i)); i++)
		needs_http |= outside_is_http(origin);
	if (!status && (r = icred_get_token(handle, NULL, o->min_ttl, &token)) < 0)
		status = fail_library(o, r);
	if (!status && !is_b64token(icred_token_secret(token))) /* it could end the quotes around it */
		status = fail(o, FAIL_OTHER, "internal",
			      "the token contains characters that curl cannot read");
	if (!status) {
		output_text(out, "oauth2-bearer = \"");
		output_text(out, icred_token_secret(token));
		/* Plain http is for this very machine: a proxy would take the token off it, in clear text. */
		output_text(out, needs_http ? "\"\nproto-redir = \"=http,https\"\nnoproxy = \"*\"\n"
					    : "\"\nproto-redir = \"=https\"\n");
	}
	icred_token_unref(token);
	icred_close(handle);
	return status;
}

const struct command cmd_curl_config = {"curl-config", curl_config_help, OPTIONS_TOKEN, 0,
					INT_MAX,       curl_config_run};
