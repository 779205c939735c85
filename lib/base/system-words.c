/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <icred/icred.h>

#include "lib/base/language.h"
#include "lib/base/system-words.h"

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
	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
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

/* What may end a process; sigabbrev_np(3) is not in every libc. */
static const struct {
	int number;
	const char *name;
} signals[] = {
	{SIGHUP, "SIGHUP"},   {SIGINT, "SIGINT"},   {SIGQUIT, "SIGQUIT"},     {SIGILL, "SIGILL"},
	{SIGTRAP, "SIGTRAP"}, {SIGABRT, "SIGABRT"}, {SIGBUS, "SIGBUS"},       {SIGFPE, "SIGFPE"},
	{SIGKILL, "SIGKILL"}, {SIGUSR1, "SIGUSR1"}, {SIGSEGV, "SIGSEGV"},     {SIGUSR2, "SIGUSR2"},
	{SIGPIPE, "SIGPIPE"}, {SIGALRM, "SIGALRM"}, {SIGTERM, "SIGTERM"},     {SIGXCPU, "SIGXCPU"},
	{SIGXFSZ, "SIGXFSZ"}, {SIGSYS, "SIGSYS"},   {SIGVTALRM, "SIGVTALRM"}, {SIGPROF, "SIGPROF"},
	{SIGIO, "SIGIO"},     {SIGPWR, "SIGPWR"},
};

const char *signal_name(int number)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		if (signals[i].number == number)
			return signals[i].name;
	return "a signal";
}
