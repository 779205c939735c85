/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key systemd: an app's RSA key as a credential that systemd hands to a service. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/system-words.h"
#include "plugin/shared/pemkey.h"

#define NAME_CAP 256
#define FALLBACK "icred-key"
/*
 * systemd lets a service's user read by an access control list, which looks
 * like a right of the group; the folder is the service's own.
 */
#define FORBIDDEN 0037

struct credential {
	struct pemkey at_hand; /* first */
	char name[NAME_CAP];   /* of the one at hand */
};

/* systemd.exec(5): a file name of printable ASCII without a colon. */
static bool is_name(const char *name)
{
	size_t len = strlen(name);

	for (size_t i = 0; i < len; i++)
		if (name[i] < ' ' || name[i] > '~')
			return false;
	return len && len < NAME_CAP && !strpbrk(name, "/:") && strcmp(name, ".") != 0 &&
	       strcmp(name, "..") != 0;
}

static int open_directory(const struct icred_host *host, int *ret_fd)
{
	const char *path = secure_getenv("CREDENTIALS_DIRECTORY");
	struct stat st;
	int fd;

	if (!path || path[0] != '/')
		return host->fail(
			host, ICRED_E_NO_SERVICE,
			"$CREDENTIALS_DIRECTORY is not set, so systemd gave no credentials; run this from "
			"a unit with LoadCredentialEncrypted= or LoadCredential=");
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
	if (fd < 0)
		return host->fail(host, errno_code(errno, ICRED_E_NO_SERVICE),
				  "$CREDENTIALS_DIRECTORY (%s) cannot be opened: %s%s", path,
				  errno_words(errno), errno_advice(errno, "; run this from the unit itself"));
	if (fstat(fd, &st) < 0 || (st.st_uid != 0 && st.st_uid != geteuid()) || (st.st_mode & 0027)) {
		close(fd);
		return host->fail(
			host, ICRED_E_INVALID,
			"$CREDENTIALS_DIRECTORY (%s) is open to other users, so systemd did not make it; "
			"run this from the unit itself",
			path);
	}
	*ret_fd = fd;
	return 0;
}

/* The one that the line names; else the app's own, else the one for any app. */
static int credential_load(struct pemkey *at_hand, const struct icred_host *host,
			   const struct icred_key_query *query, bool listing)
{
	struct credential *self = (struct credential *)at_hand;
	const char *name = host->argument(host, "credential");
	char own[NAME_CAP], what[NAME_CAP + 32];
	int directory = -1, r, n;

	(void)listing;
	r = open_directory(host, &directory);
	if (r)
		return r;
	n = snprintf(own, sizeof(own), "icred-%s", query->app);
	if (!name)
		name = n < (int)sizeof(own) && is_name(own) &&
				       faccessat(directory, own, F_OK, AT_SYMLINK_NOFOLLOW) == 0
			       ? own
			       : FALLBACK;
	if (strcmp(self->name, name) != 0)
		pemkey_clear(at_hand);
	snprintf(self->name, sizeof(self->name), "%s", name);
	snprintf(what, sizeof(what), "the credential %s", name);
	if (faccessat(directory, name, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		r = host->fail(
			host, ICRED_E_NOT_FOUND,
			"systemd gave no credential %s; add LoadCredentialEncrypted=%s to the unit, or name "
			"another with credential=",
			name, name);
	else
		r = pemkey_read(at_hand, host, &(struct secretfile){directory, name, what, FORBIDDEN}, NULL);
	close(directory);
	return r;
}

static int credential_open(const struct icred_host *host, void **ret_self)
{
	const char *name = host->argument(host, "credential");
	struct credential *self;

	if (name && !is_name(name))
		return host->fail(
			host, ICRED_E_INVALID,
			"key systemd: \"%.60s\" cannot be the name of a credential; write credential= and "
			"the name that the unit gives it",
			name);
	self = calloc(1, sizeof(*self));
	if (!self)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	self->at_hand = (struct pemkey){.load = credential_load,
					.module = "systemd",
					.where = "$CREDENTIALS_DIRECTORY",
					.label = self->name};
	*ret_self = self;
	return 0;
}

static const struct icred_module credential_module = {
	.size = sizeof(credential_module),
	.minor = ICRED_MODULE_MINOR,
	.facility = ICRED_KEY,
	.name = "systemd",
	.threads = ICRED_THREADS_SERIAL,
	.can = ICRED_CAN_SIGN | ICRED_CAN_LIST,
	.open = credential_open,
	.close = pemkey_close,
	.ops = &pemkey_ops,
	.arguments = "credential",
};

const struct icred_module *icred_module_1(void)
{
	return &credential_module;
}
