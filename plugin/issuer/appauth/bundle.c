/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of certificates that the argument ca names. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/system-words.h"
#include "plugin/issuer/appauth/http.h"

#define LINES_MAX (1 << 18) /* a system's bundle has 4,000 */

int bundle_check(const struct icred_host *host, const char *path)
{
	bool has_certificate = false;
	char line[128];
	struct stat st;
	FILE *file;
	int fd;

	if (path[0] != '/')
		return host->fail(host, ICRED_E_INVALID,
				  "the setting ca must be the absolute name of a file, not \"%.60s\"", path);
	/* Opening a pipe that has no writer must not block. */
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	file = fd < 0 ? NULL : fdopen(fd, "r");
	if (!file) {
		int error = errno;

		if (fd >= 0)
			close(fd);
		return host->fail(host, errno_code(error, ICRED_E_INVALID), "cannot read the bundle %s: %s%s",
				  path, errno_words(error), errno_advice(error, "; check the setting ca"));
	}
	if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)) {
		fclose(file);
		return host->fail(host, ICRED_E_INVALID, "the bundle %s is not a file; check the setting ca",
				  path);
	}
	/* libcurl takes PEM; text between the certificates is common. */
	for (int i = 0; i < LINES_MAX && !has_certificate && fgets(line, sizeof(line), file); i++)
		has_certificate = strncmp(line, "-----BEGIN CERTIFICATE-----", 27) == 0 ||
				  strncmp(line, "-----BEGIN X509 CERTIFICATE-----", 32) == 0;
	fclose(file);
	if (has_certificate)
		return 0;
	return host->fail(
		host, ICRED_E_INVALID,
		"the bundle %s contains no PEM certificate; check the setting ca, and convert DER with: "
		"openssl x509 -inform DER",
		path);
}
