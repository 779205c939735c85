/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys and passphrases that are read from files, standard input and other descriptors. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include <icred/icred.h>

#include "helper/common/asking.h"
#include "helper/common/fail.h"
#include "helper/common/output.h"
#include "helper/common/process.h"
#include "lib/base/descriptor.h"
#include "lib/base/key-limits.h"
#include "lib/base/language.h"
#include "lib/base/secret.h"
#include "lib/base/system-words.h"

#define INPUT_LINE 4096 /* bytes of a line: more than any question has room for */

/* Room for one byte too many, and a NUL. */
static char *input_area(size_t most)
{
	struct secret_pool *pool = secret_pool_new();
	char *area = pool ? secret_alloc(pool, most + 2) : NULL;

	secret_pool_unref(pool);
	return area;
}

void input_wipe(struct input *input)
{
	input->data = secret_free(input->data);
}

static int input_failed(const struct options *o, const char *name, int error)
{
	if (error == ENOENT)
		return fail(o, FAIL_NOT_FOUND, "not-found", "there is no file %s; check its name", name);
	if (errno_code(error, 0))
		return fail(o, FAIL_OTHER, icred_kind(errno_code(error, 0)), "cannot read %s: %s", name,
			    errno_words(error));
	return fail(o, FAIL_INVALID, "invalid",
		    "cannot read %s: %s; name the app's private key file, and check its mode", name,
		    strerror(error));
}

int input_read(const struct options *o, const char *name, struct input *ret_input)
{
	bool is_stdin = strcmp(name, "-") == 0;
	struct input input = {NULL, 0};
	int fd, error = 0;
	ssize_t n;

	/* A pipe without a writer blocks either step. */
	process_doing(is_stdin ? "reading standard input" : "reading the key file");
	fd = is_stdin ? STDIN_FILENO : open(name, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	if (fd < 0)
		return input_failed(o, name, errno);
	input.data = input_area(PEM_MAX);
	error = input.data ? 0 : ENOMEM;
	n = error ? 0 : read_up_to(fd, input.data, PEM_MAX + 1);
	if (n < 0)
		error = errno;
	else
		input.len = (size_t)n;
	process_doing(NULL);
	if (!is_stdin)
		close(fd);
	if (!error && input.len > 0 && input.len <= PEM_MAX) {
		*ret_input = input;
		return 0;
	}
	input_wipe(&input);
	if (is_stdin)
		name = "standard input";
	if (error)
		return input_failed(o, name, error);
	return fail(o, FAIL_INVALID, "invalid",
		    input.len ? "%s is larger than any key (%d KiB); name the app's private key file"
			      : "%s is empty; it should hold a private key in PEM form",
		    name, PEM_MAX / 1024);
}

int input_line(const struct options *o, int fd, struct input *ret_input)
{
	struct input input = {input_area(INPUT_LINE), 0};
	/* Descriptor of ours, where the caller has opened none. */
	int error = fd == output_fd() ? EBADF : input.data ? 0 : ENOMEM;
	ssize_t n = 1;
	char byte = 0;

	process_doing("reading the passphrase");
	/* Byte by byte: what follows the line is for the next reader of the descriptor. */
	while (!error && n != 0 && byte != '\n' && input.len <= INPUT_LINE) {
		n = read(fd, &byte, 1);
		if (n < 0 && errno != EINTR)
			error = errno;
		if (n > 0 && byte != '\n')
			input.data[input.len++] = byte;
	}
	process_doing(NULL);
	if (fd > STDERR_FILENO && error != EBADF)
		close(fd);
	if (!error && input.len && input.data[input.len - 1] == '\r')
		input.data[--input.len] = '\0';
	if (!error && input.len > 0 && input.len <= INPUT_LINE && !memchr(input.data, '\0', input.len)) {
		*ret_input = input;
		return 0;
	}
	input_wipe(&input);
	if (error)
		return fail(o, FAIL_USAGE, "usage",
			    "cannot read descriptor %d: %s; give one that is open, such as 3<FILE in a shell",
			    fd, strerror(error));
	return fail(o, FAIL_USAGE, "usage",
		    "descriptor %d has no line of 1 to %d bytes; give the passphrase there", fd, INPUT_LINE);
}
