/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The last failure of each thread: what icred_error(3) shows. */
#ifndef ICRED_LIB_BASE_ERROR_H
#define ICRED_LIB_BASE_ERROR_H

#include <stdarg.h>
#include <icred/icred.h>

#include "lib/base/language.h"

/* The smallest ICRED_E_ code: not in the public header, where it would change with each code that is appended. */
#define ERROR_LAST ICRED_E_INTERNAL

/* A failure by value, to carry it from one thread or process to another. */
struct failure {
	int code;
	char message[512];
	char module[80];
	char file[256];
	unsigned line;
	int64_t retry_at;
};

/* Record a failure of this thread and return its code; a macro, so that compilers see that it is one. */
#define set_error(code, ...) (note_error(code, __VA_ARGS__), (code))
void note_error(int code, const char *format, ...) _printf_(2, 3);
/* Ready-made text, for signal handlers too. */
void put_error(int code, const char *text);
void vset_error(int code, const char *format, va_list arguments) _printf_(2, 0);
#define set_no_memory() set_error(ICRED_E_NO_MEMORY, "out of memory")
/* Forget the failure.  Costs nothing if there is none, as after most requests. */
void clear_error(void);
/* Add to this thread's failure which line decided it. */
void set_error_where(const char *module, const char *file, unsigned line);
void set_error_retry_at(int64_t utc);

/* Where something was written; the name outlives it.  file NULL: in no file. */
struct position {
	const char *file;
	unsigned line, column;
};

/* "file:line:column: ", as a fault of a profile begins: of a long name its end, of no file "". */
#define POSITION_MAX 300
void position_format(char text[POSITION_MAX], struct position position);

void failure_save(struct failure *ret_failure);
/* Make it this thread's failure; returns its code. */
int failure_restore(const struct failure *failure);

#endif
