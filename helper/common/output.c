/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/common/output.h"
#include "lib/base/text.h"

#define MINUTE 60
#define HOUR   3600

/* Not locked in memory: it holds a token for some microseconds, and the process is not dumpable. */
static char output_first[8192];
static struct output output_of_process = {output_first, 0, sizeof(output_first), 0, 0};

struct output *output_stdout(void)
{
	return &output_of_process;
}

static int output_found = -1;                 /* standard output as output_take() found it */
static bool output_closed[STDERR_FILENO + 1]; /* which standard descriptors were closed then */

static void output_fill(int upto)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd < upto);
	if (fd > upto)
		close(fd);
}

void output_take(void)
{
	int fd;

	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		output_closed[fd] = fcntl(fd, F_GETFD) < 0;
	if (output_closed[STDIN_FILENO])
		output_fill(STDIN_FILENO);
	output_found = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	if (dup2(STDERR_FILENO, STDOUT_FILENO) < 0) {
		output_fill(STDERR_FILENO);
		dup2(STDERR_FILENO, STDOUT_FILENO);
	}
}

void output_give_back(void)
{
	int fd;

	if (output_found >= 0)
		dup2(output_found, STDOUT_FILENO);
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++) {
		if (output_closed[fd])
			close(fd);
	}
}

int output_fd(void)
{
	return output_found;
}

static void output_free(struct output *out)
{
	explicit_bzero(out->data, out->len);
	if (out->grown)
		free(out->data);
}

void output_bytes(struct output *out, const char *bytes, size_t len)
{
	size_t cap = out->cap;
	char *data;

	if (len > out->cap - out->len) {
		out->failed |= len > OUTPUT_MAX - out->len;
		while (cap < out->len + len)
			cap *= 2;
		data = out->failed ? NULL : malloc(cap); /* realloc(3) would leave the old bytes in memory */
		if (!data) {
			out->failed = 1;
			return;
		}
		memcpy(data, out->data, out->len);
		output_free(out);
		out->data = data;
		out->cap = cap;
		out->grown = 1;
	}
	memcpy(out->data + out->len, bytes, len);
	out->len += len;
}

void output_text(struct output *out, const char *text)
{
	output_bytes(out, text, strlen(text));
}

void output_number(struct output *out, int64_t number)
{
	char digits[24];
	char *p = digits + sizeof(digits);
	uint64_t n = number < 0 ? 0 - (uint64_t)number : (uint64_t)number;

	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) != 0);
	if (number < 0)
		*--p = '-';
	output_bytes(out, p, (size_t)(digits + sizeof(digits) - p));
}

/* For short lines about the state of things; never for secrets. */
void output_format(struct output *out, const char *format, ...)
{
	char line[1024];
	va_list args;
	int len;

	va_start(args, format);
	len = vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	if (len < 0 || (size_t)len >= sizeof(line))
		out->failed = 1;
	else
		output_bytes(out, line, (size_t)len);
}

void output_clean(struct output *out, const char *text, size_t width)
{
	size_t len, columns = 0;

	for (; *text; text += len, columns++) {
		len = utf8_printable(text);
		if (len)
			output_bytes(out, text, len);
		else
			output_bytes(out, "?", len = 1);
	}
	for (; columns < width; columns++)
		output_bytes(out, " ", 1);
}

void output_wipe(struct output *out)
{
	output_free(out);
	*out = (struct output){output_first, 0, sizeof(output_first), 0, 0};
}

int output_write(struct output *out, int fd)
{
	struct pollfd writable = {.fd = fd, .events = POLLOUT};
	size_t done = 0;

	if (out->failed) {
		errno = ENOMEM;
		return -1;
	}
	if (out->len > 0)
		signal(SIGPIPE, SIG_IGN); /* so that a reader that went away is reported as an error */
	while (done < out->len) {
		ssize_t n = write(fd, out->data + done, out->len - done);

		if (n == 0 || (n < 0 && errno != EINTR && errno != EAGAIN))
			break;
		if (n < 0 && errno == EAGAIN)
			poll(&writable, 1, -1);
		done += n > 0 ? (size_t)n : 0;
	}
	if (done < out->len) {
		int error = errno;

		output_wipe(out);
		errno = error;
		return -1;
	}
	output_wipe(out);
	return 0;
}

const char *duration_format(int64_t seconds, char text[DURATION_TEXT])
{
	if (seconds <= 0)
		snprintf(text, DURATION_TEXT, "expired");
	else if (seconds < MINUTE)
		snprintf(text, DURATION_TEXT, "%ds", (int)seconds);
	else if (seconds < HOUR)
		snprintf(text, DURATION_TEXT, "%dm %02ds", (int)(seconds / MINUTE), (int)(seconds % MINUTE));
	else
		snprintf(text, DURATION_TEXT, "%lldh %02dm", (long long)(seconds / HOUR),
			 (int)(seconds % HOUR / MINUTE));
	return text;
}
