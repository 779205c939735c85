/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <time.h>
#include <curl/curl.h>

#include "ratelimit.h"

#define EPOCH_MIN    INT64_C(1000000000)    /* a reset from here on is a time, and not a number of seconds */
#define EPOCH_MS_MIN INT64_C(1000000000000) /* ... in milliseconds                                         */
#define NUMBER_MAX   (INT64_C(1) << 50)

static const char *const limit_words[] = {"rate limit",      "rate-limit", "ratelimit", "too many requests",
					  "abuse detection", "throttl",    NULL};

static bool is_number(const char *text)
{
	return *text && text[strspn(text, "0123456789")] == '\0';
}

/* Large numbers are all the same. */
static int64_t number(const char *text)
{
	int64_t n = 0;

	for (; *text && n < NUMBER_MAX; text++)
		n = n * 10 + (*text - '0');
	return n;
}

static bool is_used_up(const struct http_reply *reply)
{
	return is_number(reply->limit_remaining) && number(reply->limit_remaining) == 0;
}

bool ratelimit_is(long status, const struct http_reply *reply, const struct errorbody *body)
{
	if (status == 429)
		return true;
	if (status != 403 && status != 503)
		return false;
	return ratelimit_until(reply, 1) > 0 || is_used_up(reply) || errorbody_says(body, limit_words);
}

/* The seconds that Retry-After asks for; -1 if it does not. */
static int64_t wait_by_retry_after(const struct http_reply *reply, int64_t server_now)
{
	time_t at;

	if (is_number(reply->retry_after))
		return number(reply->retry_after);
	at = *reply->retry_after ? curl_getdate(reply->retry_after, NULL) : -1;
	if (at <= 0)
		return -1;
	return (int64_t)at > server_now ? (int64_t)at - server_now : 0;
}

/* The same for the reset, which counts only once nothing remains. */
static int64_t wait_by_reset(const struct http_reply *reply, int64_t server_now)
{
	int64_t n;

	if (!is_used_up(reply) || !is_number(reply->limit_reset))
		return -1;
	n = number(reply->limit_reset);
	if (n >= EPOCH_MS_MIN)
		n /= 1000;
	if (n < EPOCH_MIN)
		return n;
	return n > server_now ? n - server_now : 0;
}

int64_t ratelimit_until(const struct http_reply *reply, int64_t now)
{
	/* By the server's own clock, so that ours may be wrong. */
	int64_t server_now = reply->date ? reply->date : now;
	int64_t wait = wait_by_retry_after(reply, server_now);

	if (wait < 0)
		wait = wait_by_reset(reply, server_now);
	if (wait < 0)
		return 0;
	/* At once would be a request a moment later, and the same answer. */
	return now + (wait < 1 ? 1 : wait > RATELIMIT_WAIT_MAX ? RATELIMIT_WAIT_MAX : wait);
}
