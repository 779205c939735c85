/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred exec: a program that takes its token from the environment. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdlib.h>
#include <unistd.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/process.h"
#include "helper/common/session.h"
#include "helper/icred/commands.h"

static const char exec_help[] =
	"Usage: icred [OPTIONS] exec -- COMMAND [ARGUMENT...]\n"
	"\n"
	"Run a command with a token in its environment, as ICRED_TOKEN, in the place of\n"
	"icred.  The token is not renewed while the command runs: if a program can run\n"
	"icred token itself, prefer that.\n"
	"\n" HELP_OPTIONS "\n"
	"Example:\n"
	"  icred exec --min-ttl 30m -- ./nightly-report\n";

static int exec_run(const struct options *o, char **words)
{
	icred_t *handle = NULL;
	icred_token_t *token = NULL;
	int status = session_open_timed(o, 0, &handle), r;

	if (status)
		return status;
	r = icred_get_token(handle, NULL, o->min_ttl, &token);
	/* An outer icred exec may have put a token there, which must not be used in place of this one. */
	if (r < 0)
		status = fail_library(o, r);
	else if (setenv("ICRED_TOKEN", icred_token_secret(token), 1) < 0)
		status = fail(o, FAIL_OTHER, "no-memory", "out of memory; try again");
	icred_token_unref(token);
	icred_close(handle);
	if (status)
		return status;
	process_restore();
	execvp(words[0], words);
	return launch_fail(o, words[0], errno);
}

const struct command cmd_exec = {"exec", exec_help, OPTIONS_TOKEN, 1, INT_MAX, exec_run};
