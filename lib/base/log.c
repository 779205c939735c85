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

/* A plain file: opening anything else could wait for ever, or wake a device. */
static int open_trace(const char *file)
{
	int fd = open(file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK,
		      0600);
	struct stat st;

	if (fd >= 0 && (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode)))
		fd = close_keep_errno(fd);
	return fd;
}

void log_open(struct log *log, icred_log_fn callback, void *data)
{
	const char *trace = secure_getenv("ICRED_TRACE");

	*log = (struct log){.callback = callback, .data = data, .trace = OWNED_NONE};
	if (!trace || !*trace)
		return;
	if (strcmp(trace, "1") == 0) {
		log->trace_stderr = true;
	} else if (trace[0] == '/') {
		log->trace = owned_take(open_trace(trace));
	}
}

void log_close(struct log *log)
{
	owned_close(&log->trace);
	log->trace_stderr = false;
}

static void trace_line(int fd, int level, const char *text)
{
	static const char *const levels[] = {"error", "warning", "info", "debug"};
	struct quiet_write quiet;
	struct timespec now;
	char line[700];
	int len;

	clock_gettime(CLOCK_REALTIME, &now);
	len = snprintf(line, sizeof(line), "icred[%d] %lld.%03ld %s: %s\n", (int)getpid(),
		       (long long)now.tv_sec, now.tv_nsec / 1000000, levels[level], text);
	if (len <= 0)
		return;
	quiet_begin(&quiet);
	quiet_end(&quiet, write(fd, line, MIN((size_t)len, sizeof(line) - 1)));
}

static void _printf_(3, 0) vlog_line(const struct log *log, int level, const char *format, va_list arguments)
{
	char raw[600], text[600];
	int trace;

	level = MIN(MAX(level, ICRED_LOG_ERROR), ICRED_LOG_DEBUG);
	vsnprintf(raw, sizeof(raw), format, arguments);
	text_clean(text, sizeof(text), raw);
	if (log->callback)
		log->callback(level, text, log->data);
	trace = log->trace_stderr ? STDERR_FILENO : owned_fd(&log->trace);
	if (trace >= 0)
		trace_line(trace, level, text);
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

static bool caution_due(struct log *log)
{
	int64_t now = clock_ms(), until = atomic_load(&log->quiet_until);

	return now >= until && atomic_compare_exchange_strong(&log->quiet_until, &until, now + CAUTION_MS);
}

void log_caution(struct log *log, const char *format, ...)
{
	va_list arguments;

	if (!log_wanted(log))
		return;
	va_start(arguments, format);
	vlog_line(log, caution_due(log) ? ICRED_LOG_WARNING : ICRED_LOG_INFO, format, arguments);
	va_end(arguments);
}
