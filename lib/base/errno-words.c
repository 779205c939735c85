/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <icred/icred.h>

#include "lib/base/errno-words.h"

static const struct {
	int error;
	const char *words;
} limits[] = {
	{EMFILE, "this process has too many open files; raise its limit (ulimit -n)"},
	{ENFILE, "the system has too many open files; close some, or raise fs.file-max (sysctl)"},
	{-EAGAIN, "no more processes or threads are allowed; end some, or raise the limit (ulimit -u)"},
	{ENOMEM, "out of memory; end other programs, or raise the limit (ulimit -v)"},
	{EFBIG, "the file would become larger than this process may write; raise its limit (ulimit -f)"},
	{ENOSPC, "no space is left on the file system; remove what is not needed there"},
	{EDQUOT, "the disk quota is used up; remove what is not needed, or ask for a larger one"},
};

int start_errno(int error)
{
	return error == EAGAIN ? -EAGAIN : error;
}

static const char *limit_words(int error)
{
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (limits[i].error == error)
			return limits[i].words;
	return NULL;
}

int errno_code(int error, int otherwise)
{
	return limit_words(error) ? ICRED_E_NO_MEMORY : otherwise;
}

const char *errno_words(int error)
{
	const char *words = limit_words(error);

	return words ? words : strerror(error);
}

const char *errno_advice(int error, const char *advice)
{
	return limit_words(error) ? "" : advice;
}
