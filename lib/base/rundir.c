/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/rundir.h"
#include "lib/base/system-words.h"
#include "lib/base/text.h"

#define RUNDIR_LEAF       "icred"
#define RUNDIR_SET_OTHER  "set XDG_RUNTIME_DIR to a directory that belongs to you alone"
#define RUNDIR_REMOVE     "remove it"
#define RUNDIR_BASE_MAX   (PATH_MAX - sizeof("/" RUNDIR_LEAF))
#define RUNDIR_WRITERS    (S_IWGRP | S_IWOTH)
#define RUNDIR_ALL_OTHERS (S_IRWXG | S_IRWXO)

/* A path in a message must leave room for what to do. */
#define RUNDIR_PATH "%.200s"

/* Where a reason goes, which directory it is about, and what to do about it. */
struct rundir_report {
	char *why;
	size_t cap;
	const char *path;
	const char *advice;
};

__attribute__((format(printf, 3, 4))) static int rundir_say(const struct rundir_report *report, int code,
							    const char *format, ...)
{
	va_list args;

	if (report->cap == 0)
		return code;
	va_start(args, format);
	(void)vsnprintf(report->why, report->cap, format, args);
	va_end(args);
	/* A path comes from the environment. */
	text_clean(report->why, report->cap, report->why);
	return code;
}

static int rundir_failed(const struct rundir_report *report, const char *verb, int error)
{
	const char *advice = errno_advice(error, report->advice);

	return rundir_say(report, errno_code(error, ICRED_E_DENIED), RUNDIR_PATH " cannot be %s: %s%s%s",
			  report->path, verb, errno_words(error), *advice ? "; " : "", advice);
}

static int rundir_open_at(int at, const char *name)
{
	return openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* For a link the kernel reports only ENOTDIR, so look what is there. */
static int rundir_refused(const struct rundir_report *report, int at, const char *name, int error)
{
	struct stat st;

	if (fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
		return rundir_say(report, ICRED_E_DENIED,
				  RUNDIR_PATH " is a symbolic link, which cannot be trusted; %s",
				  report->path, report->advice);
	return rundir_failed(report, "opened", error);
}

/* It must be ours, with all the permissions `own`, and others with none of `others`.  Closes fd if it is not. */
static int rundir_check(const struct rundir_report *report, int fd, mode_t own, mode_t others, int *ret_fd)
{
	uid_t me = geteuid();
	struct stat st;
	int r;

	if (fstat(fd, &st) != 0) {
		r = rundir_failed(report, "examined", errno);
	} else if (st.st_uid != me) {
		r = rundir_say(report, ICRED_E_DENIED,
			       RUNDIR_PATH " belongs to user %lu, not to user %lu; %s", report->path,
			       (unsigned long)st.st_uid, (unsigned long)me, report->advice);
	} else if (st.st_mode & others) {
		/* A directory such as /tmp has to stay as it is. */
		bool shared = (st.st_mode & S_ISVTX) && !own;
		r = rundir_say(report, ICRED_E_DENIED,
			       RUNDIR_PATH " is open to other users (mode %04o); %s%.200s", report->path,
			       st.st_mode & 07777u, shared ? report->advice : "run: chmod 700 ",
			       shared ? "" : report->path);
	} else if ((st.st_mode & own) != own) {
		r = rundir_say(report, ICRED_E_DENIED,
			       RUNDIR_PATH " is not writable (mode %04o); run: chmod 700 " RUNDIR_PATH,
			       report->path, st.st_mode & 07777u, report->path);
	} else {
		*ret_fd = fd;
		return ICRED_OK;
	}
	close(fd);
	return r;
}

/* The directory for us alone; made if it is missing. */
static int rundir_open_private(const struct rundir_report *report, int at, const char *name, int *ret_fd)
{
	int fd = rundir_open_at(at, name);

	if (fd < 0 && errno == ENOENT) {
		if (mkdirat(at, name, S_IRWXU) != 0 && errno != EEXIST)
			return rundir_failed(report, "created", errno);
		fd = rundir_open_at(at, name);
	}
	if (fd < 0)
		return rundir_refused(report, at, name, errno);
	return rundir_check(report, fd, S_IRWXU, RUNDIR_ALL_OTHERS, ret_fd);
}

/* The directory that the login manager makes; writes its path. */
static int rundir_open_base(const struct rundir_report *report, char *path, int *ret_fd)
{
	const char *value = secure_getenv("XDG_RUNTIME_DIR");
	bool is_set = value && *value;
	size_t len = is_set ? strlen(value) : 0;
	int fd;

	/* Without trailing slashes, with which the kernel would follow a link. */
	while (len > 1 && value[len - 1] == '/')
		len--;
	if (is_set && (value[0] != '/' || len > RUNDIR_BASE_MAX))
		return rundir_say(report, ICRED_E_DENIED, "XDG_RUNTIME_DIR is \"%.64s\", which is %s; %s",
				  value, value[0] == '/' ? "too long" : "not an absolute path",
				  report->advice);
	if (is_set)
		(void)snprintf(path, PATH_MAX, "%.*s", (int)len, value);
	else
		(void)snprintf(path, PATH_MAX, "/run/user/%lu", (unsigned long)geteuid());
	fd = rundir_open_at(AT_FDCWD, path);
	if (fd < 0 && errno == ENOENT && !is_set)
		return rundir_say(
			report, ICRED_E_UNSUPPORTED,
			"there is no runtime directory: XDG_RUNTIME_DIR is not set and %s is missing", path);
	if (fd < 0)
		return rundir_refused(report, AT_FDCWD, path, errno);
	return rundir_check(report, fd, 0, RUNDIR_WRITERS, ret_fd);
}

int rundir_open(int *ret_fd, char *why, size_t why_cap)
{
	char path[PATH_MAX];
	struct rundir_report report = {why, why_cap, path, RUNDIR_SET_OTHER};
	int base = -1, r;

	r = rundir_open_base(&report, path, &base);
	if (r != ICRED_OK)
		return r;
	memcpy(path + strlen(path), "/" RUNDIR_LEAF, sizeof("/" RUNDIR_LEAF));
	report.advice = RUNDIR_REMOVE " or " RUNDIR_SET_OTHER;
	r = rundir_open_private(&report, base, RUNDIR_LEAF, ret_fd);
	close(base);
	return r;
}

int rundir_open_spare(int *ret_fd, char *why, size_t why_cap)
{
	char path[sizeof("/tmp/icred-") + 3 * sizeof(unsigned long)];
	struct rundir_report report = {why, why_cap, path, RUNDIR_REMOVE};

	(void)snprintf(path, sizeof(path), "/tmp/icred-%lu", (unsigned long)geteuid());
	return rundir_open_private(&report, AT_FDCWD, path, ret_fd);
}
