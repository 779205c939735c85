/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key file: an app's RSA key as a PEM file, plain or encrypted with a passphrase. */
#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "plugin/shared/command.h"
#include "plugin/shared/pemkey.h"

#define ASK_PASSWORD   "/usr/bin/systemd-ask-password"
#define PASSPHRASE_CAP 512
#define TRIES          3 /* of a person; the key is a file, so nothing locks itself up */

struct keyfile {
	struct pemkey at_hand;
	struct secretfile file;
	struct secretfile passphrase; /* name NULL: ask */
	const char *asker;            /* NULL: through the caller */
	int listing;                  /* a list may not start a program that asks */
};

static int arguments_fit(const struct icred_host *host)
{
	static const char *const files[] = {"path", "passphrase-file", "ask"};

	if (!host->argument(host, "path"))
		return host->fail(host, ICRED_E_INVALID,
				  "key file wants to know which file: write path=/absolute/name.pem");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		const char *value = host->argument(host, files[i]);
		if (value && value[0] != '/' && !(i == 2 && strcmp(value, "systemd") == 0))
			return host->fail(host, ICRED_E_INVALID,
					  "key file: %s= wants an absolute file name%s, not \"%.60s\"",
					  files[i], i == 2 ? " or systemd" : "", value);
	}
	if (host->argument(host, "passphrase-file") && host->argument(host, "ask"))
		return host->fail(host, ICRED_E_INVALID,
				  "key file: passphrase-file= and ask= each say where the passphrase comes "
				  "from; keep one of them");
	return 0;
}

static int keyfile_open(const struct icred_host *host, void **ret_self)
{
	struct keyfile *self;
	const char *ask;
	int rc = arguments_fit(host);

	if (rc)
		return rc;
	self = calloc(1, sizeof(*self));
	if (!self)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	/* Arguments belong to the profile, which outlives the module's self. */
	self->file = (struct secretfile){AT_FDCWD, host->argument(host, "path"), host->argument(host, "path"),
					 SECRETFILE_PRIVATE};
	self->passphrase = self->file;
	self->passphrase.name = self->passphrase.what = host->argument(host, "passphrase-file");
	ask = host->argument(host, "ask");
	self->asker = ask && strcmp(ask, "systemd") == 0 ? ASK_PASSWORD : ask;
	*ret_self = self;
	return 0;
}

static void keyfile_close(void *data, const struct icred_host *host)
{
	struct keyfile *self = data;

	(void)host;
	if (!self)
		return;
	pemkey_clear(&self->at_hand);
	free(self);
}

static int asker_failed(const struct icred_host *host, const char *program,
			const struct command_result *result)
{
	return host->fail(host, ICRED_E_CANCELLED,
			  "%s gave no passphrase%s%s; answer its question, or see it run", program,
			  result->said[0] ? ": " : "", result->said);
}

/* systemd-ask-password(1), or a program that takes the question as its only argument, as SSH_ASKPASS does. */
static int ask_program(const struct keyfile *self, const struct icred_host *host, char *question,
		       char **ret_passphrase)
{
	/* execve(2) only reads its words; its interface can't say so. */
	char *program = (char *)(uintptr_t)self->asker, tty[] = "--no-tty", id[] = "--id=icred",
	     timeout[] = "--timeout=0";
	char *plain[] = {program, question, NULL}, *systemd[] = {program, tty, id, timeout, question, NULL};
	struct command_result result;
	int rc;

	rc = command_run(host, strcmp(program, ASK_PASSWORD) == 0 ? systemd : plain, NULL, "passphrase",
			 PASSPHRASE_CAP, 0, &result);
	if (rc)
		return rc;
	if (!WIFEXITED(result.status) || WEXITSTATUS(result.status) || !result.len) {
		host->secret_free(host, result.output);
		return asker_failed(host, program, &result);
	}
	if (!secretfile_end_line(result.output, result.len)) {
		host->secret_free(host, result.output);
		return host->fail(host, ICRED_E_INVALID,
				  "%s printed a NUL byte; it must print the passphrase as plain text",
				  program);
	}
	*ret_passphrase = result.output;
	return 0;
}

static int ask_caller(const struct keyfile *self, const struct icred_host *host, const char *question,
		      char **ret_passphrase)
{
	char *reply = host->secret_alloc(host, PASSPHRASE_CAP);
	int rc;

	if (!reply)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	rc = host->prompt(host, ICRED_PROMPT_ECHO_OFF, question, reply, PASSPHRASE_CAP);
	if (!rc) {
		*ret_passphrase = reply;
		return 0;
	}
	host->secret_free(host, reply);
	return rc != ICRED_E_LOCKED
		       ? rc
		       : host->fail(
				 host, ICRED_E_LOCKED,
				 "%s is encrypted, and nobody may be asked for its passphrase here; run it on a "
				 "terminal without --no-interactive, give icred --passphrase-fd, or the line "
				 "passphrase-file= or ask=",
				 self->file.what);
}

static int get_passphrase(void *data, const struct icred_host *host, unsigned attempt, char **ret_passphrase)
{
	const struct keyfile *self = data;
	char question[400];

	if (self->passphrase.name)
		return secretfile_line(host, &self->passphrase, ret_passphrase);
	snprintf(question, sizeof(question), "%sassphrase of %.300s:", attempt ? "That was wrong. P" : "P",
		 self->file.what);
	if (self->asker && !self->listing)
		return ask_program(self, host, question, ret_passphrase);
	return ask_caller(self, host, question, ret_passphrase);
}

static int keyfile_load(struct keyfile *self, const struct icred_host *host, int listing)
{
	const struct pemkey_passphrase passphrase = {get_passphrase, self, self->passphrase.name ? 1 : TRIES};

	self->listing = listing;
	return pemkey_load(&self->at_hand, host, &self->file, &passphrase);
}

static int keyfile_sign(void *data, const struct icred_host *host, const struct icred_key_query *query,
			unsigned nth, const void *text, size_t len, void *signature, size_t cap,
			size_t *ret_len)
{
	struct keyfile *self = data;
	int rc;

	(void)query;
	if (nth)
		return host->fail(host, ICRED_E_NOT_FOUND, "%s holds one key", self->file.what);
	rc = keyfile_load(self, host, 0);
	return rc ? rc : pemkey_sign(&self->at_hand, host, text, len, signature, cap, ret_len);
}

static int keyfile_each(void *data, const struct icred_host *host, const struct icred_key_query *query,
			int (*each)(const struct icred_key *key, void *data), void *each_data)
{
	struct keyfile *self = data;
	const char *slash = strrchr(self->file.what, '/');
	struct icred_key key = {
		.app = query->app, .label = slash + 1, .module = "file", .where = self->file.what};
	int rc = keyfile_load(self, host, 1);

	if (rc && rc != ICRED_E_LOCKED && rc != ICRED_E_CANCELLED)
		return rc;
	key.created_at = self->at_hand.seen.st_mtim.tv_sec;
	return pemkey_show(&self->at_hand, host, &key, each, each_data);
}

static const struct icred_key_ops keyfile_ops = {
	.size = sizeof(keyfile_ops),
	.sign = keyfile_sign,
	.each = keyfile_each,
};

static const struct icred_module keyfile_module = {
	.size = sizeof(keyfile_module),
	.minor = ICRED_MODULE_MINOR,
	.facility = ICRED_KEY,
	.name = "file",
	.threads = ICRED_THREADS_SERIAL,
	.can = ICRED_CAN_SIGN | ICRED_CAN_LIST,
	.open = keyfile_open,
	.close = keyfile_close,
	.ops = &keyfile_ops,
	.arguments = "path passphrase-file ask",
};

const struct icred_module *icred_module_1(void)
{
	return &keyfile_module;
}
