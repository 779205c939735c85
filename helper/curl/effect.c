/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "helper/common/fail.h"
#include "helper/common/outside.h"
#include "helper/curl/effect.h"

#define EFFECT_NAME_MAX 4096

/* In plain http, each of these takes the token off the loopback interface. */
static const char effect_detours[] =
	" abstract-unix-socket connect-to dns-interface dns-ipv4-addr dns-ipv6-addr dns-servers doh-url interface preproxy proxy proxy1.0 resolve socks4 socks4a socks5 "
	"socks5-hostname unix-socket ";
/* With these a second run would do something else than the first. */
static const char effect_once[] = " continue-at dump-header parallel remote-header-name skip-existing ";
/* Their values are written to, or are no files at all. */
static const char effect_not_read[] = " cookie-jar etag-save output referer stderr user-agent write-out ";

/* curl sends their values as they are: behind a line end there could be any header. */
static const char effect_one_line[] =
	" cookie header proxy-header range referer request request-target user-agent ";

static struct plan_segment *effect_segment(struct plan *plan)
{
	return &plan->segments[plan->segment_count - 1];
}

int effect_url(struct plan *plan, const char *url, const char *where)
{
	struct plan_segment *segment = effect_segment(plan);
	int status = outside_check(plan->o, plan->handle, url);

	if (status) {
		if (*where)
			fail_note(plan->o, "%sthat URL is refused", where);
		return status;
	}
	plan->urls++;
	/* Whatever is in braces, it can't be in the origin: that is compared as it stands. */
	plan->many |= strpbrk(url, "{}[]") != NULL;
	if (outside_is_http(url))
		segment->http = true;
	else
		segment->https = true;
	return 0;
}

/* A name that is read twice must be that of a file; of a pipe, nothing would be left. */
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
		plan->once = true;
}

/* FILE, @FILE, NAME@FILE, NAME=@FILE, NAME=<FILE;type=...: looking at too many does no harm. */
static void effect_input(struct plan *plan, const struct curl_option *option, const char *value)
{
	const char *at = value;

	if (curl_option_among(option, " header proxy-header ")) /* their files are read by us */
		return;
	if (curl_option_is(option, "upload-file")) {
		plan->reads_stdin |= strcmp(value, ".") == 0;
		plan->many |= strpbrk(value, "{}[]") != NULL;
	}
	effect_file(plan, value, "");
	while ((at = strpbrk(at, "@<")) != NULL)
		effect_file(plan, ++at, ";,");
}

static void effect_output(struct plan *plan, const char *value, const char *where)
{
	struct stat st;

	if (strcmp(value, "-") == 0)
		plan->to_stdout = true;
	else if (stat(value, &st) == 0 && !S_ISREG(st.st_mode) && strcmp(value, "/dev/null") != 0)
		plan->once = true;
	/* Of several, the first is the URL's; and a value out of a file is gone when the file is read. */
	if (!plan->to_file && !*where)
		plan->output = value;
	plan->to_file = true;
}

/* curl sends them as they are, and some servers read past them. */
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

static int effect_refuse(const struct plan *plan, const struct curl_option *option, const char *where)
{
	return fail(plan->o, FAIL_USAGE, "usage", "%scurl's option --%s is refused: %s", where, option->name,
		    option->risk);
}

static void effect_repeat(struct plan *plan, const struct curl_option *option, const char *value,
			  const char *where)
{
	plan->output_dir |= curl_option_is(option, "output-dir");
	plan->to_file |= curl_option_among(option, " remote-name remote-name-all out-null ");
	if (curl_option_among(option, effect_once) || (curl_option_is(option, "clobber") && option->off))
		plan->once = true;
	/* It can append to files, and what a file has it do can't be told. */
	if (curl_option_is(option, "write-out") && (*value == '@' || strstr(value, "%output{")))
		plan->once = true;
	if (curl_option_is(option, "output"))
		effect_output(plan, value, where);
	else if (option->takes_value && !curl_option_among(option, effect_not_read))
		effect_input(plan, option, value);
}

/* What curl logs at a terminal goes by; in a file of its own, the token would stay. */
static int effect_log(struct plan *plan, const struct curl_option *option, const char *value,
		      const char *where)
{
	bool verbose = curl_option_is(option, "verbose") && !option->off;

	plan->verbose |= verbose;
	plan->logs |= curl_option_is(option, "stderr") && strcmp(value, "-") != 0;
	if (plan->verbose && plan->logs)
		return fail(plan->o, FAIL_USAGE, "usage",
			    "%swith --verbose, curl's --stderr would write the token to a file; use "
			    "--dump-header or --write-out",
			    where);
	if (verbose)
		fail_note(plan->o, "%swith --verbose, curl writes the token to standard error", where);
	return 0;
}

int effect_option(struct plan *plan, const struct curl_option *option, const char *value, const char *where)
{
	struct plan_segment *segment = effect_segment(plan);

	if (option->risk)
		return effect_refuse(plan, option, where);
	if (curl_option_is(option, "url"))
		return effect_url(plan, value, where);
	if (curl_option_among(option, " header proxy-header ") && effect_is_authorization(value))
		return fail(plan->o, FAIL_USAGE, "usage",
			    "%sthe header Authorization is icred's to give; use curl itself for another one",
			    where);
	if (curl_option_among(option, effect_one_line) && strpbrk(value, "\r\n"))
		return fail(
			plan->o, FAIL_USAGE, "usage",
			"%sthe value of curl's option --%s has a line end, which would begin another header; "
			"give each header an option of its own",
			where, option->name);
	if (curl_option_among(option, effect_detours) && *value)
		memcpy(segment->detour, option->name, sizeof(segment->detour));
	plan->bare |= curl_option_among(option, " help manual version ");
	plan->follows |= curl_option_among(option, " follow location ") && !option->off;
	effect_repeat(plan, option, value, where);
	return effect_log(plan, option, value, where);
}
