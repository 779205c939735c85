/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What curl reads from descriptors: the token, which must not be in argv, and files of options. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helper/common/fail.h"
#include "helper/common/process.h"
#include "helper/curl/run.h"
#include "lib/base/text.h"

#define INPUT_SETTINGS 256

static void input_add(struct curl_input *input, int fd, char name[PLAN_FD_NAME])
{
	input->fds[input->count++] = fd;
	snprintf(name, PLAN_FD_NAME, "/dev/fd/%d", fd);
}

static int input_write(int fd, const char *text, size_t len)
{
	return write(fd, text, len) == (ssize_t)len ? 0 : -1;
}

/*
 * The token and, after all options of the user's, those that keep it in place: only these schemes, also after
 * a redirect, and http not through a proxy.  In a pipe, which is empty when curl has read it; written piece
 * by piece, so that the token is not copied anywhere else.
 */
static int input_token(struct curl_input *input, struct plan_segment *segment, const char *secret)
{
	static const char start[] = "oauth2-bearer = \"";
	const char *schemes = segment->http ? "=http,https" : "=https";
	char settings[INPUT_SETTINGS], headers[INPUT_SETTINGS] = "";
	int fds[2], len, r;

	if (input->headers >= 0)
		snprintf(headers, sizeof(headers), "dump-header = \"/dev/fd/%d\"\n", input->headers);
	len = snprintf(settings, sizeof(settings), "\"\nproto = \"%s\"\nproto-redir = \"%s\"\n%s%s%s%s",
		       schemes, schemes, segment->http ? "noproxy = \"*\"\n" : "",
		       input->terminal ? "no-buffer\n" : "", input->silent ? "no-progress-meter\n" : "",
		       headers);
	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	r = input_write(fds[1], start, sizeof(start) - 1);
	r |= input_write(fds[1], secret, strlen(secret));
	r |= input_write(fds[1], settings, (size_t)len);
	close(fds[1]);
	fcntl(fds[0], F_SETFL, 0);
	input_add(input, fds[0], segment->fd_name);
	return r;
}

int curl_input_open(struct curl_input *input, struct plan *plan, const char *secret)
{
	const char *name = plan->segments[0].fd_name;
	int r = 0, fd;

	if (!is_b64token(secret)) /* nothing that could end the quotes around it */
		return fail(plan->o, FAIL_OTHER, "internal",
			    "the token contains characters that curl cannot read");
	/* Too long for a pipe perhaps; and it holds no more than the user's own file does. */
	for (size_t i = 0; i < plan->config_count && r == 0; i++) {
		struct plan_config *config = &plan->configs[i];
		fd = memfd_create("curl-config", MFD_CLOEXEC);
		if (fd >= 0)
			input_add(input, fd, config->fd_name);
		r = fd < 0 ? -1 : input_write(fd, config->text.data, config->text.len);
	}
	for (size_t i = 0; i < plan->segment_count && r == 0; i++)
		r = input_token(input, &plan->segments[i], secret);
	if (r < 0)
		return fail_system(plan->o, "cannot pass the token to curl", errno);
	/* curl opens the descriptors by name, which takes /proc. */
	if (access(name, F_OK) == 0)
		return 0;
	return fail(plan->o, FAIL_OTHER, "unsupported",
		    "curl cannot read the token from %s: %s; mount /proc, with /dev/fd linked to "
		    "/proc/self/fd, or use icred exec",
		    name, strerror(errno));
}

void curl_input_keep(const struct curl_input *input)
{
	for (size_t i = 0; i < input->count; i++)
		launch_keep(input->fds[i]);
	launch_keep(input->headers);
}

void curl_input_close(struct curl_input *input)
{
	while (input->count > 0)
		close(input->fds[--input->count]);
	if (input->headers >= 0)
		close(input->headers);
	input->headers = -1;
}
