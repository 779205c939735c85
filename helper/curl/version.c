/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether this curl keeps a token at its origin when it follows a redirect. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "helper/common/fail.h"
#include "helper/common/process.h"
#include "helper/curl/run.h"
#include "lib/base/subprocess.h"

#define VERSION_LINE 256

/* Before this one, another port or scheme of the same host counted as the same origin (CVE-2022-27776). */
#define VERSION_SAFE_MAJOR 7u
#define VERSION_SAFE_MINOR 83u

int version_check(const struct plan *plan, const char *path)
{
	static const char name[] = "libcurl/";
	char curl[] = "curl", no_curlrc[] = "-q", version[] = "--version", line[VERSION_LINE];
	char *const argv[] = {curl, no_curlrc, version, NULL};
	struct subprocess process = {.path = path, .argv = argv, .out = {line, sizeof(line) - 1, 0}};
	enum subprocess_end end = subprocess_run(&process);
	const char *library;
	unsigned major, minor;

	if (end != SUBPROCESS_ENDED)
		return launch_fail(plan->o, "curl", process.error);
	line[process.out.len] = '\0';
	/* "curl 8.5.0 (...) libcurl/8.5.0 ...": the library follows redirects, and it may have another version. */
	library = strstr(line, name);
	if (!library || sscanf(library + sizeof(name) - 1, "%3u.%3u.", &major, &minor) != 2)
		return fail(
			plan->o, FAIL_USAGE, "usage",
			"%s does not report its version, so it may send the token to another server when it "
			"follows a redirect; leave --location out, or install curl 7.83 or later",
			path);
	if (major > VERSION_SAFE_MAJOR || (major == VERSION_SAFE_MAJOR && minor >= VERSION_SAFE_MINOR))
		return 0;
	return fail(
		plan->o, FAIL_USAGE, "usage",
		"%s, with libcurl %u.%u, sends the token along when it follows a redirect to another port or "
		"scheme; leave --location out, or install curl 7.83 or later",
		path, major, minor);
}
