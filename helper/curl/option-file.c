/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The files that --config and --header @FILE name. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/common/fail.h"
#include "helper/common/process.h"
#include "helper/curl/plan.h"
#include "lib/base/descriptor.h"
#include "lib/base/language.h"
#include "lib/base/system-words.h"

#define OPTION_FILE_MAX  (256u << 10)
#define OPTION_WHERE_MAX 300

static const char file_blanks[] = " \t\r\v\f";

/* The whole text of a file, "-" for standard input, to be freed; `what` names its kind in messages. */
static int file_load(const struct options *o, const char *name, const char *what, char **ret_text)
{
	bool is_stdin = strcmp(name, "-") == 0;
	char *text = malloc(OPTION_FILE_MAX + 2); /* one byte more than the limit shows that there was more */
	ssize_t len;
	int fd, error;

	if (!text)
		return fail_system(o, "cannot read a file for curl", ENOMEM);
	process_doing("reading a file for curl");
	fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	len = fd < 0 ? -1 : read_up_to(fd, text, OPTION_FILE_MAX + 1);
	error = len < 0 ? errno : 0;
	if (fd >= 0 && !is_stdin)
		close(fd);
	process_doing(NULL);
	if (!error && (size_t)len <= OPTION_FILE_MAX && !memchr(text, '\0', (size_t)len)) {
		text[len] = '\0';
		*ret_text = text;
		return 0;
	}
	explicit_bzero(text, OPTION_FILE_MAX + 2);
	free(text);
	if (!error)
		return fail(o, FAIL_USAGE, "usage", "%s is not a curl %s: it must be text of at most 256 KiB",
			    name, what);
	if (errno_code(error, 0))
		return fail_system(o, "cannot read a file for curl", error);
	return fail(o, FAIL_NOT_FOUND, "not-found", "cannot read the %s %s: %s; check its name", what, name,
		    strerror(error));
}

/* One option as a line of a config file. */
static void file_write(struct output *out, const struct curl_option *option, const char *value)
{
	static const char plain[] = "\\\"\t\n\r\v", named[] = "\\\"tnrv";
	const char *found;

	output_text(out, option->off ? "no-" : "");
	output_text(out, option->name);
	output_text(out, option->takes_value ? " = \"" : "\n");
	if (!option->takes_value)
		return;
	for (; *value; value++) {
		found = strchr(plain, *value);
		if (found)
			output_bytes(out, "\\", 1);
		output_bytes(out, found ? &named[found - plain] : value, 1);
	}
	output_text(out, "\"\n");
}

bool option_names_headers(const struct curl_option *option, const char *value)
{
	return option->takes_value && value && *value == '@' &&
	       curl_option_among(option, " header proxy-header ");
}

static int file_complain(const struct plan *plan, const char *where, const char *why)
{
	return fail(plan->o, FAIL_USAGE, "usage", "%s%s", where, why);
}

/* The value of an option, which ends the line: undo its quotes in place. */
static int file_value(const struct plan *plan, const char *where, const struct curl_option *option,
		      char **value)
{
	static const char named[] = "tnrv", plain[] = "\t\n\r\v";
	bool is_quoted = **value == '"';
	char *rest = *value + is_quoted, *to = rest;
	const char *found;

	*value = rest;
	if (is_quoted) {
		for (; *rest && *rest != '"'; rest++) {
			found = NULL;
			if (*rest == '\\' && rest[1])
				found = strchr(named, *++rest);
			*to++ = found ? plain[found - named] : *rest;
		}
	} else {
		rest += strcspn(rest, file_blanks);
		to = rest;
	}
	if (is_quoted && !*rest)
		return file_complain(plan, where, "the closing quotation mark is missing; add it");
	if (*rest)
		rest++;
	*to = '\0';
	rest += strspn(rest, file_blanks);
	if (*rest && *rest != '#')
		return file_complain(plan, where, "the value contains spaces; put it in quotation marks");
	if (!option->takes_value && (is_quoted || (**value && **value != '#')))
		return file_complain(plan, where, "this option takes no value; remove it");
	if (option->takes_value && !is_quoted && !**value)
		return file_complain(plan, where, "this option needs a value; add it");
	return 0;
}

static int file_line(struct plan *plan, const char *where, char *text, struct output *out)
{
	struct curl_option option;
	char *name = text + strspn(text, file_blanks), *end, *value;
	bool is_letter = name[0] == '-' && name[1] != '-', known;
	int status;

	if (!*name || *name == '#')
		return 0;
	/* curl takes "=" and ":" only after a name without dashes. */
	end = name + strcspn(name, *name == '-' ? " \t\r\v\f" : " \t\r\v\f=:");
	value = end + strspn(end, *name == '-' ? " \t\r\v\f" : " \t\r\v\f=:");
	*end = '\0';
	if (is_letter)
		known = name[1] && !name[2] && curl_option_letter(name[1], &option);
	else
		known = curl_option_find(name + (*name == '-' ? 2 : 0), strlen(name) - (*name == '-' ? 2 : 0),
					 &option);
	if (!known)
		return file_complain(plan, where,
				     "unknown curl option; write it in full, or remove the line");
	if (curl_option_among(&option, " config next "))
		return file_complain(plan, where,
				     "icred does not allow --config and --next in a config file; give them "
				     "as arguments");
	status = file_value(plan, where, &option, &value);
	if (!status)
		status = effect_option(plan, &option, value, where);
	if (status)
		return status;
	if (option_names_headers(&option, value))
		return option_file(plan, &option, value, out);
	file_write(out, &option, value);
	return 0;
}

int option_file(struct plan *plan, const struct curl_option *option, const char *value, struct output *out)
{
	bool has_headers = option_names_headers(option, value), is_newline;
	const char *name = value + (has_headers ? 1 : 0);
	char where[OPTION_WHERE_MAX], *text = NULL, *line, *end;
	unsigned number = 1;
	int status = file_load(plan->o, name, has_headers ? "header file" : "config file", &text);
	size_t len = status ? 0 : strlen(text);

	for (line = text; !status && *line; line = end) {
		/* Old versions of curl end a header at each of them. */
		end = line + strcspn(line, has_headers ? "\r\n" : "\n");
		is_newline = *end == '\n';
		if (*end)
			*end++ = '\0';
		snprintf(where, sizeof(where), "%.200s:%u: ", name, number);
		number += is_newline;
		if (!has_headers) {
			status = file_line(plan, where, line, out);
		} else if (*line == '@') {
			/* curl reads "@" as a header here, but as a file's name in an option. */
			status = file_complain(plan, where, "a header must begin with a name, not with @");
		} else if (*line) {
			status = effect_option(plan, option, line, where);
			if (!status)
				file_write(out, option, line);
		}
	}
	if (text)
		explicit_bzero(text, len);
	free(text);
	return status;
}
