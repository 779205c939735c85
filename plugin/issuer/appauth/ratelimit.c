/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <strings.h>
#include <time.h>
#include <curl/curl.h>

#include "plugin/issuer/appauth/ratelimit.h"

#define EPOCH_MIN    INT64_C(1000000000)    /* a reset from here on is a time, and not a number of seconds */
#define EPOCH_MS_MIN INT64_C(1000000000000) /* ... in milliseconds                                         */
#define NUMBER_MAX   (INT64_C(1) << 50)

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

/* The same for a reset, which is a number of seconds, or a time. */
static int64_t wait_by_reset(const char *reset, int64_t server_now)
{
	int64_t n;

	if (!is_number(reset))
		return -1;
	n = number(reset);
	if (n >= EPOCH_MS_MIN)
		n /= 1000;
	if (n < EPOCH_MIN)
		return n;
	return n > server_now ? n - server_now : 0;
}

/* The limits of one answer. */
struct usage {
	bool is_used_up; /* one of them at least               */
	int64_t wait;    /* for the last reset; -1: none known */
};

static void count_limit(struct usage *usage, const struct http_limit *limit, int64_t server_now)
{
	int64_t wait;

	if (!is_number(limit->remaining) || number(limit->remaining) != 0)
		return;
	usage->is_used_up = true;
	wait = wait_by_reset(limit->reset, server_now);
	usage->wait = wait > usage->wait ? wait : usage->wait;
}

/* The value of a parameter that has one of these names. */
static bool parameter(const char *text, size_t len, const char *name, const char *long_name,
		      char value[HTTP_VALUE_SIZE])
{
	size_t n = strncasecmp(text, name, strlen(name)) == 0             ? strlen(name)
		   : strncasecmp(text, long_name, strlen(long_name)) == 0 ? strlen(long_name)
									  : 0;

	if (n == 0 || n > len)
		return false;
	memcpy(value, text + n, len - n);
	value[len - n] = '\0';
	return true;
}

/* `"hour";r=0;t=30, "day";r=5;t=900` or, in older drafts, `limit=10, remaining=0, reset=30`. */
static void count_limits(struct usage *usage, const char *limits, int64_t server_now)
{
	static const char between[] = ";, \t";
	struct http_limit limit = {.remaining = ""};
	size_t len;

	for (const char *at = limits + strspn(limits, between); *at; at += len, at += strspn(at, between)) {
		len = strcspn(at, between);
		if (parameter(at, len, "r=", "remaining=", limit.remaining))
			limit.reset[0] = '\0';
		else if (!parameter(at, len, "t=", "reset=", limit.reset))
			continue;
		count_limit(usage, &limit, server_now);
	}
}

static struct usage count(const struct http_reply *reply, int64_t server_now)
{
	struct usage usage = {.wait = -1};

	count_limit(&usage, &reply->limit, server_now);
	count_limit(&usage, &reply->standard_limit, server_now);
	count_limits(&usage, reply->limits, server_now);
	return usage;
}

bool ratelimit_is(long status, const struct http_reply *reply, const struct errorbody *body)
{
	if (status == 429)
		return true;
	if (ratelimit_says(body))
		return status == 401 || status == 403 || status == 503;
	return (status == 403 || status == 503) && (*reply->retry_after || count(reply, 0).is_used_up);
}

bool ratelimit_says(const struct errorbody *body)
{
	static const char *const words[] = {"rate limit",        "rate-limit",      "ratelimit",
					    "too many requests", "abuse detection", "limit exceeded",
					    "throttl",           "quota exceeded",  NULL};

	return errorbody_says(body, words);
}

int64_t ratelimit_until(const struct http_reply *reply, int64_t now)
{
	/* By the server's own clock, so that ours may be wrong. */
	int64_t server_now = reply->date ? reply->date : now;
	int64_t wait = wait_by_retry_after(reply, server_now);

	if (wait < 0)
		wait = count(reply, server_now).wait;
	if (wait < 0)
		return 0;
	/* At once would be a request a moment later, and the same answer. */
	return now + (wait < 1 ? 1 : wait > RATELIMIT_WAIT_MAX ? RATELIMIT_WAIT_MAX : wait);
}
