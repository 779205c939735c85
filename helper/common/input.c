/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <icred/icred.h>

#include "lib/base/errno-words.h"
#include "helper/common/fail.h"
#include "helper/common/input.h"
#include "lib/base/key-limits.h"
#include "helper/common/process.h"

#define INPUT_AREA (2 * PEM_MAX) /* a whole number of pages with room for one byte too many */
#define INPUT_LINE 4096          /* bytes of a line: more than any question has room for */

static char *input_area(void)
{
	char *area = mmap(NULL, INPUT_AREA, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (area == MAP_FAILED)
		return NULL;
	/* Both at best: an ordinary user may have used up what can be locked. */
	madvise(area, INPUT_AREA, MADV_DONTDUMP);
	if (mlock(area, INPUT_AREA) < 0)
		return area;
	return area;
}

void input_wipe(struct input *input)
{
	if (!input->data)
		return;
	explicit_bzero(input->data, INPUT_AREA);
	munmap(input->data, INPUT_AREA);
	input->data = NULL;
}

static int input_open(const char *name)
{
	if (strcmp(name, "-") == 0)
		return STDIN_FILENO;
	return open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

/* Up to the end, or to the first byte too many. */
static int input_fill(int fd, struct input *input)
{
	ssize_t n;

	while (input->len <= PEM_MAX) {
		n = read(fd, input->data + input->len, PEM_MAX + 1 - input->len);
		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR)
			return -1;
		input->len += n > 0 ? (size_t)n : 0;
	}
	return 0;
}

static int input_failed(const struct options *o, const char *name, int error)
{
	if (error == ENOENT)
		return fail(o, FAIL_NOT_FOUND, "not-found", "there is no file %s; check its name", name);
	if (errno_code(error, 0))
		return fail(o, FAIL_OTHER, icred_kind(errno_code(error, 0)), "can't read %s: %s", name,
			    errno_words(error));
	return fail(o, FAIL_INVALID, "invalid",
		    "can't read %s: %s; name the app's private key file, and check its mode", name,
		    strerror(error));
}

int input_read(const struct options *o, const char *name, struct input *ret_input)
{
	struct input input = {NULL, 0};
	int fd, error;

	/* A pipe without a writer blocks either step. */
	process_doing(strcmp(name, "-") == 0 ? "reading standard input" : "reading the key file");
	fd = input_open(name);
	if (fd < 0)
		return input_failed(o, name, errno);
	input.data = input_area();
	error = !input.data ? ENOMEM : input_fill(fd, &input) < 0 ? errno : 0;
	process_doing(NULL);
	if (fd != STDIN_FILENO)
		close(fd);
	if (error == 0 && input.len > 0 && input.len <= PEM_MAX) {
		*ret_input = input;
		return 0;
	}
	input_wipe(&input);
	if (fd == STDIN_FILENO)
		name = "standard input";
	if (error)
		return input_failed(o, name, error);
	return fail(o, FAIL_INVALID, "invalid",
		    input.len ? "%s is larger than any key (%d KiB); name the app's private key file"
			      : "%s is empty; it should hold a private key in PEM form",
		    name, PEM_MAX / 1024);
}

/* Byte by byte: what comes behind the line is for whoever reads next. */
static int input_fill_line(int fd, struct input *input)
{
	char byte = 0;
	ssize_t n;

	while (input->len <= INPUT_LINE) {
		n = read(fd, &byte, 1);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		if (n == 0 || byte == '\n')
			break;
		input->data[input->len++] = byte;
	}
	if (input->len && input->data[input->len - 1] == '\r')
		input->data[--input->len] = '\0';
	return 0;
}

int input_line(const struct options *o, int fd, struct input *ret_input)
{
	struct input input = {input_area(), 0};
	int error = 0;

	process_doing("reading the passphrase");
	/* One of our own stands where nobody has opened any. */
	if (fd == process_stdout_fd())
		error = EBADF;
	else if (!input.data || input_fill_line(fd, &input) < 0)
		error = input.data ? errno : ENOMEM;
	process_doing(NULL);
	if (fd > STDERR_FILENO && error != EBADF)
		close(fd);
	if (error == 0 && input.len > 0 && input.len <= INPUT_LINE && !memchr(input.data, '\0', input.len)) {
		*ret_input = input;
		return 0;
	}
	input_wipe(&input);
	if (error)
		return fail(o, FAIL_USAGE, "usage",
			    "can't read descriptor %d: %s; give one that is open, as 3<FILE does in a shell",
			    fd, strerror(error));
	return fail(o, FAIL_USAGE, "usage",
		    "descriptor %d has no line of 1 to %d bytes; give the passphrase there", fd, INPUT_LINE);
}
