/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Too many requests: how a service says so, and when it takes the next one. */
#include "config.h"

#include <string.h>
#include <strings.h>
#include <time.h>
#include <curl/curl.h>

#include "lib/base/language.h"
#include "plugin/issuer/appauth/answer.h"

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

/* The limits of one answer. */
struct usage {
	bool is_used_up; /* one of them at least               */
	int64_t wait;    /* for the last reset; -1: none known */
};

/* A reset is a number of seconds, or a time. */
static void count_limit(struct usage *usage, const struct http_limit *limit, int64_t server_now)
{
	int64_t reset;

	if (!is_number(limit->remaining) || number(limit->remaining) != 0)
		return;
	usage->is_used_up = true;
	if (!is_number(limit->reset))
		return;
	reset = number(limit->reset);
	if (reset >= EPOCH_MS_MIN)
		reset /= 1000;
	if (reset >= EPOCH_MIN)
		reset = reset > server_now ? reset - server_now : 0;
	usage->wait = MAX(usage->wait, reset);
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

static struct usage count(const struct http_reply *reply, int64_t server_now)
{
	static const char separators[] = ";, \t";
	struct usage usage = {.wait = -1};
	struct http_limit limit = {.remaining = ""};
	size_t len;

	count_limit(&usage, &reply->limit, server_now);
	count_limit(&usage, &reply->standard_limit, server_now);
	/* `"hour";r=0;t=30, "day";r=5;t=900` or, in older drafts, `limit=10, remaining=0, reset=30`. */
	for (const char *at = reply->limits + strspn(reply->limits, separators); *at;
	     at += len, at += strspn(at, separators)) {
		len = strcspn(at, separators);
		if (parameter(at, len, "r=", "remaining=", limit.remaining))
			limit.reset[0] = '\0';
		else if (!parameter(at, len, "t=", "reset=", limit.reset))
			continue;
		count_limit(&usage, &limit, server_now);
	}
	return usage;
}

bool answer_is_rate_limited(long status, const struct http_reply *reply, const struct error_body *body)
{
	if (status == 429)
		return true;
	if (error_body_mentions_limit(body))
		return status == 401 || status == 403 || status == 503;
	return (status == 403 || status == 503) && (*reply->retry_after || count(reply, 0).is_used_up);
}

bool error_body_mentions_limit(const struct error_body *body)
{
	static const char *const words[] = {"rate limit",        "rate-limit",      "ratelimit",
					    "too many requests", "abuse detection", "limit exceeded",
					    "throttl",           "quota exceeded",  NULL};

	return error_body_mentions(body, words);
}

int64_t rate_limit_until(const struct http_reply *reply, int64_t now)
{
	/* By the server's own clock, so that ours may be wrong. */
	int64_t server_now = reply->date ? reply->date : now, at, wait = -1;

	if (is_number(reply->retry_after)) {
		wait = number(reply->retry_after);
	} else if (*reply->retry_after) {
		at = curl_getdate(reply->retry_after, NULL);
		if (at > 0)
			wait = MAX(at - server_now, 0);
	}
	if (wait < 0)
		wait = count(reply, server_now).wait;
	if (wait < 0)
		return 0;
	/* Not at once: the answer would be the same. */
	return now + MAX(MIN(wait, RATE_LIMIT_WAIT_MAX), 1);
}
