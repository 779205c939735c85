/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

void log_open(struct log *log, icred_log_fn callback, void *data)
{
	const char *trace = secure_getenv("ICRED_TRACE");

	*log = (struct log){.callback = callback, .data = data, .trace = -1};
	if (!trace || !*trace)
		return;
	if (strcmp(trace, "1") == 0) {
		log->trace = STDERR_FILENO;
	} else if (trace[0] == '/') {
		log->trace =
			open(trace, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY, 0600);
		log->trace_owned = true;
	}
}

void log_close(struct log *log)
{
	if (log->trace_owned)
		log->trace = close_keep_errno(log->trace);
	log->trace_owned = false;
}

static void trace_line(int fd, int level, const char *text)
{
	static const char *const levels[] = {"error", "warning", "info", "debug"};
	struct timespec now;
	char line[700];
	int len;

	clock_gettime(CLOCK_REALTIME, &now);
	len = snprintf(line, sizeof(line), "icred[%d] %lld.%03ld %s: %s\n", (int)getpid(),
		       (long long)now.tv_sec, now.tv_nsec / 1000000, levels[level], text);
	if (len > 0 && write(fd, line, MIN((size_t)len, sizeof(line) - 1)) < 0)
		return; /* a trace that can't be written is no reason to fail */
}

void log_vline(const struct log *log, int level, const char *format, va_list arguments)
{
	char raw[600], text[600];

	if (!log->callback && log->trace < 0)
		return;
	level = MIN(MAX(level, ICRED_LOG_ERROR), ICRED_LOG_DEBUG);
	vsnprintf(raw, sizeof(raw), format, arguments);
	printable(text, sizeof(text), raw);
	if (log->callback)
		log->callback(level, text, log->data);
	if (log->trace >= 0)
		trace_line(log->trace, level, text);
}

void log_line(const struct log *log, int level, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_vline(log, level, format, arguments);
	va_end(arguments);
}
