/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/errno-words.h"
#include "helper/common/fail.h"
#include "helper/common/process.h"
#include "helper/curl/config-file.h"
#include "helper/curl/effect.h"
#include "helper/curl/header-file.h"

#define CONFIG_FILE_MAX  (256u << 10)
#define CONFIG_WHERE_MAX 300

static const char config_blanks[] = " \t\r\v\f";

struct config_line {
	struct plan *plan;
	struct output *out;
	char where[CONFIG_WHERE_MAX];
};

static int config_complain(const struct config_line *line, const char *why)
{
	return fail(line->plan->o, FAIL_USAGE, "usage", "%s%s", line->where, why);
}

void config_write_value(struct output *out, const char *value)
{
	static const char plain[] = "\\\"\t\n\r\v", named[] = "\\\"tnrv";
	const char *found;

	output_text(out, " = \"");
	for (; *value; value++) {
		found = strchr(plain, *value);
		if (found)
			output_bytes(out, "\\", 1);
		output_bytes(out, found ? &named[found - plain] : value, 1);
	}
	output_text(out, "\"");
}

static int config_write(const struct config_line *line, const struct curl_option *option, const char *value)
{
	int status = effect_option(line->plan, option, value, line->where);

	if (status)
		return status;
	if (header_is_file(option, value))
		return header_file(line->plan, option, value, line->out);
	/* The one flag whose positive form old versions do not know. */
	output_text(line->out, option->off ? "no-" : "");
	output_text(line->out, option->name);
	if (option->takes_value)
		config_write_value(line->out, value);
	output_text(line->out, "\n");
	return 0;
}

/* Undo the quotes in place; the text after the closing one, or NULL if there is none. */
static char *config_unquote(char *at)
{
	static const char named[] = "tnrv", plain[] = "\t\n\r\v";
	const char *found;
	char *to = at;

	for (; *at && *at != '"'; at++) {
		if (*at == '\\') {
			if (!*++at)
				return NULL;
			found = strchr(named, *at);
			*to++ = found ? plain[found - named] : *at;
		} else {
			*to++ = *at;
		}
	}
	if (*at != '"')
		return NULL;
	*to = '\0';
	return at + 1;
}

static int config_name(const struct config_line *line, const char *name, struct curl_option *option)
{
	bool known;

	if (name[0] == '-' && name[1] != '-')
		known = name[1] && !name[2] && curl_option_letter(name[1], option);
	else
		known = curl_option_find(name + (name[0] == '-' ? 2 : 0),
					 strlen(name) - (name[0] == '-' ? 2 : 0), option);
	if (!known)
		return config_complain(line, "icred does not know this option of curl's; write it out, or "
					     "remove the line");
	if (curl_option_among(option, " config next "))
		return config_complain(line,
				       "--config and --next can't be in a file when icred runs curl; give "
				       "them as words");
	return 0;
}

static int config_value(const struct config_line *line, const struct curl_option *option, char *value)
{
	char *rest;
	bool quoted = *value == '"';

	if (quoted)
		rest = config_unquote(++value);
	else
		rest = value + strcspn(value, config_blanks);
	if (!rest)
		return config_complain(line, "the quotation mark that ends the value is missing; add it");
	if (!quoted && *rest)
		*rest++ = '\0';
	rest += strspn(rest, config_blanks);
	if (*rest && *rest != '#')
		return config_complain(line, "the value has blanks; put it in quotation marks");
	if (!option->takes_value && (quoted || (*value && *value != '#')))
		return config_complain(line, "this option takes no value; remove it");
	if (option->takes_value && !quoted && !*value)
		return config_complain(line, "this option needs a value");
	return config_write(line, option, value);
}

static int config_line(const struct config_line *line, char *text)
{
	struct curl_option option;
	const char *separators;
	char *name = text + strspn(text, config_blanks), *end, *value;
	int status;

	if (!*name || *name == '#')
		return 0;
	/* curl takes "=" and ":" only after a name without dashes. */
	separators = *name == '-' ? " \t\r\v\f" : " \t\r\v\f=:";
	end = name + strcspn(name, separators);
	value = end + strspn(end, separators);
	*end = '\0';
	status = config_name(line, name, &option);
	return status ? status : config_value(line, &option, value);
}

static int config_parse(struct config_line *line, const char *name, char *text)
{
	unsigned number = 1;
	int status = 0;
	char *end;

	for (; *text && !status; text = end, number++) {
		end = text + strcspn(text, "\n");
		if (*end)
			*end++ = '\0';
		snprintf(line->where, sizeof(line->where), "%.200s:%u: ", name, number);
		status = config_line(line, text);
	}
	return status;
}

/* Bytes read, or -1 with errno; one more than the limit shows that there was more. */
static ssize_t config_read(int fd, char *text, size_t room)
{
	size_t len = 0;
	ssize_t n = 1;

	while (len < room && (n > 0 || errno == EINTR)) {
		n = read(fd, text + len, room - len);
		if (n == 0)
			break;
		len += n > 0 ? (size_t)n : 0;
	}
	return n < 0 ? -1 : (ssize_t)len;
}

static ssize_t config_read_name(const char *name, char *text, size_t room)
{
	bool standard = strcmp(name, "-") == 0;
	int fd = standard ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY), saved;
	ssize_t len;

	if (fd < 0)
		return -1;
	len = config_read(fd, text, room);
	saved = errno;
	if (!standard)
		close(fd);
	errno = saved;
	return len;
}

int config_load(struct plan *plan, const char *name, const char *what, char **ret_text)
{
	char *text = malloc(CONFIG_FILE_MAX + 2);
	ssize_t len = 0;
	int status = 0;

	if (!text)
		return fail(plan->o, FAIL_OTHER, "no-memory", "out of memory; try again");
	process_doing("reading a file of curl's");
	len = config_read_name(name, text, CONFIG_FILE_MAX + 1);
	process_doing(NULL);
	if (len < 0)
		status = errno_code(errno, 0) ? fail_system(plan->o, "can't read a file of curl's", errno)
					      : fail(plan->o, FAIL_NOT_FOUND, "not-found",
						     "can't read curl's %s %s: %s; check its name", what,
						     name, strerror(errno));
	else if ((size_t)len > CONFIG_FILE_MAX || memchr(text, '\0', (size_t)len))
		status = fail(plan->o, FAIL_USAGE, "usage",
			      "%s is not a %s of curl's: it must be text of at most 256 KiB", name, what);
	if (status) {
		free(text);
		return status;
	}
	text[len] = '\0';
	*ret_text = text;
	return 0;
}

int config_file(struct plan *plan, const char *name, struct output *out)
{
	struct config_line line = {.plan = plan, .out = out};
	char *text = NULL;
	size_t len;
	int status = config_load(plan, name, "config file", &text);

	if (status)
		return status;
	len = strlen(text);
	status = config_parse(&line, name, text);
	explicit_bzero(text, len);
	free(text);
	return status;
}
