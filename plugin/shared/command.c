/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/deadline.h"
#include "lib/base/language.h"
#include "lib/base/subprocess.h"
#include "lib/base/system-words.h"
#include "lib/base/trust.h"
#include "lib/base/worker-environment.h"
#include "plugin/shared/command.h"

#define STDERR_CAP 2048
#define LOOK_MS    100  /* between looks at the time, which is over when the caller ends */
#define QUIET_MS   1000 /* then a message says what is waited for */

static const char *const passed[] = {
	"HOME", "PATH", "USER", "LOGNAME", "LANG", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "GNUPGHOME",
};
/* These let a command ask its user, so it gets them only if the call is interactive. */
static const char *const passed_to_ask[] = {"DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "GPG_TTY"};

struct environment {
	/* What is always passed, what lets it ask, what the line names, a PATH, and NULL. */
	char *strings[ARRAY_SIZE(passed) + ARRAY_SIZE(passed_to_ask) + COMMAND_NAMES_MAX + 2];
	size_t count;
};

struct run {
	const struct icred_host *host;
	const char *program;
	size_t max;
	int64_t margin; /* so much before the deadline, it is ended */
	int64_t quiet; /* so much before the deadline, a message says what is waited for; 0: never, or done */
};

static void pass_variable(struct environment *to, const char *name, size_t len)
{
	for (char **at = environ; at && *at; at++)
		if (strncmp(*at, name, len) == 0 && (*at)[len] == '=') {
			to->strings[to->count++] = *at;
			return;
		}
}

#define NAME_FIRST "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
#define NAME_REST  NAME_FIRST "0123456789"

/* The next of the names, separated by blanks or commas; or NULL. */
static const char *next_name(const char *at, size_t *ret_len)
{
	if (!at)
		return NULL;
	at += strspn(at, " \t,");
	*ret_len = strcspn(at, " \t,");
	return *ret_len ? at : NULL;
}

int command_check_variables(const struct icred_host *host, const char *variables)
{
	char shown[QUOTE_SIZE];
	size_t count = 0, len;

	for (const char *at = next_name(variables, &len); at; at = next_name(at + len, &len)) {
		quote(shown, sizeof(shown), at, len);
		if (!strchr(NAME_FIRST, *at) || strspn(at, NAME_REST) < len)
			return host->fail(
				host, ICRED_E_INVALID,
				"env=: '%s' cannot be the name of a variable; write [env=NAME NAME...]",
				shown);
		if (environment_drops(at, len))
			return host->fail(
				host, ICRED_E_INVALID,
				"env=: icred-worker does not have %s; write [command=/usr/bin/env %s=VALUE "
				"PROGRAM ARGUMENT...]",
				shown, shown);
		if (++count > COMMAND_NAMES_MAX)
			return host->fail(host, ICRED_E_INVALID,
					  "env=: more than %d names; remove some, or let a script set them",
					  COMMAND_NAMES_MAX);
	}
	return 0;
}

static void make_environment(const struct icred_host *host, const char *variables, struct environment *to)
{
	static char path[] = "PATH=/usr/local/bin:/usr/bin:/bin";
	size_t len;

	for (size_t i = 0; i < ARRAY_SIZE(passed); i++)
		pass_variable(to, passed[i], strlen(passed[i]));
	for (size_t i = 0; host->interactive && i < ARRAY_SIZE(passed_to_ask); i++)
		pass_variable(to, passed_to_ask[i], strlen(passed_to_ask[i]));
	for (const char *at = next_name(variables, &len); at; at = next_name(at + len, &len))
		pass_variable(to, at, len);
	if (!getenv("PATH"))
		to->strings[to->count++] = path;
	to->strings[to->count] = NULL;
}

/* The command may run until its time is over or the caller ends, unless it prints too much. */
static int wait_command(struct subprocess *process)
{
	struct run *run = process->data;
	int64_t left = run->host->time_left(run->host), most = LOOK_MS;

	if (run->quiet && left <= run->quiet) {
		run->quiet = 0;
		/* It may have asked in a window that is behind others, as pinentry's. */
		run->host->log(run->host, ICRED_LOG_WARNING,
			       "waiting for %s, which may ask in another window; press Ctrl-C to give up",
			       run->program);
	}
	if (left <= run->margin || process->out.len > run->max)
		return -1;
	if (run->quiet)
		most = MIN(most, left - run->quiet);
	return (int)MIN(most, left - run->margin);
}

static int run_failed(const struct run *run, const struct subprocess *process, enum subprocess_end end,
		      const char *wanted)
{
	const struct icred_host *host = run->host;
	int error = process->error;

	if (end == SUBPROCESS_NOT_STARTED)
		return host->fail(host, errno_code(error, ICRED_E_INTERNAL), "cannot start %s: %s",
				  run->program, errno_words(error));
	if (end == SUBPROCESS_NOT_RUN)
		return host->fail(host, errno_code(error, ICRED_E_INVALID), "%s cannot be run: %s%s",
				  run->program, errno_words(error),
				  errno_advice(error, "; install it, or correct the profile's line"));
	if (process->out.len > run->max)
		return host->fail(
			host, ICRED_E_INVALID,
			"%s printed more than %zu bytes, so it is not a %s; it must print that alone",
			run->program, run->max, wanted);
	return host->fail(
		host, ICRED_E_TIMEOUT,
		"%s timed out and was stopped; check whether it waits for an answer, or raise the setting "
		"timeout",
		run->program);
}

int command_run(const struct icred_host *host, char *const argv[], const char *variables, const char *wanted,
		size_t max, int64_t patience, struct command_result *ret_result)
{
	struct environment environment = {.count = 0};
	char untrusted[TRUST_WHY_SIZE], err_text[STDERR_CAP] = "", *said;
	int64_t left = host->time_left(host);
	struct run run = {.host = host, .program = argv[0], .max = max};
	struct subprocess process = {
		.path = argv[0],
		.argv = argv,
		.environment = environment.strings,
		.out = {.cap = max + 1},
		.err = {err_text, sizeof(err_text) - 1, 0}, /* ends with a NUL */
		.wait = wait_command,
		.data = &run,
		.farewell = (int)deadline_farewell(left),
	};
	enum subprocess_end end;
	int r = 0;

	if (!trust_program(argv[0], untrusted, sizeof(untrusted)))
		return host->fail(host, ICRED_E_INVALID, "%s", untrusted);
	process.out.bytes = host->secret_alloc(host, max + 2);
	if (!process.out.bytes)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	run.margin = deadline_margin(left) + process.farewell;
	if (patience && run.margin < left - patience)
		run.margin = left - patience;
	if (host->interactive && left > QUIET_MS)
		run.quiet = left - QUIET_MS;
	make_environment(host, variables, &environment);
	end = subprocess_run(&process);
	if (end == SUBPROCESS_ENDED && process.out.len <= max) {
		process.out.bytes[process.out.len] = '\0';
		*ret_result = (struct command_result){process.out.bytes, process.out.len, process.status, ""};
		said = err_text + strspn(err_text, " \t\r\n");
		quote(ret_result->said, sizeof(ret_result->said), said, strcspn(said, "\r\n"));
	} else {
		r = run_failed(&run, &process, end, wanted);
		host->secret_free(host, process.out.bytes);
	}
	explicit_bzero(err_text, sizeof(err_text));
	return r;
}
