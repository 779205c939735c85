/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred status: what there is, without prompting, minting, or showing a token. */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <icred/icred.h>

#include "helper/common/output.h"
#include "helper/common/help.h"
#include "helper/common/keylist.h"
#include "helper/common/session.h"
#include "lib/base/clock.h"
#include "helper/icred/commands.h"
#include "lib/token/life.h"

#define STATUS_WIDTH       14
#define STATUS_WIDTH_ID    40
#define STATUS_WIDTH_CACHE 10

static const char status_help[] =
	"Usage: icred [OPTIONS] status\n"
	"\n"
	"Show the profile, the app's keys, and the cached tokens with the time each has\n"
	"left, never their text.  Nothing is unlocked and nothing is minted.\n"
	"\n" HELP_OPTIONS_TARGET "\n"
	"Example:\n"
	"  icred -p work status --json\n";

struct status_fact {
	const char *label, *json_name, *value;
};

struct status {
	const struct options *o;
	icred_t *handle;
	struct output *out;
	struct json j;
	size_t tokens;
};

static const char *status_profile(const struct options *o)
{
	const char *name = o->profile ? o->profile : secure_getenv("ICRED_PROFILE");

	return name && *name ? name : "default";
}

/* -i, -o and --as-app each put the profile's own choice out of force. */
static const char *status_target(const struct status *s, const char *name, const char *option)
{
	if (s->o->installation || s->o->organization || s->o->as_app)
		return option;
	return icred_setting(s->handle, name, 0);
}

static void status_line(const struct status *s, const char *label, const char *value)
{
	output_clean(s->out, label, STATUS_WIDTH);
	output_clean(s->out, value, 0);
	output_text(s->out, "\n");
}

static void status_origins(struct status *s)
{
	const char *origin = icred_setting(s->handle, "origin", 0);
	size_t i;

	if (s->o->json)
		json_open(&s->j, "origins", '[');
	if (!origin)
		origin = icred_setting(s->handle, "api", 0);
	for (i = 1; origin; i++) {
		if (s->o->json)
			json_string(&s->j, NULL, origin);
		else
			status_line(s, i == 1 ? "origin" : "", origin);
		origin = icred_setting(s->handle, "origin", i);
	}
	if (s->o->json)
		json_close(&s->j, ']');
}

static void status_facts(struct status *s)
{
	const struct status_fact facts[] = {
		{"profile", "profile", status_profile(s->o)},
		{"app", "app", s->o->app ? s->o->app : icred_setting(s->handle, "app", 0)},
		{"api", "api", icred_setting(s->handle, "api", 0)},
		{"installation", "installation", status_target(s, "installation", s->o->installation)},
		{"organization", "organization", status_target(s, "organization", s->o->organization)},
	};
	const char *as_app = status_target(s, "as-app", s->o->as_app ? "yes" : NULL);
	bool is_app = as_app && strcmp(as_app, "yes") == 0;
	size_t i;

	for (i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		if (s->o->json)
			json_string(&s->j, facts[i].json_name, facts[i].value);
		else if (facts[i].value)
			status_line(s, facts[i].label, facts[i].value);
	}
	if (s->o->json)
		json_bool(&s->j, "asApp", is_app);
	else if (is_app)
		status_line(s, "as app", as_app);
}

/* A keyring or cache that is locked, absent or out of order is a state to show, not a failure of showing it. */
static void status_state(struct status *s, const char *what, int code, const char *message)
{
	char name[32];

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

static const char *status_message(int code)
{
	const struct icred_error *e = icred_error();

	return e->code == code && *e->message ? e->message : icred_strerror(code);
}

static void status_keys(struct status *s)
{
	struct keylist list = {.out = s->out, .json = s->o->json};
	int r;

	if (s->o->json)
		output_text(s->out, ",\"keys\":");
	else
		output_text(s->out, "\n");
	r = keylist_print(&list, s->handle);
	if (r == ICRED_E_NOT_FOUND || (r >= 0 && list.count == 0))
		status_state(s, "keys", ICRED_E_NOT_FOUND, "none; \"icred key import FILE\" stores one");
	else
		status_state(s, "keys", r, status_message(r));
}

static void status_token_json(struct status *s, const icred_token_t *token, const char *cache, int64_t left)
{
	char when[CLOCK_TEXT];

	json_open(&s->j, NULL, '{');
	json_string(&s->j, "app", icred_token_app(token));
	json_string(&s->j, "installation", icred_token_installation(token));
	json_string(&s->j, "organization", icred_token_organization(token));
	json_string(&s->j, "cache", cache);
	json_string(&s->j, "expiresAt", clock_format_utc(icred_token_expires_at(token), when));
	json_number(&s->j, "expiresIn", left);
	json_close(&s->j, '}');
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
	int64_t left = life_left(icred_token_minted_at(token), icred_token_expires_at(token), clock_utc());
	const char *whose = icred_token_installation(token);
	char span[DURATION_TEXT];

	s->tokens++;
	cache = cache ? cache : "";
	if (s->o->json) {
		status_token_json(s, token, cache, left);
		return 0;
	}
	if (s->tokens == 1)
		status_token_row(s, "TOKEN OF", "CACHE", "TIME LEFT");
	whose = *whose ? whose : icred_token_organization(token);
	status_token_row(s, *whose ? whose : "the app itself", cache, duration_format(left, span));
	return 0;
}

static void status_tokens(struct status *s)
{
	int r;

	if (s->o->json)
		json_open(&s->j, "tokens", '[');
	else
		output_text(s->out, "\n");
	r = icred_token_each(s->handle, status_token, s);
	if (s->o->json)
		json_close(&s->j, ']');
	else if (s->tokens == 0 && r >= 0)
		status_line(s, "tokens", "none cached");
	status_state(s, "tokens", r, status_message(r));
}

static void status_print(struct status *s)
{
	if (s->o->json)
		json_open(&s->j, NULL, '{');
	status_facts(s);
	status_origins(s);
	status_keys(s);
	status_tokens(s);
	if (s->o->json) {
		json_close(&s->j, '}');
		output_text(s->out, "\n");
	}
}

static int status_run(const struct options *o, char **words)
{
	struct status s = {.o = o, .out = output_stdout()};
	int status = session_open_timed(o, SESSION_SILENT, &s.handle);

	(void)words;
	if (status)
		return status;
	s.j.out = s.out;
	status_print(&s);
	icred_close(s.handle);
	return 0;
}

const struct command cmd_status = {"status", status_help, OPTIONS_TARGET, 0, 0, status_run};
