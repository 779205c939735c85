/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred curl-config: the token for curl's --config, where neither argv nor a file shows it. */
#include "config.h"

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/outside.h"
#include "helper/common/output.h"
#include "helper/common/session.h"
#include "helper/icred/commands.h"
#include "lib/base/b64token.h"

static const char curl_config_help[] =
	"Usage: icred [OPTIONS] curl-config [URL...]\n"
	"\n"
	"Print lines for curl --config that make curl send a token.  With URLs, refuse\n"
	"(exit status 6) unless all of them are in the profile's origins.\n"
	"\n" HELP_OPTIONS "\n"
	"Examples (-q first, or a .curlrc could undo what keeps the token in place):\n"
	"  bash, zsh:  curl -q --config <(icred curl-config URL) URL\n"
	"  sh:         icred curl-config URL | curl -q --config - URL\n"
	"  fish:       curl -q --config (icred curl-config URL | psub --fifo) URL\n";

static int curl_config_check(const struct options *o, icred_t *handle, char **urls)
{
	int status = 0;

	for (; *urls && !status; urls++)
		status = outside_check(o, handle, *urls);
	return status;
}

/* Plain HTTP only where all of this happens on one machine, by the profile's leave. */
static bool curl_config_needs_http(icred_t *handle, char **urls)
{
	const char *origin = icred_setting(handle, "origin", 0);
	size_t i;

	if (*urls) {
		while (*urls && !outside_is_http(*urls))
			urls++;
		return *urls != NULL;
	}
	if (!origin)
		return outside_is_http(icred_setting(handle, "api", 0));
	for (i = 1; origin && !outside_is_http(origin); i++)
		origin = icred_setting(handle, "origin", i);
	return origin != NULL;
}

static int curl_config_print(const struct options *o, icred_t *handle, char **urls, const char *secret)
{
	struct output *out = output_stdout();

	if (!is_b64token(secret)) /* nothing that could end the quotes around it */
		return fail(o, FAIL_OTHER, "internal", "the token that was found can't be used");
	output_text(out, "oauth2-bearer = \"");
	output_text(out, secret);
	output_text(out, "\"\nproto-redir = \"");
	/* Plain http is for this very machine: a proxy would take the token off it, in the clear. */
	output_text(out,
		    curl_config_needs_http(handle, urls) ? "=http,https\"\nnoproxy = \"*\"\n" : "=https\"\n");
	return 0;
}

static int curl_config_from(const struct options *o, icred_t *handle, char **urls)
{
	icred_token_t *token = NULL;
	int status = curl_config_check(o, handle, urls), r;

	if (status)
		return status;
	r = icred_get_token(handle, NULL, o->min_ttl, &token);
	if (r < 0)
		return fail_library(o, r);
	status = curl_config_print(o, handle, urls, icred_token_secret(token));
	icred_token_unref(token);
	return status;
}

static int curl_config_run(const struct options *o, char **urls)
{
	icred_t *handle = NULL;
	int status = session_open_timed(o, 0, &handle);

	if (status)
		return status;
	status = curl_config_from(o, handle, urls);
	icred_close(handle);
	return status;
}

const struct command cmd_curl_config = {"curl-config", curl_config_help, OPTIONS_TOKEN, 0,
					INT_MAX,       curl_config_run};
