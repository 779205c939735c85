/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred curl: curl with a token that reaches the profile's origins, and nothing and nobody else. */
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
#include "helper/common/program.h"
#include "helper/common/process.h"
#include "helper/common/session.h"
#include "helper/curl/version.h"
#include "helper/curl/watch.h"
#include "lib/base/clock.h"
#include "helper/icred/commands.h"

static const char curl_help[] =
	"Usage: icred [OPTIONS] curl ARGUMENT...\n"
	"\n"
	"Run curl with these arguments and a token, unless a URL among them is outside\n"
	"the profile's origins (exit status 6).  All words after \"curl\" are curl's.  If\n"
	"the server says that a cached token is dead, curl runs once more with a new one,\n"
	"provided that this can be done without a trace of the first run in the output.\n"
	"\n"
	"Options that would take the token elsewhere, such as --location-trusted, --netrc\n"
	"and --insecure, are refused.\n"
	"\n" HELP_OPTIONS "\n"
	"Example:\n"
	"  icred -i INSTALLATION curl -sS https://api.carbonregistry.com/projects\n";

struct curl_command {
	struct plan plan;
	icred_token_t *token;
	char path[LAUNCH_PATH_MAX];
	off_t stdin_at; /* where standard input can be put back to; -1 if it can't */
	bool from_cache;
};

/* Also before another program takes our place, so that it does not become the parent of our worker. */
static void curl_release(struct curl_command *command)
{
	icred_token_unref(command->token);
	icred_close(command->plan.handle);
	command->token = NULL;
	command->plan.handle = NULL;
}

/* In the place of this process, so that signals, job control and the exit status are curl's own. */
static int curl_exec(struct curl_command *command)
{
	struct feed feed = {.headers = -1};
	int status = feed_open(&feed, &command->plan, icred_token_secret(command->token));

	if (status)
		return status;
	curl_release(command);
	feed_keep(&feed);
	process_restore();
	execv(command->path, command->plan.argv);
	return launch_fail(command->plan.o, "curl", errno);
}

/* Nothing is asked of a server, so nothing is lent. */
static int curl_exec_bare(struct curl_command *command, char **words)
{
	curl_release(command);
	process_restore();
	execv(command->path, words - 1); /* the word before is the command's own name, curl */
	return launch_fail(command->plan.o, "curl", errno);
}

static off_t curl_stdin_position(void)
{
	struct stat st;

	if (fstat(STDIN_FILENO, &st) < 0 || !S_ISREG(st.st_mode))
		return -1;
	return lseek(STDIN_FILENO, 0, SEEK_CUR);
}

/* Can the answer be read as the one to the token, without a trace of that? */
static bool curl_watchable(const struct curl_command *command)
{
	const struct plan *plan = &command->plan;

	return command->from_cache && plan->urls == 1 && !plan->many && !plan->once &&
	       process_stdout_fd() >= 0;
}

/* Put standard input, if it is read, back to where it was; false where that is impossible. */
static bool curl_stdin_again(const struct curl_command *command)
{
	if (!command->plan.reads_stdin)
		return true;
	return command->stdin_at >= 0 && lseek(STDIN_FILENO, command->stdin_at, SEEK_SET) >= 0;
}

/* A new token in the place of the one that was refused; 0, or the exit status after telling. */
static int curl_renew(struct curl_command *command)
{
	const struct options *o = command->plan.o;
	icred_token_t *fresh = NULL;
	int r;

	session_deadline(o, command->plan.handle);
	icred_reject_token(command->plan.handle, command->token);
	r = icred_get_token(command->plan.handle, NULL, o->min_ttl, &fresh);
	process_deadline_end();
	if (r < 0)
		return fail_library(o, r);
	icred_token_unref(command->token);
	command->token = fresh;
	fail_note(o, "the server refused the cached token; curl runs once more, with a new one");
	return 0;
}

static int curl_watched(struct curl_command *command)
{
	static struct watch watch; /* too large for the stack */
	struct feed feed = {.headers = -1};
	bool refused;
	int status;

	process_deadline_end(); /* curl has --max-time for its own part */
	status = watch_run(&watch, &command->plan, &feed, command->path, icred_token_secret(command->token));
	if (status)
		return status;
	refused = watch_refused(&watch, &command->plan);
	if (refused && curl_stdin_again(command))
		return curl_renew(command) ? watch_finish(&watch, &command->plan) : curl_exec(command);
	if (refused || watch_dead(&watch))
		icred_reject_token(command->plan.handle, command->token);
	if (refused)
		fail_note(command->plan.o,
			  "the server refused the cached token, and standard input can't be read "
			  "again: run the command once more, for a new token");
	return watch_finish(&watch, &command->plan);
}

static int curl_run_plan(struct curl_command *command)
{
	const struct options *o = command->plan.o;
	int64_t began = clock_utc(), minted_at;
	int r = icred_get_token(command->plan.handle, NULL, o->min_ttl, &command->token);

	if (r < 0)
		return fail_library(o, r);
	minted_at = icred_token_minted_at(command->token);
	command->from_cache = minted_at < began || minted_at > clock_utc();
	return curl_watchable(command) ? curl_watched(command) : curl_exec(command);
}

static int curl_with(struct curl_command *command, const struct options *o, icred_t *handle, char **words)
{
	int status = plan_make(&command->plan, o, handle, words);

	if (status)
		return status;
	if (launch_find("curl", command->path) < 0)
		return fail(o, FAIL_NOT_FOUND, "not-found", "curl is in no folder of the PATH; install it");
	if (command->plan.bare || command->plan.urls == 0)
		return curl_exec_bare(command, words);
	status = command->plan.follows ? version_check(&command->plan, command->path) : 0;
	if (status)
		return status;
	command->stdin_at = curl_stdin_position();
	return curl_run_plan(command);
}

static int curl_run(const struct options *o, char **words)
{
	struct curl_command command = {.stdin_at = -1};
	icred_t *handle = NULL;
	int status;

	if (strcmp(words[0], "--help") == 0 && !words[1])
		return help_print(curl_help);
	status = session_open_timed(o, 0, &handle);
	if (status)
		return status;
	status = curl_with(&command, o, handle, words);
	curl_release(&command);
	plan_free(&command.plan);
	return status;
}

const struct command cmd_curl = {"curl", curl_help, OPTIONS_TOKEN, 1, INT_MAX, curl_run};
