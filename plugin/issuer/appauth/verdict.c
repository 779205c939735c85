/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "plugin/shared/quote.h"
#include "plugin/issuer/appauth/ratelimit.h"
#include "plugin/issuer/appauth/verdict.h"

#define SKEW_MAX 30 /* seconds between two clocks that do no harm */

/* What the sentences are made from. */
struct finding {
	const struct verdict *v;
	struct errorbody body;
	long status;               /* the answer's, or the one that the error in a 2xx tells */
	char said[QUOTE_SIZE + 8]; /* `: "Access token invalid"`, or "" */
	char clock[QUOTE_SIZE];    /* "; this machine's clock is ...", or "" */
};

bool verdict_is_success(const struct http_reply *reply)
{
	return reply->status >= 200 && reply->status <= 299;
}

static bool is_suspended(long status, const struct errorbody *body)
{
	static const char *const words[] = {"suspend", "not active", "inactive", "deactivated", NULL};

	return status == 403 && body->author == ERRORBODY_SERVICE && errorbody_says(body, words) &&
	       !ratelimit_says(body);
}

bool verdict_is_refusal(const struct appauth_scheme *scheme, const struct http_reply *reply)
{
	struct errorbody body;

	if (reply->status != 401 && reply->status != 403)
		return false;
	body = errorbody_read(scheme, reply);
	return body.author != ERRORBODY_PAGE && !is_suspended(reply->status, &body) &&
	       !ratelimit_is(reply->status, reply, &body);
}

static void put_clock(const struct verdict *v, char *out, size_t cap)
{
	int64_t skew = v->reply->date ? v->now - v->reply->date : 0;

	out[0] = '\0';
	if (skew > SKEW_MAX || skew < -SKEW_MAX)
		snprintf(out, cap, "; this machine's clock is %" PRId64 " s %s the server's: check NTP",
			 skew < 0 ? -skew : skew, skew < 0 ? "behind" : "ahead of");
}

static struct finding find(const struct verdict *v)
{
	struct finding f = {.v = v, .body = errorbody_read(v->scheme, v->reply)};

	f.status = verdict_is_success(v->reply) && f.body.status ? f.body.status : v->reply->status;
	snprintf(f.said, sizeof(f.said), f.body.text[0] ? ": \"%s\"" : "%s", f.body.text);
	put_clock(v, f.clock, sizeof(f.clock));
	return f;
}

/* After fail(), which starts the error anew. */
static int with_retry_at(const struct icred_host *host, int64_t at, int code)
{
	if (at > 0)
		host->retry_at(host, at);
	return code;
}

static int tell_limit(const struct icred_host *host, const struct finding *f)
{
	int64_t now = f->v->now;
	int64_t at = ratelimit_until(f->v->reply, now);

	if (at == 0)
		at = now + RATELIMIT_WAIT;
	return with_retry_at(host, at,
			     host->fail(host, ICRED_E_RATE_LIMITED,
					"%s does not take more requests now (%ld%s); try again in %" PRId64
					" s",
					f->v->peer, f->status, f->said, at - now));
}

static bool is_passing(long status)
{
	return status == 408 || status == 429 || (status >= 500 && status <= 599);
}

/* Of what is between us and the server, which knows nothing of keys, apps and installations. */
static int tell_page(const struct icred_host *host, const struct finding *f)
{
	const struct verdict *v = f->v;
	bool is_network = is_passing(f->status) || f->status == 407;
	const char *remedy = f->status == 407   ? "check https_proxy in the environment"
			     : f->status == 511 ? "log in to the network with a browser, then try again"
			     : is_network ? "try again in a while, and check that no proxy is in between"
					  : "check the network and the setting api";
	int code =
		host->fail(host, is_network ? ICRED_E_NETWORK : ICRED_E_PROTOCOL,
			   "instead of %s a proxy, a portal or a web server answered (%ld, a web page); %s%s",
			   v->peer, f->status, remedy, f->clock);

	return with_retry_at(host, is_passing(f->status) ? ratelimit_until(v->reply, v->now) : 0, code);
}

static int tell_server(const struct icred_host *host, const struct finding *f)
{
	const struct verdict *v = f->v;

	return with_retry_at(host, ratelimit_until(v->reply, v->now),
			     host->fail(host, ICRED_E_NETWORK,
					"%s has a problem (%ld%s); try again in a while", v->peer, f->status,
					f->said));
}

static int tell_redirect(const struct icred_host *host, const struct finding *f)
{
	return host->fail(
		host, ICRED_E_PROTOCOL,
		"%s answered with a redirect (%ld), and redirects are not followed; check the setting api",
		f->v->peer, f->status);
}

/* A refusal that is not in the service's form may be a gateway's: it says nothing of the key. */
static int tell_unknown(const struct icred_host *host, const struct finding *f)
{
	const struct verdict *v = f->v;

	if (f->status == 401 || f->status == 403)
		return host->fail(
			host, ICRED_E_PROTOCOL,
			"a request to %s was refused (%ld%s), but not in the form of the service's errors, so "
			"it may come from a proxy or gateway; check the network and the settings api and "
			"path-prefix, then that the app's ID is %s%s",
			v->peer, f->status, f->said, v->request->app, f->clock);
	return host->fail(
		host, ICRED_E_PROTOCOL,
		"%s answered %ld%s, but not in the form of the service's errors; check the network and the "
		"settings api and path-prefix%s",
		v->peer, f->status, f->said, f->clock);
}

static int tell_suspended(const struct icred_host *host, const struct finding *f)
{
	return host->fail(
		host, ICRED_E_SUSPENDED,
		"%s says that the installation is suspended (%ld%s); the organization must allow the app "
		"again",
		f->v->peer, f->status, f->said);
}

static int tell_refusal(const struct icred_host *host, const struct finding *f)
{
	return host->fail(
		host, ICRED_E_REJECTED,
		"%s refused the key (%ld%s); check that the app's ID is %s and that this key is still "
		"listed in its dashboard%s",
		f->v->peer, f->status, f->said, f->v->request->app, f->clock);
}

static int tell_missing(const struct icred_host *host, const struct finding *f)
{
	const struct icred_mint_request *request = f->v->request;
	const char *at = request->target == ICRED_TARGET_ORGANIZATION ? "at the organization " : "";

	if (request->target == ICRED_TARGET_APP)
		return host->fail(
			host, ICRED_E_NOT_FOUND,
			"%s does not know the app %s (%ld%s); check the settings app, api and path-prefix",
			f->v->peer, request->app, f->status, f->said);
	return host->fail(
		host, ICRED_E_NOT_FOUND,
		"%s knows no installation %s%s of the app %s (%ld%s); check the ID, and that the app is "
		"installed there",
		f->v->peer, at, request->id ? request->id : "", request->app, f->status, f->said);
}

static int tell_bad_request(const struct icred_host *host, const struct finding *f)
{
	static const char *const version[] = {"version", NULL};

	if (errorbody_says(&f->body, version))
		return host->fail(
			host, ICRED_E_INVALID,
			"%s does not speak this version of the API (%ld%s); check the setting api-version",
			f->v->peer, f->status, f->said);
	return host->fail(
		host, ICRED_E_INVALID,
		"%s does not understand the request (%ld%s); check the IDs and the setting path-prefix%s",
		f->v->peer, f->status, f->said, f->clock);
}

static int tell(const struct icred_host *host, const struct finding *f)
{
	if (f->body.author == ERRORBODY_PAGE)
		return tell_page(host, f);
	if (is_suspended(f->status, &f->body))
		return tell_suspended(host, f);
	if (ratelimit_is(f->status, f->v->reply, &f->body))
		return tell_limit(host, f);
	if (is_passing(f->status))
		return tell_server(host, f);
	if (f->status >= 300 && f->status <= 399)
		return tell_redirect(host, f);
	if (f->body.author != ERRORBODY_SERVICE)
		return tell_unknown(host, f);
	switch (f->status) {
	case 401:
	case 403:
		return tell_refusal(host, f);
	case 404:
	case 410:
		return tell_missing(host, f);
	case 400:
	case 422:
		return tell_bad_request(host, f);
	default:
		return host->fail(host, ICRED_E_PROTOCOL,
				  "%s answered %ld%s; check the settings api and path-prefix", f->v->peer,
				  f->status, f->said);
	}
}

int verdict_tell(const struct icred_host *host, const struct verdict *verdict)
{
	struct finding finding = find(verdict);

	return tell(host, &finding);
}

int verdict_tell_body(const struct icred_host *host, const struct verdict *verdict, int code,
		      const char *reason)
{
	struct finding f;
	char type[QUOTE_SIZE];
	bool odd = verdict->reply->type[0] && strncasecmp(verdict->reply->type, "application/json", 16) != 0;

	if (code == ICRED_E_NO_MEMORY)
		return host->fail(host, code, "%s while reading the answer of %s", reason, verdict->peer);
	f = find(verdict);
	/* A page, or an error that a status of success hides. */
	if (f.body.author != ERRORBODY_UNKNOWN)
		return tell(host, &f);
	if (ratelimit_says(&f.body))
		return tell_limit(host, &f);
	if (code == ICRED_E_SUSPENDED)
		return host->fail(
			host, code,
			"%s: %s, so the installation seems to be suspended; the organization must allow the "
			"app again",
			verdict->peer, reason);
	quote(type, sizeof(type), verdict->reply->type, strlen(verdict->reply->type));
	return host->fail(host, code, "%s answered %ld, but %s%s%s%s; check the setting api%s", verdict->peer,
			  verdict->reply->status, reason, odd ? " (it is of type " : "", odd ? type : "",
			  odd ? ")" : "", f.clock);
}
