/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "helper/common/output.h"
#include "lib/base/text.h"

/* Not locked in memory: it holds a token for some microseconds, and the process is not dumpable. */
static char output_first[8192];
static struct output output_of_process = {output_first, 0, sizeof(output_first), 0, 0};

struct output *output_stdout(void)
{
	return &output_of_process;
}

static void output_free(struct output *out)
{
	explicit_bzero(out->data, out->len);
	if (out->grown)
		free(out->data);
}

/* Never realloc(3), which leaves the old bytes behind. */
static int output_grow(struct output *out, size_t more)
{
	size_t cap = out->cap;
	char *data;

	if (out->failed || more > OUTPUT_MAX - out->len)
		return -1;
	while (cap < out->len + more)
		cap *= 2;
	data = malloc(cap);
	if (!data)
		return -1;
	memcpy(data, out->data, out->len);
	output_free(out);
	out->data = data;
	out->cap = cap;
	out->grown = 1;
	return 0;
}

void output_bytes(struct output *out, const char *bytes, size_t len)
{
	if (len > out->cap - out->len && output_grow(out, len) < 0) {
		out->failed = 1;
		return;
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

static int output_write_all(int fd, const char *data, size_t len)
{
	struct pollfd writable = {.fd = fd, .events = POLLOUT};

	while (len > 0) {
		ssize_t n = write(fd, data, len);

		if (n > 0) {
			data += n;
			len -= (size_t)n;
		} else if (n == 0 || (errno != EINTR && errno != EAGAIN)) {
			return -1;
		} else if (errno == EAGAIN) {
			poll(&writable, 1, -1);
		}
	}
	return 0;
}

int output_write(struct output *out, int fd)
{
	int r;

	if (out->failed) {
		errno = ENOMEM;
		return -1;
	}
	if (out->len == 0)
		return 0;
	signal(SIGPIPE, SIG_IGN); /* so that a reader that went away is told as an error */
	r = output_write_all(fd, out->data, out->len);
	output_wipe(out);
	return r;
}
