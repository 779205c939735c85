/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred status: what there is, without prompting, minting, or showing a token. */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <icred/icred.h>

#include "helper/common/help.h"
#include "helper/common/keylist.h"
#include "helper/common/output.h"
#include "helper/common/session.h"
#include "helper/icred/commands.h"
#include "lib/base/clock.h"
#include "lib/base/language.h"

#define STATUS_WIDTH       14
#define STATUS_WIDTH_ID    40
#define STATUS_WIDTH_CACHE 10

static const char status_help[] =
	"Usage: icred [OPTIONS] status\n"
	"\n"
	"Show the profile, the app's keys, and the cached tokens with the time each has\n"
	"left, never their text.  Nothing is unlocked and no token is minted.\n"
	"\n" HELP_OPTIONS_TARGET "\n"
	"Example:\n"
	"  icred -p work status --json\n";

struct status {
	const struct options *o;
	icred_t *handle;
	struct output *out;
	struct json j;
	size_t tokens;
};

static void status_line(const struct status *s, const char *label, const char *value)
{
	output_clean(s->out, label, STATUS_WIDTH);
	output_clean(s->out, value, 0);
	output_text(s->out, "\n");
}

/* -i, -o and --as-app each put the profile's own choice out of force. */
static const char *status_target(const struct status *s, const char *name, const char *option)
{
	if (s->o->installation || s->o->organization || s->o->as_app)
		return option;
	return icred_setting(s->handle, name, 0);
}

static void status_settings(struct status *s)
{
	const struct {
		const char *name, *value;
	} facts[] = {
		{"profile", icred_profile_name(s->handle)},
		{"app", s->o->app ? s->o->app : icred_setting(s->handle, "app", 0)},
		{"api", icred_setting(s->handle, "api", 0)},
		{"installation", status_target(s, "installation", s->o->installation)},
		{"organization", status_target(s, "organization", s->o->organization)},
	};
	const char *as_app = status_target(s, "as-app", s->o->as_app ? "yes" : NULL);
	const char *origin = icred_setting(s->handle, "origin", 0);
	bool json = s->o->json;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(facts); i++) {
		if (json)
			json_string(&s->j, facts[i].name, facts[i].value);
		else if (facts[i].value)
			status_line(s, facts[i].name, facts[i].value);
	}
	if (json)
		json_bool(&s->j, "asApp", as_app && strcmp(as_app, "yes") == 0);
	else if (as_app && strcmp(as_app, "yes") == 0)
		status_line(s, "as app", as_app);
	if (json)
		json_open(&s->j, "origins", '[');
	if (!origin)
		origin = icred_setting(s->handle, "api", 0);
	for (i = 1; origin; i++) {
		if (json)
			json_string(&s->j, NULL, origin);
		else
			status_line(s, i == 1 ? "origin" : "", origin);
		origin = icred_setting(s->handle, "origin", i);
	}
	if (json)
		json_close(&s->j, ']');
}

/* A keyring or cache that is locked, missing or faulty is a state to show, not a failure to show it. */
static void status_state(struct status *s, const char *what, int code, const char *message)
{
	const struct icred_error *e = icred_error();
	char name[32];

	if (!message)
		message = e->code == code && *e->message ? e->message : icred_strerror(code);
	if (!s->o->json) {
		if (code < 0)
			status_line(s, what, message);
		return;
	}
	snprintf(name, sizeof(name), "%sState", what);
	json_string(&s->j, name, code < 0 ? icred_kind(code) : "ok");
	snprintf(name, sizeof(name), "%sMessage", what);
	json_string(&s->j, name, code < 0 ? message : NULL);
}

static void status_token_row(const struct status *s, const char *whose, const char *cache, const char *left)
{
	output_clean(s->out, whose, STATUS_WIDTH_ID);
	output_text(s->out, "  ");
	output_clean(s->out, cache, STATUS_WIDTH_CACHE);
	output_text(s->out, "  ");
	output_clean(s->out, left, 0);
	output_text(s->out, "\n");
}

static int status_token(icred_token_t *token, const char *cache, void *data)
{
	struct status *s = data;
	int64_t left = session_token_left(token);
	const char *whose = icred_token_installation(token);
	char span[DURATION_TEXT], when[CLOCK_TEXT];

	s->tokens++;
	cache = cache ? cache : "";
	if (!s->o->json) {
		if (s->tokens == 1)
			status_token_row(s, "TOKEN OF", "CACHE", "TIME LEFT");
		whose = *whose ? whose : icred_token_organization(token);
		status_token_row(s, *whose ? whose : "the app itself", cache, duration_format(left, span));
		return 0;
	}
	json_open(&s->j, NULL, '{');
	json_string(&s->j, "app", icred_token_app(token));
	json_string(&s->j, "installation", whose);
	json_string(&s->j, "organization", icred_token_organization(token));
	json_string(&s->j, "cache", cache);
	json_string(&s->j, "expiresAt", clock_format_utc(icred_token_expires_at(token), when));
	json_number(&s->j, "expiresIn", left);
	json_close(&s->j, '}');
	return 0;
}

static int status_run(const struct options *o, char **words)
{
	struct status s = {.o = o, .out = output_stdout(), .j = {output_stdout(), false}};
	struct keylist list = {.out = s.out, .json = o->json};
	int r, status = session_open_timed(o, SESSION_SILENT, &s.handle);

	(void)words;
	if (status)
		return status;
	if (o->json)
		json_open(&s.j, NULL, '{');
	status_settings(&s);
	output_text(s.out, o->json ? ",\"keys\":" : "\n");
	r = keylist_print(&list, s.handle);
	if (r == ICRED_E_NOT_FOUND || (r >= 0 && list.count == 0))
		status_state(&s, "keys", ICRED_E_NOT_FOUND, "none; \"icred key import FILE\" stores one");
	else
		status_state(&s, "keys", r, NULL);
	if (o->json)
		json_open(&s.j, "tokens", '[');
	else
		output_text(s.out, "\n");
	r = icred_token_each(s.handle, status_token, &s);
	if (o->json)
		json_close(&s.j, ']');
	else if (s.tokens == 0 && r >= 0)
		status_line(&s, "tokens", "none cached");
	status_state(&s, "tokens", r, NULL);
	if (o->json) {
		json_close(&s.j, '}');
		output_text(s.out, "\n");
	}
	icred_close(s.handle);
	return 0;
}

const struct command cmd_status = {"status", status_help, OPTIONS_TARGET, 0, 0, status_run};
