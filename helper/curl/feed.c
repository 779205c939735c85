/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "helper/common/fail.h"
#include "helper/common/program.h"
#include "helper/curl/feed.h"
#include "lib/base/b64token.h"

#define FEED_SETTINGS 256

static int feed_failed(const struct plan *plan)
{
	return fail_system(plan->o, "can't hand anything to curl", errno);
}

static void feed_add(struct feed *feed, int fd, char name[PLAN_FD_NAME])
{
	feed->fds[feed->count++] = fd;
	snprintf(name, PLAN_FD_NAME, "/dev/fd/%d", fd);
}

/* Whatever was said before: only to these origins, also after a redirect, and http not through a proxy. */
static int feed_settings(const struct feed *feed, const struct plan_segment *segment,
			 char text[FEED_SETTINGS])
{
	const char *schemes = segment->http ? "=http,https" : "=https";
	int len = snprintf(text, FEED_SETTINGS, "\"\nproto = \"%s\"\nproto-redir = \"%s\"\n%s%s%s", schemes,
			   schemes, segment->http ? "noproxy = \"*\"\n" : "",
			   feed->terminal ? "no-buffer\n" : "", feed->silent ? "no-progress-meter\n" : "");

	if (feed->headers >= 0 && len > 0 && len < FEED_SETTINGS)
		len += snprintf(text + len, (size_t)(FEED_SETTINGS - len), "dump-header = \"/dev/fd/%d\"\n",
				feed->headers);
	return len;
}

/* A pipe is empty when curl has read it; piece by piece, so that there is no other copy of the token. */
static int feed_write(int fd, const char *text, size_t len)
{
	return write(fd, text, len) == (ssize_t)len ? 0 : -1;
}

static int feed_token(struct feed *feed, struct plan_segment *segment, const char *secret)
{
	static const char start[] = "oauth2-bearer = \"";
	char settings[FEED_SETTINGS];
	int fds[2], len = feed_settings(feed, segment, settings), r;

	if (pipe2(fds, O_CLOEXEC | O_NONBLOCK) < 0)
		return -1;
	r = feed_write(fds[1], start, sizeof(start) - 1);
	r |= feed_write(fds[1], secret, strlen(secret));
	r |= feed_write(fds[1], settings, (size_t)len);
	close(fds[1]);
	fcntl(fds[0], F_SETFL, 0);
	feed_add(feed, fds[0], segment->fd_name);
	return r;
}

/* Too long for a pipe perhaps, and nothing that the user's own file did not hold already. */
static int feed_config(struct feed *feed, struct plan_config *config)
{
	int fd = memfd_create("curl-config", MFD_CLOEXEC);

	if (fd < 0)
		return -1;
	feed_add(feed, fd, config->fd_name);
	return config->text.len == 0 || feed_write(fd, config->text.data, config->text.len) == 0 ? 0 : -1;
}

/* curl opens the descriptors by name, which takes /proc. */
static int feed_check_names(const struct plan *plan)
{
	const char *name = plan->segment_count ? plan->segments[0].fd_name : NULL;

	if (!name || access(name, F_OK) == 0)
		return 0;
	return fail(plan->o, FAIL_OTHER, "unsupported",
		    "curl cannot read the token, as there is no %s: %s; mount /proc, with /dev/fd linked to "
		    "/proc/self/fd, or use icred exec",
		    name, strerror(errno));
}

int feed_open(struct feed *feed, struct plan *plan, const char *secret)
{
	size_t i;
	int r = 0;

	if (!is_b64token(secret)) /* nothing that could end the quotes around it */
		return fail(plan->o, FAIL_OTHER, "internal", "the token that was found can't be used");
	for (i = 0; i < plan->config_count && r == 0; i++)
		r = feed_config(feed, &plan->configs[i]);
	for (i = 0; i < plan->segment_count && r == 0; i++)
		r = feed_token(feed, &plan->segments[i], secret);
	return r < 0 ? feed_failed(plan) : feed_check_names(plan);
}

void feed_keep(const struct feed *feed)
{
	size_t i;

	for (i = 0; i < feed->count; i++)
		launch_keep(feed->fds[i]);
	launch_keep(feed->headers);
}

void feed_close(struct feed *feed)
{
	while (feed->count > 0)
		close(feed->fds[--feed->count]);
	if (feed->headers >= 0)
		close(feed->headers);
	feed->headers = -1;
}
