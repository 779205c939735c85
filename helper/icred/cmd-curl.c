/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred curl: curl with a token, which goes to the profile's origins only. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/process.h"
#include "helper/common/session.h"
#include "helper/curl/run.h"
#include "helper/icred/commands.h"
#include "lib/base/clock.h"

static const char curl_help[] =
	"Usage: icred [OPTIONS] curl ARGUMENT...\n"
	"\n"
	"Run curl with these arguments and a token, but refuse (exit status 6) if a URL\n"
	"among them is not in the profile's origins.  All words after \"curl\" are passed\n"
	"to curl.  If the server rejects a cached token, curl runs again with a new one,\n"
	"unless a second run could change the result or output was written already.\n"
	"\n"
	"Options that would send the token elsewhere, such as --location-trusted, --netrc\n"
	"and --insecure, are refused.\n"
	"\n" HELP_OPTIONS "\n"
	"Example:\n"
	"  icred -i INSTALLATION curl -sS https://api.carbonregistry.com/projects\n";

struct curl_command {
	struct plan plan;
	icred_token_t *token;
	char path[LAUNCH_PATH_MAX];
};

/* Also before another program takes this one's place, so that it does not become the worker's parent. */
static void curl_release(struct curl_command *command)
{
	icred_token_unref(command->token);
	icred_close(command->plan.handle);
	command->token = NULL;
	command->plan.handle = NULL;
}

/* In the place of this process, so that signals, job control and the exit status are curl's own. */
static int curl_exec(struct curl_command *command, char **argv)
{
	curl_release(command);
	process_restore();
	execv(command->path, argv);
	return launch_fail(command->plan.o, "curl", errno);
}

static int curl_exec_with_token(struct curl_command *command)
{
	struct curl_input input = {.headers = -1};
	int status = curl_input_open(&input, &command->plan, icred_token_secret(command->token));

	if (status)
		return status;
	curl_input_keep(&input);
	return curl_exec(command, command->plan.argv);
}

/* As a child, and again with a new token if the server says that this one is dead. */
static int curl_run_watched(struct curl_command *command)
{
	static struct watch watch; /* too large for the stack */
	struct curl_input input = {.headers = -1};
	struct plan *plan = &command->plan;
	icred_token_t *fresh = NULL;
	struct stat st;
	off_t stdin_at = -1; /* where standard input began; -1 if it cannot be put back there */
	int status, r;

	if (fstat(STDIN_FILENO, &st) == 0 && S_ISREG(st.st_mode))
		stdin_at = lseek(STDIN_FILENO, 0, SEEK_CUR);
	process_deadline_end(); /* curl has --max-time for its own part */
	status = watch_run(&watch, plan, &input, command->path, icred_token_secret(command->token));
	if (status)
		return status;
	if (!watch_refused(&watch, plan)) {
		if (watch_dead(&watch))
			icred_reject_token(plan->handle, command->token);
		return watch_finish(&watch, plan);
	}
	if (plan->reads_stdin && (stdin_at < 0 || lseek(STDIN_FILENO, stdin_at, SEEK_SET) < 0)) {
		icred_reject_token(plan->handle, command->token);
		fail_note(plan->o, "the server refused the cached token, and standard input cannot be read "
				   "again; run the command again to use a new token");
		return watch_finish(&watch, plan);
	}
	session_deadline(plan->o, plan->handle);
	icred_reject_token(plan->handle, command->token);
	r = icred_get_token(plan->handle, NULL, plan->o->min_ttl, &fresh);
	process_deadline_end();
	if (r < 0) {
		(void)fail_library(plan->o, r);
		return watch_finish(&watch, plan);
	}
	icred_token_unref(command->token);
	command->token = fresh;
	fail_note(plan->o, "the server refused the cached token; running curl again with a new one");
	return curl_exec_with_token(command);
}

/* Get a token and run curl with it, in the way that the plan allows. */
static int curl_run_plan(struct curl_command *command, char **words)
{
	struct plan *plan = &command->plan;
	int64_t began, minted_at;
	bool from_cache;
	int status, r;

	if (launch_find("curl", command->path) < 0)
		return fail(plan->o, FAIL_NOT_FOUND, "not-found", "curl is not in the PATH; install it");
	/* Nothing is asked of a server, so curl gets the user's words; the one before them is the command's name. */
	if (plan->no_request || plan->urls == 0)
		return curl_exec(command, words - 1);
	status = plan->follows ? version_check(plan, command->path) : 0;
	if (status)
		return status;
	began = clock_utc();
	r = icred_get_token(plan->handle, NULL, plan->o->min_ttl, &command->token);
	if (r < 0)
		return fail_library(plan->o, r);
	minted_at = icred_token_minted_at(command->token);
	from_cache = minted_at < began || minted_at > clock_utc();
	/* One answer can be read as the answer to the token, and a second run leaves no trace of the first. */
	if (from_cache && plan->urls == 1 && !plan->many && !plan->unrepeatable && output_fd() >= 0)
		return curl_run_watched(command);
	return curl_exec_with_token(command);
}

static int curl_run(const struct options *o, char **words)
{
	struct curl_command command = {.token = NULL};
	icred_t *handle = NULL;
	int status;

	if (strcmp(words[0], "--help") == 0 && !words[1])
		return help_print(curl_help);
	status = session_open_timed(o, 0, &handle);
	if (status)
		return status;
	status = plan_make(&command.plan, o, handle, words);
	if (!status)
		status = curl_run_plan(&command, words);
	curl_release(&command);
	plan_free(&command.plan);
	return status;
}

const struct command cmd_curl = {"curl", curl_help, OPTIONS_TOKEN, 1, INT_MAX, curl_run};
