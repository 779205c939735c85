/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "helper/common/fail.h"
#include "helper/curl/config-file.h"
#include "helper/curl/effect.h"
#include "helper/curl/header-file.h"

#define HEADER_WHERE_MAX 300

bool header_is_file(const struct curl_option *option, const char *value)
{
	return option->takes_value && value && *value == '@' &&
	       curl_option_among(option, " header proxy-header ");
}

static int header_line(struct plan *plan, const struct curl_option *option, const char *line,
		       const char *where, struct output *out)
{
	int status;

	if (*line == '@') /* curl takes it for a header there, and for a file's name in an option */
		return fail(plan->o, FAIL_USAGE, "usage", "%sa header begins with a name, not with @", where);
	status = effect_option(plan, option, line, where);
	if (status)
		return status;
	output_text(out, option->name);
	config_write_value(out, line);
	output_text(out, "\n");
	return 0;
}

int header_file(struct plan *plan, const struct curl_option *option, const char *value, struct output *out)
{
	const char *name = value + 1;
	char where[HEADER_WHERE_MAX], *text = NULL;
	unsigned number = 1;
	int status = config_load(plan, name, "header file", &text);
	size_t len = status ? 0 : strlen(text);

	for (char *line = text, *end; line && *line && !status; line = end) {
		end = line + strcspn(line, "\r\n"); /* old versions of curl end a line at each */
		char ended_by = *end;
		if (ended_by)
			*end++ = '\0';
		snprintf(where, sizeof(where), "%.200s:%u: ", name, number);
		number += ended_by == '\n';
		if (*line)
			status = header_line(plan, option, line, where, out);
	}
	if (text)
		explicit_bzero(text, len);
	free(text);
	return status;
}
