/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The program that asks the user in our place, as ssh(1) has it in SSH_ASKPASS. */
#include "config.h"

#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <icred/icred.h>

#include "helper/common/asking.h"
#include "helper/common/fail.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/base/language.h"
#include "lib/base/subprocess.h"

#define ASKPASS_QUIET_MS 1000 /* a question that takes longer is reported */

static volatile sig_atomic_t askpass_group;    /* of the program and what it starts, for askpass_stop() */
static volatile sig_atomic_t askpass_farewell; /* milliseconds that it has to end by itself */

static const char *askpass_variable(const char *name)
{
	const char *value = secure_getenv(name);

	return value && *value ? value : NULL;
}

static const char *askpass_program(void)
{
	const char *own = askpass_variable("ICRED_ASKPASS");

	return own ? own : askpass_variable("SSH_ASKPASS");
}

enum askpass_when askpass_when(void)
{
	const char *require = askpass_variable("SSH_ASKPASS_REQUIRE");

	if (!askpass_program() || (require && strcmp(require, "never") == 0))
		return ASKPASS_NEVER;
	if (require && strcmp(require, "force") == 0)
		return ASKPASS_FORCE;
	if (require && strcmp(require, "prefer") == 0)
		return ASKPASS_PREFER;
	/* Without a display it could not show anything. */
	return askpass_variable("DISPLAY") || askpass_variable("WAYLAND_DISPLAY") ? ASKPASS_WITHOUT_TERMINAL
										  : ASKPASS_NEVER;
}

/* For signal handlers too; the number is still its group's, as the program is reaped later. */
void askpass_stop(void)
{
	pid_t group = askpass_group;

	if (group <= 0)
		return;
	askpass_group = 0;
	kill(-group, SIGTERM);
	clock_sleep(askpass_farewell);
	kill(-group, SIGKILL);
}

struct askpass {
	const struct options *options;
	int64_t deadline, report_at;
	bool reported;
};

static int askpass_wait(struct subprocess *process)
{
	struct askpass *askpass = process->data;
	const char *slash = strrchr(process->path, '/');
	int64_t now = clock_ms();
	char text[200];

	if (now >= askpass->deadline ||
	    (process->out.len == process->out.cap && !memchr(process->out.bytes, '\n', process->out.len)))
		return -1;
	if (!askpass->reported && now >= askpass->report_at) {
		askpass->reported = true; /* its window may be under others, or on another screen */
		snprintf(text, sizeof(text),
			 "waiting for the question of %.80s in another window; press Ctrl-C to give up",
			 slash ? slash + 1 : process->path);
		fail_level(askpass->options, ICRED_LOG_WARNING, text);
	}
	return (int)((askpass->reported ? askpass->deadline : MIN(askpass->report_at, askpass->deadline)) -
		     now);
}

int askpass_ask(const struct options *o, const char *text, char *reply, size_t cap, int64_t deadline)
{
	const char *program = askpass_program();
	struct askpass askpass = {o, deadline, clock_ms() + ASKPASS_QUIET_MS, false};
	char *argv[] = {(char *)(uintptr_t)program, (char *)(uintptr_t)text, NULL};
	struct subprocess process = {.path = program,
				     .argv = argv,
				     .out = {.bytes = reply, .cap = cap},
				     .wait = askpass_wait,
				     .data = &askpass,
				     .farewell = (int)deadline_farewell(clock_left(deadline)),
				     .group = &askpass_group};
	enum subprocess_end ended;
	char *end;

	if (!program || !cap)
		return ICRED_E_CANCELLED;
	/* Our parent may have left it ignored: then there would be no status to wait for. */
	signal(SIGCHLD, SIG_DFL);
	askpass_farewell = process.farewell;
	ended = subprocess_run(&process);
	end = memchr(reply, '\n', process.out.len);
	if (!end && process.out.len < cap)
		end = reply + process.out.len;
	/* Half a passphrase is useless: an answer that has no end within the buffer is refused. */
	if (ended == SUBPROCESS_ENDED && WIFEXITED(process.status) && WEXITSTATUS(process.status) == 0 &&
	    end && !memchr(reply, '\0', process.out.len)) {
		*(end > reply && end[-1] == '\r' ? end - 1 : end) = '\0';
		return 0;
	}
	explicit_bzero(reply, cap);
	return ended == SUBPROCESS_STOPPED && clock_ms() >= deadline ? ICRED_E_TIMEOUT : ICRED_E_CANCELLED;
}
