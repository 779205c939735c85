/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key exec: a command that prints an app's RSA key, as pass, op, bw or vault do. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/base/clock.h"
#include "lib/base/language.h"
#include "lib/base/number.h"
#include "plugin/shared/command.h"
#include "plugin/shared/pemkey.h"

#define LINE_CAP 1024
/* How long a key may sign after the command has stopped giving it; the same as in key keyring. */
#define RECENT_LIFE_MS 5000
#define TIMEOUT_MAX    3600 /* seconds, as of the setting of that name */

struct keyexec {
	struct pemkey at_hand; /* first */
	int64_t until;         /* clock_ms(): then the command is run again */
	char *argv[COMMAND_WORDS_MAX + 1];
	const char *variables; /* or NULL */
	uint64_t timeout;      /* seconds; 0: as long as the request has */
	char words[LINE_CAP];
};

/* What an exit status means, if the command gives it a meaning; icred-key-exec(8) lists the same. */
static const struct {
	int status;
	int code;
} meanings[] = {
	{1, ICRED_E_NOT_FOUND},   /* pass(1), grep(1) and most others */
	{69, ICRED_E_NO_SERVICE}, /* EX_UNAVAILABLE of sysexits.h */
	{75, ICRED_E_NO_SERVICE}, /* EX_TEMPFAIL */
	{77, ICRED_E_DENIED},     /* EX_NOPERM */
};

static int keyexec_load(struct pemkey *at_hand, const struct icred_host *host,
			const struct icred_key_query *query, bool listing)
{
	struct keyexec *self = (struct keyexec *)at_hand;
	const char *program = self->argv[0];
	struct command_result result;
	int r, code = ICRED_E_INTERNAL, status;
	const char *colon;

	(void)query;
	(void)listing;
	if (at_hand->key && clock_ms() < self->until)
		return 0;
	pemkey_clear(at_hand);
	r = command_run(host, self->argv, self->variables, "key in PEM format", PEM_MAX,
			(int64_t)self->timeout * 1000, &result);
	if (r)
		return r;
	colon = result.said[0] ? ": " : "";
	status = WIFEXITED(result.status) ? WEXITSTATUS(result.status) : 0;
	for (size_t i = 0; i < ARRAY_SIZE(meanings); i++)
		if (meanings[i].status == status)
			code = meanings[i].code;
	if (WIFSIGNALED(result.status))
		r = host->fail(host, code, "%s was ended by signal %d%s%s; run it by hand to see why",
			       program, WTERMSIG(result.status), colon, result.said);
	else if (status)
		r = host->fail(host, code, "%s gave no key (exit status %d)%s%s; run it by hand to see why",
			       program, status, colon, result.said);
	else if (!result.len)
		r = host->fail(host, ICRED_E_NOT_FOUND, "%s printed nothing%s%s; run it by hand to see why",
			       program, colon, result.said);
	else
		r = pemkey_open(at_hand, host, result.output, result.len, program, NULL);
	host->secret_free(host, result.output);
	self->until = clock_ms() + RECENT_LIFE_MS;
	return r;
}

/* The words of the line, at blanks; false if there are too many, or too long ones. */
static bool split(struct keyexec *self, const char *line)
{
	size_t count = 0, len = strlen(line);

	if (len >= sizeof(self->words))
		return false;
	memcpy(self->words, line, len + 1);
	for (char *at = self->words; *(at += strspn(at, " \t"));) {
		if (count == COMMAND_WORDS_MAX)
			return false;
		self->argv[count++] = at;
		at += strcspn(at, " \t");
		if (*at)
			*at++ = '\0';
	}
	return count > 0;
}

static int keyexec_open(const struct icred_host *host, void **ret_self)
{
	const char *line = host->argument(host, "command"), *timeout = host->argument(host, "timeout");
	struct keyexec *self = calloc(1, sizeof(*self));
	const char *fault = NULL;
	int r = 0;

	if (!self)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	self->at_hand = (struct pemkey){.load = keyexec_load, .module = "exec", .where = line, .label = ""};
	self->variables = host->argument(host, "env");
	if (!line || !*line)
		fault = "command= is missing";
	else if (!split(self, line))
		fault = "the command is too long";
	else if (self->argv[0][0] != '/')
		fault = "the command is not an absolute path";
	if (fault)
		r = host->fail(host, ICRED_E_INVALID,
			       "key exec: %s; write [command=/absolute/program its arguments], in brackets",
			       fault);
	else if (timeout && (!parse_uint(timeout, TIMEOUT_MAX, &self->timeout) || !self->timeout))
		r = host->fail(host, ICRED_E_INVALID,
			       "key exec: timeout= must be a number of seconds, from 1 to %d", TIMEOUT_MAX);
	else
		r = command_check_variables(host, self->variables);
	if (r)
		free(self);
	else
		*ret_self = self;
	return r;
}

static const struct icred_module keyexec_module = {
	.size = sizeof(keyexec_module),
	.minor = ICRED_MODULE_MINOR,
	.facility = ICRED_KEY,
	.name = "exec",
	.threads = ICRED_THREADS_SERIAL,
	.can = ICRED_CAN_SIGN | ICRED_CAN_LIST,
	.open = keyexec_open,
	.close = pemkey_close,
	.ops = &pemkey_ops,
	.arguments = "command env timeout",
};

const struct icred_module *icred_module_1(void)
{
	return &keyexec_module;
}
