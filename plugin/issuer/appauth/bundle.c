/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "plugin/issuer/appauth/bundle.h"
#include "lib/base/errno-words.h"

#define LINES_MAX (1 << 18) /* a system's bundle has 4,000 */

/* libcurl takes PEM; text between the certificates is common. */
static bool has_certificate(FILE *file)
{
	char line[128];

	for (int i = 0; i < LINES_MAX && fgets(line, sizeof(line), file); i++)
		if (strncmp(line, "-----BEGIN CERTIFICATE-----", 27) == 0 ||
		    strncmp(line, "-----BEGIN X509 CERTIFICATE-----", 32) == 0)
			return true;
	return false;
}

static int check_file(const struct icred_host *host, const char *path, FILE *file)
{
	struct stat st;

	if (fstat(fileno(file), &st) < 0 || !S_ISREG(st.st_mode))
		return host->fail(host, ICRED_E_INVALID, "the bundle %s is not a file; check the setting ca",
				  path);
	if (!has_certificate(file))
		return host->fail(
			host, ICRED_E_INVALID,
			"the bundle %s holds no PEM certificate; check the setting ca, and convert DER with: "
			"openssl x509 -inform DER",
			path);
	return 0;
}

int bundle_check(const struct icred_host *host, const char *path)
{
	FILE *file;
	int fd, r;

	if (path[0] != '/')
		return host->fail(host, ICRED_E_INVALID,
				  "ca must be the absolute name of a file, not \"%.60s\"", path);
	/* A pipe without a writer must not keep us. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return host->fail(host, errno_code(error, ICRED_E_INVALID),
				  "the bundle %s cannot be read: %s%s", path, errno_words(error),
				  errno_advice(error, "; check the setting ca"));
	}
	r = check_file(host, path, file);
	fclose(file);
	return r;
}
