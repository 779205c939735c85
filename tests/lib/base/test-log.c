/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of the log: to the callback, and to the trace while it is still ours. */
#include "config.h"

#include <fcntl.h>
#include <unistd.h>

#include "lib/base/log.h"
#include "tests/lib/core.h"

static char trace[64];
static char heard[700];
static int theirs; /* what the program opens in place of the trace */

static int begin(void **state)
{
	int fd;

	(void)state;
	(void)snprintf(trace, sizeof(trace), "/tmp/test-log-XXXXXX");
	fd = mkstemp(trace);
	heard[0] = '\0';
	return fd < 0 ? -1 : close(fd) + setenv("ICRED_TRACE", trace, 1);
}

static int end(void **state)
{
	(void)state;
	return unlink(trace) + unsetenv("ICRED_TRACE");
}

static void hear(int level, const char *text, void *data)
{
	(void)data;
	(void)snprintf(heard, sizeof(heard), "%d %s", level, text);
}

static size_t size_of(const char *file)
{
	char bytes[4096];
	int fd = open(file, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, bytes, sizeof(bytes));

	assert_true(n >= 0);
	close(fd);
	return (size_t)n;
}

static void lines_go_to_both(void **state)
{
	struct log log;

	(void)state;
	log_open(&log, hear, NULL);
	log_line(&log, 99, "one\nline, and %s", "no more\x1b");
	assert_string_equal(heard, "3 one line, and no more?");
	assert_true(size_of(trace) > strlen("one line, and no more?"));
	log_close(&log);
}

static void take_over(int level, const char *text, void *data)
{
	const struct log *log = data;

	(void)level;
	(void)text;
	assert_int_equal(dup2(theirs, log->trace.fd), log->trace.fd);
}

/* A callback may close all descriptors, and open its own. */
static void another_file_under_its_number_is_left_alone(void **state)
{
	char other[] = "/tmp/test-log-other-XXXXXX";
	struct log log;

	(void)state;
	theirs = mkstemp(other);
	assert_true(theirs >= 0);
	log_open(&log, take_over, &log);
	log_line(&log, ICRED_LOG_INFO, "a line");
	log_line(&log, ICRED_LOG_INFO, "another");
	assert_int_equal(size_of(other), 0);
	assert_int_equal(close(log.trace.fd), 0);
	log_close(&log);
	close(theirs);
	unlink(other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(lines_go_to_both, begin, end),
		cmocka_unit_test_setup_teardown(another_file_under_its_number_is_left_alone, begin, end),
	};

	return cmocka_run_group_tests_name("log", tests, NULL, NULL);
}
