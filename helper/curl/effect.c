/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an option or a URL of curl's does to the plan: where a token would go, and whether it may. */
#include "config.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "helper/common/fail.h"
#include "helper/common/session.h"
#include "helper/curl/plan.h"

#define EFFECT_NAME_MAX 4096

/* In plain http, each of these takes the token off the loopback interface. */
static const char effect_detours[] =
	" abstract-unix-socket connect-to dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url interface "
	"preproxy proxy proxy1.0 resolve socks4 socks4a socks5 socks5-hostname unix-socket ";
/* With these, a second run does something else than the first. */
static const char effect_unrepeatable[] =
	" continue-at dump-header parallel remote-header-name skip-existing ";
/* Their values are not names of files that curl reads. */
static const char effect_not_read[] =
	" cookie-jar etag-save header output proxy-header referer stderr user-agent write-out ";
/* curl sends their values as they are: after a line break there could be any header. */
static const char effect_one_line[] =
	" cookie header proxy-header range referer request request-target user-agent ";

int effect_url(struct plan *plan, const char *url, const char *where)
{
	struct plan_segment *segment = &plan->segments[plan->segment_count - 1];
	int status = outside_check(plan->o, plan->handle, url);

	if (status) {
		if (*where)
			fail_note(plan->o, "%sthis URL is refused", where);
		return status;
	}
	plan->urls++;
	/* Braces can only be in the path: an origin with braces is not one of the profile's. */
	plan->many |= strpbrk(url, "{}[]") != NULL;
	if (outside_is_http(url))
		segment->http = true;
	else
		segment->https = true;
	return 0;
}

/* What is read in both runs must be a file: a pipe is empty after the first. */
static void effect_file(struct plan *plan, const char *name, const char *ends)
{
	char path[EFFECT_NAME_MAX];
	size_t len = strcspn(name, ends);
	struct stat st;

	if (len == 0 || len >= sizeof(path))
		return;
	memcpy(path, name, len);
	path[len] = '\0';
	if (strcmp(path, "-") == 0 || strcmp(path, "/dev/stdin") == 0)
		plan->reads_stdin = true;
	else if (stat(path, &st) == 0 && !S_ISREG(st.st_mode) && !S_ISDIR(st.st_mode) &&
		 strcmp(path, "/dev/null") != 0)
		plan->unrepeatable = true;
}

/* curl sends these bytes as they are, and some servers skip them. */
static bool effect_is_blank(char c)
{
	return (unsigned char)c <= 0x20 || c == 0x7f;
}

static bool effect_is_authorization(const char *header)
{
	static const char name[] = "authorization";
	size_t len = sizeof(name) - 1;

	while (*header && effect_is_blank(*header))
		header++;
	if (strncasecmp(header, name, len) != 0)
		return false;
	header += len;
	while (*header && effect_is_blank(*header))
		header++;
	return *header == ':' || *header == ';';
}

/* Can curl run twice, and where will its answer be? */
static void effect_repeat(struct plan *plan, const struct curl_option *option, const char *value,
			  const char *where)
{
	const char *at = value;
	struct stat st;

	if (curl_option_among(option, effect_unrepeatable) ||
	    (curl_option_is(option, "clobber") && option->off))
		plan->unrepeatable = true;
	/* It can append to files; what a file tells it to do is not known here. */
	if (curl_option_is(option, "write-out") && (*value == '@' || strstr(value, "%output{")))
		plan->unrepeatable = true;
	plan->output_dir |= curl_option_is(option, "output-dir");
	if (curl_option_is(option, "output")) {
		/* The first is the URL's; and a value from a file is gone once the file is read. */
		if (!plan->to_file && !*where)
			plan->output = value;
		if (strcmp(value, "-") == 0)
			plan->to_stdout = true;
		else if (stat(value, &st) == 0 && !S_ISREG(st.st_mode) && strcmp(value, "/dev/null") != 0)
			plan->unrepeatable = true;
	}
	plan->to_file |= curl_option_among(option, " output remote-name remote-name-all out-null ");
	if (curl_option_is(option, "upload-file")) {
		plan->reads_stdin |= strcmp(value, ".") == 0;
		plan->many |= strpbrk(value, "{}[]") != NULL;
	}
	if (!option->takes_value || curl_option_among(option, effect_not_read))
		return;
	/* FILE, @FILE, NAME@FILE, NAME=@FILE, NAME=<FILE;type=...: looking at too many does no harm. */
	effect_file(plan, value, "");
	while ((at = strpbrk(at, "@<")) != NULL)
		effect_file(plan, ++at, ";,");
}

int effect_option(struct plan *plan, const struct curl_option *option, const char *value, const char *where)
{
	struct plan_segment *segment = &plan->segments[plan->segment_count - 1];
	bool is_verbose = curl_option_is(option, "verbose") && !option->off;

	if (option->risk)
		return fail(plan->o, FAIL_USAGE, "usage", "%scurl's option --%s is refused: %s", where,
			    option->name, option->risk);
	if (curl_option_is(option, "url"))
		return effect_url(plan, value, where);
	if (curl_option_among(option, " header proxy-header ") && effect_is_authorization(value))
		return fail(plan->o, FAIL_USAGE, "usage",
			    "%sthe header Authorization is refused: icred adds it; use curl itself to send "
			    "another one",
			    where);
	if (curl_option_among(option, effect_one_line) && strpbrk(value, "\r\n"))
		return fail(plan->o, FAIL_USAGE, "usage",
			    "%sthe value of curl's option --%s contains a line break, which would begin "
			    "another header; give each header separately",
			    where, option->name);
	/* What curl logs at a terminal is soon gone; in a file, the token would stay. */
	plan->verbose |= is_verbose;
	plan->stderr_is_file |= curl_option_is(option, "stderr") && strcmp(value, "-") != 0;
	if (plan->verbose && plan->stderr_is_file)
		return fail(plan->o, FAIL_USAGE, "usage",
			    "%swith --verbose, curl's --stderr would write the token to a file; use "
			    "--dump-header or --write-out",
			    where);
	if (is_verbose)
		fail_note(plan->o, "%swith --verbose, curl writes the token to standard error", where);
	if (curl_option_among(option, effect_detours) && *value)
		memcpy(segment->detour, option->name, sizeof(segment->detour));
	plan->no_request |= curl_option_among(option, " help manual version ");
	plan->follows |= curl_option_among(option, " follow location ") && !option->off;
	effect_repeat(plan, option, value, where);
	return 0;
}
