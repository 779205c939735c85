/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Another program that is run instead of this one or as its child: found, run, or reported why not. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/common/process.h"
#include "lib/base/system-words.h"

#define LAUNCH_PATH_DEFAULT "/usr/local/bin:/usr/bin:/bin"

int launch_find(const char *program, char path[LAUNCH_PATH_MAX])
{
	const char *folder = getenv("PATH");
	struct stat st;
	size_t len;
	int n;

	for (folder = folder ? folder : LAUNCH_PATH_DEFAULT; *folder; folder += len + (folder[len] == ':')) {
		len = strcspn(folder, ":");
		if (folder[0] != '/' || len >= LAUNCH_PATH_MAX)
			continue;
		n = snprintf(path, LAUNCH_PATH_MAX, "%.*s/%s", (int)len, folder, program);
		if (n > 0 && n < LAUNCH_PATH_MAX && access(path, X_OK) == 0 && stat(path, &st) == 0 &&
		    S_ISREG(st.st_mode))
			return 0;
	}
	return -1;
}

void launch_keep(int fd)
{
	int flags = fd < 0 ? -1 : fcntl(fd, F_GETFD);

	if (flags >= 0)
		fcntl(fd, F_SETFD, flags & ~FD_CLOEXEC);
}

int launch_fail(const struct options *o, const char *program, int error)
{
	if (error == ENOENT)
		return fail(o, FAIL_NOT_FOUND, "not-found",
			    "cannot find the program %s; install it, or check the PATH", program);
	return fail(o, FAIL_OTHER, icred_kind(errno_code(error, ICRED_E_INTERNAL)), "cannot run %s: %s",
		    program, errno_words(error));
}
