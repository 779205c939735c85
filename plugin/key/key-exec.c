/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key exec: a command that prints an app's RSA key, as pass, op, bw or vault do. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>

#include "plugin/shared/command.h"
#include "plugin/shared/pemkey.h"

#define LINE_CAP 1024
/* So long may a key sign that the command would not give any more; as key keyring has it. */
#define RECENT_LIFE 5
#define TIMEOUT_MAX 3600 /* seconds, as of the option of that name */

struct keyexec {
	struct pemkey at_hand;
	time_t until;
	char *argv[COMMAND_WORDS_MAX + 1];
	const char *line;      /* the profile's, for listings */
	const char *variables; /* or NULL */
	long timeout;          /* seconds; 0: as long as the request has */
	char words[LINE_CAP];
};

/* What an exit status says, for the commands that mean something by it; keep icred-key-exec(8) in step. */
static const struct {
	int status;
	int code;
} meanings[] = {
	{1, ICRED_E_NOT_FOUND},   /* pass(1), grep(1) and most others */
	{69, ICRED_E_NO_SERVICE}, /* EX_UNAVAILABLE of sysexits.h */
	{75, ICRED_E_NO_SERVICE}, /* EX_TEMPFAIL */
	{77, ICRED_E_DENIED},     /* EX_NOPERM */
};

static int meaning_of(int status)
{
	if (WIFEXITED(status))
		for (size_t i = 0; i < sizeof(meanings) / sizeof(meanings[0]); i++)
			if (meanings[i].status == WEXITSTATUS(status))
				return meanings[i].code;
	return ICRED_E_INTERNAL;
}

static int bad_argument(const struct icred_host *host, struct keyexec *self, const char *why)
{
	free(self);
	return host->fail(host, ICRED_E_INVALID,
			  "key exec: %s; write [command=/absolute/program its arguments], in brackets", why);
}

static size_t split(struct keyexec *self)
{
	size_t count = 0;

	for (char *at = self->words; *(at += strspn(at, " \t"));) {
		if (count == COMMAND_WORDS_MAX)
			return 0;
		self->argv[count++] = at;
		at += strcspn(at, " \t");
		if (*at)
			*at++ = '\0';
	}
	return count;
}

/* False for what is no number of seconds. */
static int read_timeout(const char *text, long *ret_seconds)
{
	char *end;

	if (!text)
		return 1;
	*ret_seconds = strtol(text, &end, 10);
	return *text >= '0' && *text <= '9' && !*end && *ret_seconds > 0 && *ret_seconds <= TIMEOUT_MAX;
}

static int keyexec_open(const struct icred_host *host, void **ret_self)
{
	struct keyexec *self = calloc(1, sizeof(*self));
	int n, r;

	if (!self)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	self->line = host->argument(host, "command");
	self->variables = host->argument(host, "env");
	if (!self->line || !*self->line)
		return bad_argument(host, self, "which command prints the key is not told");
	n = snprintf(self->words, sizeof(self->words), "%s", self->line);
	if (n < 0 || (size_t)n >= sizeof(self->words) || !split(self))
		return bad_argument(host, self, "the command is too long");
	if (self->argv[0][0] != '/')
		return bad_argument(host, self, "the command is not an absolute path");
	if (!read_timeout(host->argument(host, "timeout"), &self->timeout)) {
		free(self);
		return host->fail(host, ICRED_E_INVALID,
				  "key exec: timeout= wants a number of seconds, from 1 to %d", TIMEOUT_MAX);
	}
	r = command_check_variables(host, self->variables);
	if (r < 0) {
		free(self);
		return r;
	}
	*ret_self = self;
	return 0;
}

static void keyexec_close(void *data, const struct icred_host *host)
{
	struct keyexec *self = data;

	(void)host;
	if (!self)
		return;
	pemkey_clear(&self->at_hand);
	free(self);
}

static int command_failed(const struct icred_host *host, const char *program,
			  const struct command_result *result)
{
	const char *colon = result->said[0] ? ": " : "";
	int code = meaning_of(result->status);

	if (WIFSIGNALED(result->status))
		return host->fail(host, code, "%s was ended by signal %d%s%s; run it by hand to see why",
				  program, WTERMSIG(result->status), colon, result->said);
	return host->fail(host, code, "%s gave no key (exit status %d)%s%s; run it by hand to see why",
			  program, WEXITSTATUS(result->status), colon, result->said);
}

static time_t now(void)
{
	struct timespec time;

	clock_gettime(CLOCK_MONOTONIC, &time);
	return time.tv_sec;
}

static int keyexec_load(struct keyexec *self, const struct icred_host *host)
{
	const char *program = self->argv[0];
	struct command_result result;
	int rc;

	if (self->at_hand.key && now() < self->until)
		return 0;
	pemkey_clear(&self->at_hand);
	rc = command_run(host, self->argv, self->variables, "key in PEM format", PEM_MAX,
			 self->timeout * 1000, &result);
	if (rc)
		return rc;
	if (!WIFEXITED(result.status) || WEXITSTATUS(result.status))
		rc = command_failed(host, program, &result);
	else if (!result.len)
		rc = host->fail(host, ICRED_E_NOT_FOUND, "%s printed nothing%s%s; run it by hand to see why",
				program, result.said[0] ? ": " : "", result.said);
	else
		rc = pemkey_open(&self->at_hand, host, result.output, result.len, program, NULL);
	host->secret_free(host, result.output);
	self->until = now() + RECENT_LIFE;
	return rc;
}

static int keyexec_sign(void *data, const struct icred_host *host, const struct icred_key_query *query,
			unsigned nth, const void *text, size_t len, void *signature, size_t cap,
			size_t *ret_len)
{
	struct keyexec *self = data;
	int rc;

	(void)query;
	if (nth)
		return host->fail(host, ICRED_E_NOT_FOUND, "%s prints one key", self->argv[0]);
	rc = keyexec_load(self, host);
	return rc ? rc : pemkey_sign(&self->at_hand, host, text, len, signature, cap, ret_len);
}

static int keyexec_each(void *data, const struct icred_host *host, const struct icred_key_query *query,
			int (*each)(const struct icred_key *key, void *data), void *each_data)
{
	struct keyexec *self = data;
	struct icred_key key = {.app = query->app, .label = "", .module = "exec", .where = self->line};
	int rc = keyexec_load(self, host);

	return rc ? rc : pemkey_show(&self->at_hand, host, &key, each, each_data);
}

static const struct icred_key_ops keyexec_ops = {
	.size = sizeof(keyexec_ops),
	.sign = keyexec_sign,
	.each = keyexec_each,
};

static const struct icred_module keyexec_module = {
	.size = sizeof(keyexec_module),
	.minor = ICRED_MODULE_MINOR,
	.facility = ICRED_KEY,
	.name = "exec",
	.threads = ICRED_THREADS_SERIAL,
	.can = ICRED_CAN_SIGN | ICRED_CAN_LIST,
	.open = keyexec_open,
	.close = keyexec_close,
	.ops = &keyexec_ops,
	.arguments = "command env timeout",
};

const struct icred_module *icred_module_1(void)
{
	return &keyexec_module;
}
