/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/text.h"
#include "lib/module/host.h"

const struct host *host_of(const struct icred_host *table)
{
	return (const struct host *)(const void *)table;
}

static int _printf_(3, 4) host_fail(const struct icred_host *table, int code, const char *format, ...)
{
	const struct line *line = host_of(table)->line;
	char name[LINE_NAME_MAX];
	va_list arguments;

	va_start(arguments, format);
	vset_error(code, format, arguments);
	va_end(arguments);
	if (line)
		set_error_where(line_name(line, name), line->file, line->number);
	return code;
}

static void _printf_(3, 4) host_log(const struct icred_host *table, int level, const char *format, ...)
{
	const struct host *host = host_of(table);
	char name[LINE_NAME_MAX] = "", text[500];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (host->line)
		line_name(host->line, name);
	if (level == ICRED_LOG_WARNING && host->line && host->line->facility == ICRED_CACHE)
		log_caution(host->log, "%s: %s", name, text);
	else
		log_line(host->log, level, "%s%s%s", name, name[0] ? ": " : "", text);
}

static const char *host_setting(const struct icred_host *table, const char *name)
{
	const struct profile *profile = host_of(table)->profile;
	const char *value = settings_get(&profile->settings, name, 0);

	return !value && same_string(name, "origin") ? profile->api_origin : value;
}

static const char *host_argument(const struct icred_host *table, const char *name)
{
	const struct line *line = host_of(table)->line;
	size_t len = strlen(name);

	for (char **argument = line ? line->arguments : NULL; argument && *argument; argument++) {
		if (strncmp(*argument, name, len) != 0)
			continue;
		if ((*argument)[len] == '=')
			return *argument + len + 1;
		if (!(*argument)[len])
			return *argument + len;
	}
	return NULL;
}

static int64_t host_time_left(const struct icred_host *table)
{
	return clock_left(host_of(table)->deadline);
}

static void *host_secret_alloc(const struct icred_host *table, size_t size)
{
	return secret_alloc(host_of(table)->pool, size);
}

static void host_secret_free(const struct icred_host *table, void *secret)
{
	(void)table;
	secret_free(secret);
}

static int host_prompt(const struct icred_host *table, int style, const char *text, char *reply, size_t cap)
{
	(void)style;
	(void)text;
	(void)reply;
	(void)cap;
	return host_fail(table, ICRED_E_LOCKED, "cannot ask the user here");
}

static int host_sign_begin(const struct icred_host *table, const void *data, size_t len,
			   struct icred_signing **ret_signing)
{
	(void)data;
	(void)len;
	(void)ret_signing;
	return host_fail(table, ICRED_E_UNSUPPORTED, "only an issuer can ask for a signature");
}

static int host_sign_end(const struct icred_host *table, struct icred_signing *signing, void *signature,
			 size_t cap, size_t *ret_len)
{
	(void)signing;
	(void)signature;
	(void)cap;
	(void)ret_len;
	return host_fail(table, ICRED_E_UNSUPPORTED, "only an issuer can ask for a signature");
}

static void host_retry_at(const struct icred_host *table, int64_t utc)
{
	(void)table;
	set_error_retry_at(utc);
}

void host_init(struct host *host, const struct profile *profile, struct secret_pool *pool, struct log *log,
	       int64_t deadline)
{
	*host = (struct host){
		.table = {.size = sizeof(host->table),
			  .minor = ICRED_MODULE_MINOR,
			  .fail = host_fail,
			  .log = host_log,
			  .setting = host_setting,
			  .argument = host_argument,
			  .time_left = host_time_left,
			  .secret_alloc = host_secret_alloc,
			  .secret_free = host_secret_free,
			  .prompt = host_prompt,
			  .sign_begin = host_sign_begin,
			  .sign_end = host_sign_end,
			  .retry_at = host_retry_at},
		.profile = profile,
		.pool = pool,
		.log = log,
		.deadline = deadline,
	};
}

struct host host_for_line(const struct host *host, const struct line *line)
{
	struct host copy = *host;

	copy.line = line;
	return copy;
}
