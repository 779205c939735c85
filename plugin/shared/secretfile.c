/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/descriptor.h"
#include "lib/base/system-words.h"
#include "plugin/shared/secretfile.h"

#define LINE_CAP 1024 /* of a passphrase or PIN */

static int file_unopened(const struct icred_host *host, const struct secretfile *file, int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return host->fail(
			host, ICRED_E_NOT_FOUND,
			"there is no file %s; put it there, readable by its owner alone (chmod 600)",
			file->what);
	case ELOOP:
		return host->fail(host, ICRED_E_INVALID,
				  "%s is a symbolic link, which is not followed; name the file itself",
				  file->what);
	case EACCES:
	case EPERM:
		return host->fail(
			host, ICRED_E_DENIED,
			"%s may not be read by this user; make the user who runs this its owner (chown), "
			"or keep the key elsewhere",
			file->what);
	default:
		return host->fail(host, errno_code(error, ICRED_E_INTERNAL), "%s cannot be opened: %s",
				  file->what, errno_words(error));
	}
}

int secretfile_open(const struct icred_host *host, const struct secretfile *file, int *ret_fd,
		    struct stat *ret_stat)
{
	struct stat st;
	int fd, r = 0;

	/* O_NONBLOCK: a FIFO must not block us before it is recognized. */
	fd = openat(file->directory, file->name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
	/* ssh(1) has the same rules for its keys. */
	if (fd < 0 || fstat(fd, &st) < 0)
		r = file_unopened(host, file, errno);
	else if (!S_ISREG(st.st_mode))
		r = host->fail(host, ICRED_E_INVALID, "%s is not a regular file; name one that is",
			       file->what);
	else if (st.st_uid != 0 && st.st_uid != geteuid())
		r = host->fail(host, ICRED_E_INVALID,
			       "%s belongs to user %u, who is neither root nor the one who runs this; make a "
			       "copy that is your own, or use chown",
			       file->what, (unsigned)st.st_uid);
	else if (st.st_mode & file->forbidden)
		r = host->fail(
			host, ICRED_E_INVALID,
			"%s has mode %04o, so other users than its owner may read or change it; run chmod "
			"600 on it, and consider replacing the key",
			file->what, (unsigned)st.st_mode & 07777);
	if (r) {
		close_keep_errno(fd);
		return r;
	}
	*ret_fd = fd;
	*ret_stat = st;
	return 0;
}

int secretfile_read(const struct icred_host *host, const struct secretfile *file, int fd, size_t max,
		    char **ret_text, size_t *ret_len)
{
	char *text = host->secret_alloc(host, max + 2);
	int error;
	ssize_t n;

	if (!text)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	n = read_up_to(fd, text, max + 1);
	if (n >= 0 && (size_t)n <= max) {
		text[n] = '\0';
		*ret_text = text;
		*ret_len = (size_t)n;
		return 0;
	}
	error = errno;
	host->secret_free(host, text);
	if (n < 0)
		return host->fail(host, errno_code(error, ICRED_E_INTERNAL), "%s cannot be read: %s",
				  file->what, errno_words(error));
	return host->fail(host, ICRED_E_INVALID, "%s is larger than %zu bytes; name the right file",
			  file->what, max);
}

bool secretfile_end_line(char *text, size_t len)
{
	char *end = memchr(text, '\n', len);

	end = end ? end : text + len;
	if (memchr(text, '\0', (size_t)(end - text)))
		return false;
	if (end > text && end[-1] == '\r')
		end--;
	*end = '\0';
	return true;
}

int secret_ask(const struct icred_host *host, const char *question, size_t cap, char **ret_reply)
{
	char *reply = host->secret_alloc(host, cap);
	int r;

	if (!reply)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	r = host->prompt(host, ICRED_PROMPT_ECHO_OFF, question, reply, cap);
	if (!r)
		*ret_reply = reply;
	else
		host->secret_free(host, reply);
	return r;
}

int secretfile_line(const struct icred_host *host, const struct secretfile *file, char **ret_line)
{
	char *text = NULL;
	struct stat st;
	size_t len;
	int fd = -1, r;

	r = secretfile_open(host, file, &fd, &st);
	if (r == ICRED_E_NOT_FOUND) /* the key that it unlocks is there, and must not look missing */
		return host->fail(host, ICRED_E_LOCKED,
				  "there is no file %s to unlock the key with; put it there, readable by its "
				  "owner alone (chmod 600)",
				  file->what);
	if (r)
		return r;
	r = secretfile_read(host, file, fd, LINE_CAP, &text, &len);
	close(fd);
	if (r)
		return r;
	if (!secretfile_end_line(text, len)) {
		host->secret_free(host, text);
		return host->fail(host, ICRED_E_INVALID,
				  "%s has a NUL byte in its first line; write it as plain text", file->what);
	}
	*ret_line = text;
	return 0;
}
