/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <curl/curl.h>

#include "answer.h"
#include "quote.h"
#include "verdict.h"

#define SKEW_MAX  30    /* seconds between two clocks that nobody minds */
#define RETRY_MAX 86400 /* a server's word is not good for more         */

/* The parts of a sentence that depend on the answer. */
struct words {
	char said[QUOTE_SIZE + 8]; /* `: "Access token invalid"`, or "" */
	char clock[QUOTE_SIZE];    /* "; this machine's clock is ...", or "" */
};

bool verdict_is_success(const struct http_reply *reply)
{
	return reply->status >= 200 && reply->status <= 299;
}

static bool says(const struct http_reply *reply, const char *word)
{
	char text[QUOTE_SIZE];

	answer_message(reply->body, reply->len, text, sizeof(text));
	return strcasestr(text, word) != NULL;
}

static bool is_suspended(const struct http_reply *reply)
{
	return reply->status == 403 && (says(reply, "suspend") || says(reply, "not active") ||
					says(reply, "inactive") || says(reply, "deactivated"));
}

bool verdict_is_refusal(const struct http_reply *reply)
{
	return reply->status == 401 || (reply->status == 403 && !is_suspended(reply));
}

static void put_clock(const struct verdict *v, char *out, size_t cap)
{
	int64_t skew = v->reply->date ? v->now - v->reply->date : 0;

	out[0] = '\0';
	if (skew > SKEW_MAX || skew < -SKEW_MAX)
		snprintf(out, cap, "; this machine's clock is %" PRId64 " s %s the server's: check NTP",
			 skew < 0 ? -skew : skew, skew < 0 ? "behind" : "ahead of");
}

static void put_words(const struct verdict *v, struct words *words)
{
	char text[QUOTE_SIZE];

	answer_message(v->reply->body, v->reply->len, text, sizeof(text));
	snprintf(words->said, sizeof(words->said), text[0] ? ": \"%s\"" : "%s", text);
	put_clock(v, words->clock, sizeof(words->clock));
}

static int tell_refusal(const struct icred_host *host, const struct verdict *v, const struct words *w)
{
	return host->fail(
		host, ICRED_E_REJECTED,
		"%s refused the key (%ld%s); check that the app's ID is %s and that this key is still "
		"listed in its dashboard%s",
		v->peer, v->reply->status, w->said, v->request->app, w->clock);
}

static int tell_missing(const struct icred_host *host, const struct verdict *v, const struct words *w)
{
	const char *id = v->request->id ? v->request->id : "";

	if (v->request->target == ICRED_TARGET_APP)
		return host->fail(
			host, ICRED_E_NOT_FOUND,
			"%s does not know the app %s (%ld%s); check the settings app, api and path-prefix",
			v->peer, v->request->app, v->reply->status, w->said);
	return host->fail(
		host, ICRED_E_NOT_FOUND,
		"%s knows no installation %s%s of the app %s (%ld%s); check the ID, and that the app is "
		"installed there",
		v->peer, v->request->target == ICRED_TARGET_ORGANIZATION ? "at the organization " : "", id,
		v->request->app, v->reply->status, w->said);
}

static int tell_bad_request(const struct icred_host *host, const struct verdict *v, const struct words *w)
{
	if (says(v->reply, "version"))
		return host->fail(
			host, ICRED_E_INVALID,
			"%s does not speak this version of the API (%ld%s); check the setting api-version",
			v->peer, v->reply->status, w->said);
	return host->fail(
		host, ICRED_E_INVALID,
		"%s does not understand the request (%ld%s); check the IDs and the setting path-prefix%s",
		v->peer, v->reply->status, w->said, w->clock);
}

/* When to come again, by Retry-After; 0 if it does not say.  now and date: our clock and the server's (or 0). */
static int64_t retry_time(const char *retry_after, int64_t now, int64_t date)
{
	size_t digits = strspn(retry_after, "0123456789");
	int64_t wait = 0;

	if (digits > 0 && retry_after[digits] == '\0') {
		for (size_t i = 0; i < digits && wait <= RETRY_MAX; i++)
			wait = wait * 10 + (retry_after[i] - '0');
	} else {
		time_t at = *retry_after ? curl_getdate(retry_after, NULL) : -1;

		/* By the server's own clock, so that ours may be wrong. */
		if (at <= 0)
			return 0;
		wait = (int64_t)at - (date ? date : now);
	}
	return now + (wait < 0 ? 0 : wait > RETRY_MAX ? RETRY_MAX : wait);
}

/* When the server takes requests again, by its own word; 0 if it did not say. */
static int64_t retry_at(const struct verdict *v)
{
	int64_t at = retry_time(v->reply->retry_after, v->now, v->reply->date);

	return at > 0 ? at : 0;
}

/* After fail(), which starts the error anew. */
static int with_retry_at(const struct icred_host *host, int64_t at, int code)
{
	if (at > 0)
		host->retry_at(host, at);
	return code;
}

static int tell_limit(const struct icred_host *host, const struct verdict *v, const struct words *w)
{
	int64_t at = retry_at(v);
	int code;

	if (at > v->now)
		code = host->fail(host, ICRED_E_RATE_LIMITED,
				  "%s has had too many requests (%ld%s); try again in %" PRId64 " s", v->peer,
				  v->reply->status, w->said, at - v->now);
	else
		code = host->fail(host, ICRED_E_RATE_LIMITED,
				  "%s has had too many requests (%ld%s); try again later", v->peer,
				  v->reply->status, w->said);
	return with_retry_at(host, at, code);
}

static int tell_server(const struct icred_host *host, const struct verdict *v, const struct words *w)
{
	int code = host->fail(host, ICRED_E_NETWORK, "%s has a problem (%ld%s); try again in a while",
			      v->peer, v->reply->status, w->said);

	return with_retry_at(host, retry_at(v), code);
}

static int tell_strange(const struct icred_host *host, const struct verdict *v, const struct words *w)
{
	if (v->reply->status >= 300 && v->reply->status <= 399)
		return host->fail(
			host, ICRED_E_PROTOCOL,
			"%s wants to send us elsewhere (%ld), and redirects are not followed; check the "
			"setting api",
			v->peer, v->reply->status);
	return host->fail(host, ICRED_E_PROTOCOL, "%s answered %ld%s; check the settings api and path-prefix",
			  v->peer, v->reply->status, w->said);
}

int verdict_tell(const struct icred_host *host, const struct verdict *verdict)
{
	long status = verdict->reply->status;
	struct words words;

	put_words(verdict, &words);
	if (is_suspended(verdict->reply))
		return host->fail(
			host, ICRED_E_SUSPENDED,
			"%s says that the installation is suspended (%ld%s); the organization must allow "
			"the app again",
			verdict->peer, status, words.said);
	if (verdict_is_refusal(verdict->reply))
		return tell_refusal(host, verdict, &words);
	if (status == 404)
		return tell_missing(host, verdict, &words);
	if (status == 400 || status == 422)
		return tell_bad_request(host, verdict, &words);
	if (status == 429)
		return tell_limit(host, verdict, &words);
	if (status == 408 || (status >= 500 && status <= 599))
		return tell_server(host, verdict, &words);
	return tell_strange(host, verdict, &words);
}

int verdict_tell_body(const struct icred_host *host, const struct verdict *verdict, int code,
		      const char *reason)
{
	char type[QUOTE_SIZE];
	char clock[QUOTE_SIZE];
	bool odd = strncasecmp(verdict->reply->type, "application/json", 16) != 0 && verdict->reply->type[0];

	if (code == ICRED_E_SUSPENDED)
		return host->fail(
			host, code,
			"%s: %s, so the installation seems to be suspended; the organization must allow the "
			"app again",
			verdict->peer, reason);
	quote(type, sizeof(type), verdict->reply->type, strlen(verdict->reply->type));
	put_clock(verdict, clock, sizeof(clock));
	return host->fail(host, code, "%s answered %ld, but %s%s%s%s; check the setting api%s", verdict->peer,
			  verdict->reply->status, reason, odd ? " (it is of type " : "", odd ? type : "",
			  odd ? ")" : "", clock);
}
