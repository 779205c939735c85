/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The audit's line, and a log that takes it or not. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>
#include <cmocka.h>

#include "helper/worker/icred-worker.h"
#include "lib/base/clock.h"

static const struct audit usual = {
	.pid = 4242,
	.uid = 1000,
	.program = "/usr/bin/icred",
	.command = "",
	.profile = "default",
	.app = "12345",
	.api = "https://api.carbonregistry.com",
	.issuer = "icr",
	.target = ICRED_TARGET_INSTALLATION,
	.id = "8d0c4f5e",
	.key = "abc+/=",
	.expires_at = 1795800000,
};

/* Without "<NN>icred-worker[PID]: mint ", which is checked. */
static const char *line(const struct audit *audit, unsigned priority)
{
	static char text[AUDIT_MAX];
	char begin[64];
	int n = snprintf(begin, sizeof(begin), "<%u>icred-worker[%d]: mint ", priority, (int)getpid());
	size_t len = audit_format(audit, text);

	assert_int_equal(len, strlen(text));
	assert_true(len < AUDIT_MAX);
	assert_memory_equal(text, begin, (size_t)n);
	return text + n;
}

static void says_who_for_whom_and_what(void **state)
{
	struct audit audit = usual;

	(void)state;
	assert_string_equal(
		line(&audit, 86),
		"outcome=granted expires=2026-11-27T17:20:00Z uid=1000 pid=4242 "
		"program=\"/usr/bin/icred\" profile=\"default\" app=\"12345\" target=installation "
		"id=\"8d0c4f5e\" issuer=\"icr\" api=\"https://api.carbonregistry.com\" key=\"abc+/=\"");
	audit.code = ICRED_E_RATE_LIMITED;
	audit.program = "";
	audit.command = "a b";
	audit.target = ICRED_TARGET_APP;
	audit.id = audit.key = "";
	assert_string_equal(
		line(&audit, 85),
		"outcome=rate-limited uid=1000 pid=4242 comm=\"a b\" profile=\"default\" app=\"12345\" "
		"target=app issuer=\"icr\" api=\"https://api.carbonregistry.com\"");
	audit.uid = (uid_t)-1;
	audit.target = ICRED_TARGET_ORGANIZATION;
	assert_non_null(strstr(line(&audit, 85), " uid=4294967295 "));
	assert_non_null(strstr(line(&audit, 85), " target=organization "));
}

static void a_value_stays_within_its_quotes(void **state)
{
	static const struct {
		const char *value, *shown;
	} cases[] = {
		{"plain", "plain"},
		{"", ""},
		{"a\nmint outcome=granted", "a?mint outcome=granted"},
		{"a\" uid=\"0", "a? uid=?0"},
		{"back\\", "back?"},
		{"\033[31mred\a\b\177", "?[31mred???"},
		{"tab\tcr\r", "tab?cr?"},
		{"caf\303\251", "caf??"},      /* e with an accent */
		{"\342\200\256txt", "???txt"}, /* from right to left */
		{"\302\233"
		 "31m",
		 "??31m"}, /* CSI in one character */
		{"100%s%n", "100%s%n"},
	};
	char wanted[200];

	(void)state;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		struct audit audit = usual;
		audit.profile = audit.app = audit.api = audit.issuer = audit.id = audit.key = cases[i].value;
		audit.program = cases[i].value[0] ? cases[i].value : "x";
		snprintf(wanted, sizeof(wanted), " profile=\"%s\" app=\"%s\" target=", cases[i].shown,
			 cases[i].shown);
		assert_non_null(strstr(line(&audit, 86), wanted));
		assert_null(strchr(line(&audit, 86), '\n'));
	}
}

static void the_longest_of_everything_fits(void **state)
{
	static char app[129], id[129], profile[65], api[270], program[512];
	struct audit audit = usual;

	(void)state;
	memset(app, 'a', sizeof(app) - 1);
	memset(id, 'i', sizeof(id) - 1);
	memset(profile, 'p', sizeof(profile) - 1);
	memset(api, 'u', sizeof(api) - 1);
	memset(program, 'x', sizeof(program) - 1);
	audit.app = app;
	audit.id = id;
	audit.profile = profile;
	audit.api = api;
	audit.program = program;
	audit.key = "Dl1XacGWFG6j0xGhBoFMzEhD/CTjj7o/k5IIpCuilt4=";
	assert_non_null(strstr(line(&audit, 86), "key=\"Dl1XacGWFG6j0xGhBoFMzEhD/CTjj7o/k5IIpCuilt4=\""));
}

static char folder[] = "/tmp/test-audit.XXXXXX";
static char path[64];

static int make_folder(void **state)
{
	(void)state;
	if (!mkdtemp(folder))
		return -1;
	snprintf(path, sizeof(path), "%s/log", folder);
	return 0;
}

static int remove_folder(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(folder);
}

static int listener(int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	unlink(path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	assert_true(fd >= 0 && bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0);
	return fd;
}

static void a_daemon_gets_it(void **state)
{
	char got[64] = "";
	int fd = listener(SOCK_DGRAM), stream;

	(void)state;
	assert_int_equal(audit_send(path, "one line", 8, 0), 0);
	assert_int_equal(recv(fd, got, sizeof(got), MSG_DONTWAIT), 8);
	assert_string_equal(got, "one line");
	close(fd);
	fd = listener(SOCK_STREAM);
	assert_int_equal(listen(fd, 1), 0);
	assert_int_equal(audit_send(path, "one line", 8, 0), 0);
	stream = accept(fd, NULL, NULL);
	assert_int_equal(recv(stream, got, sizeof(got), 0), 9); /* and its NUL */
	close(stream);
	close(fd);
}

static void one_that_takes_nothing_is_not_waited_for(void **state)
{
	int fd = listener(SOCK_DGRAM), r = 0;
	int64_t before;

	(void)state;
	for (int i = 0; i < 10000 && r == 0; i++)
		r = audit_send(path, "one line", 8, 0);
	assert_int_equal(r, EAGAIN);
	before = clock_ms();
	assert_int_equal(audit_send(path, "one line", 8, 50), EAGAIN);
	assert_in_range(clock_ms() - before, 45, 5000);
	close(fd);
	fd = listener(SOCK_STREAM);
	assert_int_equal(listen(fd, 0), 0);
	for (int i = 0; i < 10000 && r != 0; i++)
		r = audit_send(path, "one line", 8, 0);
	for (int i = 0; i < 10000 && r == 0; i++)
		r = audit_send(path, "one line", 8, 0);
	assert_int_equal(r, EAGAIN);
	close(fd);
}

static void none_is_an_errno(void **state)
{
	char longest[200];
	int fds;

	(void)state;
	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	unlink(path);
	fds = dup(0);
	close(fds);
	assert_int_equal(audit_send(path, "one line", 8, 50), ENOENT);
	assert_int_equal(audit_send(longest, "one line", 8, 50), ENAMETOOLONG);
	close(listener(SOCK_DGRAM)); /* the name stays, the daemon is gone */
	assert_int_equal(audit_send(path, "one line", 8, 50), ECONNREFUSED);
	unlink(path);
	assert_int_equal(mkdir(path, 0700), 0);
	assert_int_equal(audit_send(path, "one line", 8, 50), ECONNREFUSED);
	assert_int_equal(rmdir(path), 0);
	/* None of that has kept a descriptor. */
	assert_int_equal(dup(0), fds);
	close(fds);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_who_for_whom_and_what),
		cmocka_unit_test(a_value_stays_within_its_quotes),
		cmocka_unit_test(the_longest_of_everything_fits),
		cmocka_unit_test(a_daemon_gets_it),
		cmocka_unit_test(one_that_takes_nothing_is_not_waited_for),
		cmocka_unit_test(none_is_an_errno),
	};

	return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
