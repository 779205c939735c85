/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key file: an app's RSA key as a PEM file, plain or encrypted with a passphrase. */
#include "config.h"

#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "lib/base/language.h"
#include "plugin/shared/command.h"
#include "plugin/shared/pemkey.h"

#define ASK_PASSWORD   "/usr/bin/systemd-ask-password"
#define PASSPHRASE_CAP 512
#define TRIES          3 /* by the user; unlike a token, a file does not lock itself */

struct keyfile {
	struct pemkey at_hand; /* first */
	struct secretfile file;
	struct secretfile passphrase; /* name NULL: ask */
	const char *asker;            /* NULL: through the caller */
	bool listing;                 /* a list may not start a program that asks */
};

/* systemd-ask-password(1), or a program that takes the question as its only argument, as SSH_ASKPASS does. */
static int ask_program(const struct keyfile *self, const struct icred_host *host, char *question,
		       char **ret_passphrase)
{
	/* execve(2) only reads its words; its interface cannot say so. */
	char *program = (char *)(uintptr_t)self->asker, tty[] = "--no-tty", id[] = "--id=icred",
	     timeout[] = "--timeout=0";
	char *plain[] = {program, question, NULL}, *systemd[] = {program, tty, id, timeout, question, NULL};
	struct command_result result;
	int r;

	r = command_run(host, strcmp(program, ASK_PASSWORD) == 0 ? systemd : plain, NULL, "passphrase",
			PASSPHRASE_CAP, 0, &result);
	if (r)
		return r;
	if (!WIFEXITED(result.status) || WEXITSTATUS(result.status) || !result.len)
		r = host->fail(host, ICRED_E_CANCELLED,
			       "%s gave no passphrase%s%s; answer its question, or check that it is shown",
			       program, result.said[0] ? ": " : "", result.said);
	else if (!secretfile_end_line(result.output, result.len))
		r = host->fail(host, ICRED_E_INVALID,
			       "%s printed a NUL byte; it must print the passphrase as plain text", program);
	else
		*ret_passphrase = result.output;
	if (r)
		host->secret_free(host, result.output);
	return r;
}

static int get_passphrase(void *data, const struct icred_host *host, unsigned attempt, char **ret_passphrase)
{
	const struct keyfile *self = data;
	char question[400];
	int r;

	if (self->passphrase.name)
		return secretfile_line(host, &self->passphrase, ret_passphrase);
	snprintf(question, sizeof(question), "%sassphrase of %.300s:", attempt ? "That was wrong. P" : "P",
		 self->file.what);
	if (self->asker && !self->listing)
		return ask_program(self, host, question, ret_passphrase);
	r = secret_ask(host, question, PASSPHRASE_CAP, ret_passphrase);
	if (r != ICRED_E_LOCKED)
		return r;
	return host->fail(
		host, r,
		"cannot ask for the passphrase of %s: not interactive; add passphrase-file= or ask= to the "
		"line",
		self->file.what);
}

static int keyfile_load(struct pemkey *at_hand, const struct icred_host *host,
			const struct icred_key_query *query, bool listing)
{
	struct keyfile *self = (struct keyfile *)at_hand;
	const struct pemkey_passphrase passphrase = {get_passphrase, self, self->passphrase.name ? 1 : TRIES};

	(void)query;
	self->listing = listing;
	return pemkey_read(at_hand, host, &self->file, &passphrase);
}

static int keyfile_open(const struct icred_host *host, void **ret_self)
{
	static const char *const names[] = {"path", "passphrase-file", "ask"};
	const char *values[ARRAY_SIZE(names)], *path, *ask;
	struct keyfile *self;

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const char *value = values[i] = host->argument(host, names[i]);
		bool systemd = i == 2;

		if (value && value[0] != '/' && !(systemd && strcmp(value, "systemd") == 0))
			return host->fail(host, ICRED_E_INVALID,
					  "key file: %s= must be an absolute file name%s, not \"%.60s\"",
					  names[i], systemd ? " or systemd" : "", value);
	}
	path = values[0];
	ask = values[2];
	if (!path)
		return host->fail(host, ICRED_E_INVALID,
				  "key file: path= is missing; write path=/absolute/name.pem");
	if (values[1] && ask)
		return host->fail(host, ICRED_E_INVALID,
				  "key file: passphrase-file= and ask= both say where the passphrase comes "
				  "from; keep one of them");
	self = calloc(1, sizeof(*self));
	if (!self)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	/* Arguments belong to the profile, which outlives the module's self. */
	self->at_hand = (struct pemkey){
		.load = keyfile_load, .module = "file", .where = path, .label = strrchr(path, '/') + 1};
	self->file = (struct secretfile){AT_FDCWD, path, path, SECRETFILE_PRIVATE};
	self->passphrase = (struct secretfile){AT_FDCWD, values[1], values[1], SECRETFILE_PRIVATE};
	self->asker = ask && strcmp(ask, "systemd") == 0 ? ASK_PASSWORD : ask;
	*ret_self = self;
	return 0;
}

static const struct icred_module keyfile_module = {
	.size = sizeof(keyfile_module),
	.minor = ICRED_MODULE_MINOR,
	.facility = ICRED_KEY,
	.name = "file",
	.threads = ICRED_THREADS_SERIAL,
	.can = ICRED_CAN_SIGN | ICRED_CAN_LIST,
	.open = keyfile_open,
	.close = pemkey_close,
	.ops = &pemkey_ops,
	.arguments = "path passphrase-file ask",
};

const struct icred_module *icred_module_1(void)
{
	return &keyfile_module;
}
