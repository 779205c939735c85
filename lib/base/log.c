/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "lib/base/clock.h"
#include "lib/base/descriptor.h"
#include "lib/base/log.h"
#include "lib/base/text.h"

#define CAUTION_MS 60000

void log_open(struct log *log, icred_log_fn callback, void *data)
{
	const char *trace = secure_getenv("ICRED_TRACE");
	struct stat st;
	int fd;

	*log = (struct log){.callback = callback, .data = data, .trace = OWNED_NONE};
	log->trace_stderr = same_string(trace, "1");
	if (!trace || trace[0] != '/')
		return;
	/* A plain file: opening anything else could wait for ever, or wake a device. */
	fd = open(trace, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		  0600);
	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
		fd = close_keep_errno(fd);
	log->trace = owned_take(fd);
}

void log_close(struct log *log)
{
	owned_close(&log->trace);
	log->trace_stderr = false;
}

static void _printf_(3, 0) vlog_line(const struct log *log, int level, const char *format, va_list arguments)
{
	static const char *const levels[] = {"error", "warning", "info", "debug"};
	int trace, len;
	char text[600], line[700];
	struct quiet_write quiet;
	struct timespec now;

	level = MIN(MAX(level, ICRED_LOG_ERROR), ICRED_LOG_DEBUG);
	vsnprintf(text, sizeof(text), format, arguments);
	text_clean(text, sizeof(text), text);
	if (log->callback)
		log->callback(level, text, log->data);
	/* Only now, as a callback may close descriptors and open its own. */
	trace = log->trace_stderr ? STDERR_FILENO : owned_fd(&log->trace);
	if (trace < 0)
		return;
	clock_gettime(CLOCK_REALTIME, &now);
	len = snprintf(line, sizeof(line), "icred[%d] %lld.%03ld %s: %s\n", (int)getpid(),
		       (long long)now.tv_sec, now.tv_nsec / 1000000, levels[level], text);
	if (len <= 0)
		return;
	quiet_begin(&quiet);
	quiet_end(&quiet, write(trace, line, MIN((size_t)len, sizeof(line) - 1)));
}

void log_line(const struct log *log, int level, const char *format, ...)
{
	va_list arguments;

	if (!log_wanted(log))
		return;
	va_start(arguments, format);
	vlog_line(log, level, format, arguments);
	va_end(arguments);
}

void log_caution(struct log *log, const char *format, ...)
{
	int64_t now, until;
	va_list arguments;
	bool due;

	if (!log_wanted(log))
		return;
	now = clock_ms();
	until = atomic_load(&log->quiet_until);
	due = now >= until && atomic_compare_exchange_strong(&log->quiet_until, &until, now + CAUTION_MS);
	va_start(arguments, format);
	vlog_line(log, due ? ICRED_LOG_WARNING : ICRED_LOG_INFO, format, arguments);
	va_end(arguments);
}
