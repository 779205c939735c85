/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where explanations go: the application's callback, and ICRED_TRACE.  Never a secret. */
#ifndef ICRED_LIB_BASE_LOG_H
#define ICRED_LIB_BASE_LOG_H

#include <stdint.h>
#include <icred/icred.h>

#include "lib/base/descriptor.h"
#include "lib/base/language.h"

struct log {
	icred_log_fn callback;
	void *data;
	bool trace_stderr;
	struct owned trace;          /* a file */
	_Atomic int64_t quiet_until; /* clock_ms(); see log_caution */
};

/* Opens what $ICRED_TRACE names: "1" is standard error, else an absolute file name. */
void log_open(struct log *log, icred_log_fn callback, void *data);
void log_close(struct log *log);
/* Whether a line goes anywhere: if not, it need not be put together. */
static inline bool log_wanted(const struct log *log)
{
	return log && (log->callback || log->trace_stderr || log->trace.fd >= 0);
}
void log_line(const struct log *log, int level, const char *format, ...) _printf_(3, 4);
/*
 * A warning about a part that the caller can do without, such as a cache.  It
 * is met at each step of a call, so only the first one in a minute is a
 * warning; the others are of the level ICRED_LOG_INFO.
 */
void log_caution(struct log *log, const char *format, ...) _printf_(2, 3);

#endif
