/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An answer that is not the one that was wanted: its kind, and what to do. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "plugin/issuer/appauth/answer.h"

#define SKEW_MAX 30 /* seconds that two clocks may differ without harm */

/* What the messages are made of. */
struct finding {
	const struct answer_error *e;
	struct error_body body;
	long status;               /* the answer's, or that of the error in a 2xx */
	char said[QUOTE_SIZE + 8]; /* `: "Access token invalid"`, or "" */
	char clock[QUOTE_SIZE];    /* "; this machine's clock is ...", or "" */
};

bool answer_is_success(const struct http_reply *reply)
{
	return reply->status >= 200 && reply->status <= 299;
}

static bool is_suspended(long status, const struct error_body *body)
{
	static const char *const words[] = {"suspend", "not active", "inactive", "deactivated", NULL};

	return status == 403 && body->author == ERROR_AUTHOR_SERVICE && error_body_mentions(body, words) &&
	       !error_body_mentions_limit(body);
}

bool answer_rejects_jwt(const struct appauth_scheme *scheme, const struct http_reply *reply)
{
	struct error_body body;

	if (reply->status != 401 && reply->status != 403)
		return false;
	body = error_body_read(scheme, reply);
	return body.author != ERROR_AUTHOR_PAGE && !is_suspended(reply->status, &body) &&
	       !answer_is_rate_limited(reply->status, reply, &body);
}

static struct finding find(const struct answer_error *e)
{
	struct finding f = {.e = e, .body = error_body_read(e->scheme, e->reply)};
	int64_t skew = e->reply->date ? e->now - e->reply->date : 0;

	f.status = answer_is_success(e->reply) && f.body.status ? f.body.status : e->reply->status;
	snprintf(f.said, sizeof(f.said), f.body.text[0] ? ": \"%s\"" : "%s", f.body.text);
	if (skew > SKEW_MAX || skew < -SKEW_MAX)
		snprintf(f.clock, sizeof(f.clock),
			 "; this machine's clock is %" PRId64 " s %s the server's: check NTP",
			 skew < 0 ? -skew : skew, skew < 0 ? "behind" : "ahead of");
	return f;
}

/* Call it after fail(), which begins a new error. */
static int with_retry_at(const struct icred_host *host, int64_t at, int code)
{
	if (at > 0)
		host->retry_at(host, at);
	return code;
}

static int report_limit(const struct icred_host *host, const struct finding *f)
{
	int64_t now = f->e->now, at = rate_limit_until(f->e->reply, now);

	if (at == 0)
		at = now + RATE_LIMIT_WAIT;
	return with_retry_at(host, at,
			     host->fail(host, ICRED_E_RATE_LIMITED,
					"%s received too many requests (%ld%s); try again in %" PRId64 " s",
					f->e->peer, f->status, f->said, at - now));
}

static bool is_temporary(long status)
{
	return status == 408 || status == 429 || (status >= 500 && status <= 599);
}

/* A web page is from something between us and the service, which knows nothing of keys, apps and installations. */
static int report_page(const struct icred_host *host, const struct finding *f)
{
	bool is_network = is_temporary(f->status) || f->status == 407;
	const char *remedy = f->status == 407   ? "check https_proxy in the environment"
			     : f->status == 511 ? "log in to the network with a browser, then try again"
			     : is_network ? "try again in a while, and check that no proxy is in between"
					  : "check the network and the setting api";
	int code = host->fail(
		host, is_network ? ICRED_E_NETWORK : ICRED_E_PROTOCOL,
		"instead of %s, a proxy, a portal or a web server answered (%ld, a web page); %s%s",
		f->e->peer, f->status, remedy, f->clock);

	return with_retry_at(host, is_temporary(f->status) ? rate_limit_until(f->e->reply, f->e->now) : 0,
			     code);
}

/* Errors of the service itself. */
static int report_error(const struct icred_host *host, const struct finding *f)
{
	static const char *const version[] = {"version", NULL};
	const struct icred_mint_request *request = f->e->request;

	switch (f->status) {
	case 401:
	case 403:
		return host->fail(
			host, ICRED_E_REJECTED,
			"%s refused the key (%ld%s); check that the app's ID is %s and that this key is still "
			"listed in its dashboard%s",
			f->e->peer, f->status, f->said, request->app, f->clock);
	case 404:
	case 410:
		if (request->target == ICRED_TARGET_APP)
			return host->fail(
				host, ICRED_E_NOT_FOUND,
				"%s does not know the app %s (%ld%s); check the settings app, api and path-prefix",
				f->e->peer, request->app, f->status, f->said);
		return host->fail(
			host, ICRED_E_NOT_FOUND,
			"%s has no installation %s%s of the app %s (%ld%s); check the ID, and that the app is "
			"installed there",
			f->e->peer,
			request->target == ICRED_TARGET_ORGANIZATION ? "at the organization " : "",
			request->id ? request->id : "", request->app, f->status, f->said);
	case 400:
	case 422:
		if (error_body_mentions(&f->body, version))
			return host->fail(
				host, ICRED_E_INVALID,
				"%s does not support this version of the API (%ld%s); check the setting "
				"api-version",
				f->e->peer, f->status, f->said);
		return host->fail(
			host, ICRED_E_INVALID,
			"%s does not understand the request (%ld%s); check the IDs and the setting path-prefix%s",
			f->e->peer, f->status, f->said, f->clock);
	default:
		return host->fail(host, ICRED_E_PROTOCOL,
				  "%s answered %ld%s; check the settings api and path-prefix", f->e->peer,
				  f->status, f->said);
	}
}

static int report(const struct icred_host *host, const struct finding *f)
{
	const struct answer_error *e = f->e;

	if (f->body.author == ERROR_AUTHOR_PAGE)
		return report_page(host, f);
	if (is_suspended(f->status, &f->body))
		return host->fail(
			host, ICRED_E_SUSPENDED,
			"%s says that the installation is suspended (%ld%s); the organization must allow the app "
			"again",
			e->peer, f->status, f->said);
	if (answer_is_rate_limited(f->status, e->reply, &f->body))
		return report_limit(host, f);
	if (is_temporary(f->status))
		return with_retry_at(host, rate_limit_until(e->reply, e->now),
				     host->fail(host, ICRED_E_NETWORK,
						"%s has a problem (%ld%s); try again in a while", e->peer,
						f->status, f->said));
	if (f->status >= 300 && f->status <= 399)
		return host->fail(
			host, ICRED_E_PROTOCOL,
			"%s answered with a redirect (%ld), and redirects are not followed; check the setting api",
			e->peer, f->status);
	if (f->body.author == ERROR_AUTHOR_SERVICE)
		return report_error(host, f);
	/* A refusal that is not in the service's form may be a gateway's: then the key is not to blame. */
	if (f->status == 401 || f->status == 403)
		return host->fail(
			host, ICRED_E_PROTOCOL,
			"a request to %s was refused (%ld%s), but not in the form of the service's errors, so the "
			"answer may come from a proxy or gateway; check the network and the settings api and "
			"path-prefix, then that the app's ID is %s%s",
			e->peer, f->status, f->said, e->request->app, f->clock);
	return host->fail(
		host, ICRED_E_PROTOCOL,
		"%s answered %ld%s, but not in the form of the service's errors; check the network and the "
		"settings api and path-prefix%s",
		e->peer, f->status, f->said, f->clock);
}

int answer_error_report(const struct icred_host *host, const struct answer_error *e)
{
	struct finding finding = find(e);

	return report(host, &finding);
}

int answer_error_report_body(const struct icred_host *host, const struct answer_error *e, int code,
			     const char *reason)
{
	bool odd = e->reply->type[0] && strncasecmp(e->reply->type, "application/json", 16) != 0;
	struct finding f;
	char type[QUOTE_SIZE];

	if (code == ICRED_E_NO_MEMORY)
		return host->fail(host, code, "%s while reading the answer of %s", reason, e->peer);
	f = find(e);
	/* A page, or an error that a status of success hides. */
	if (f.body.author != ERROR_AUTHOR_UNKNOWN)
		return report(host, &f);
	if (error_body_mentions_limit(&f.body))
		return report_limit(host, &f);
	if (code == ICRED_E_SUSPENDED)
		return host->fail(
			host, code,
			"%s: %s, so the installation seems to be suspended; the organization must allow the "
			"app again",
			e->peer, reason);
	quote(type, sizeof(type), e->reply->type, strlen(e->reply->type));
	return host->fail(host, code, "%s answered %ld, but %s%s%s%s; check the setting api%s", e->peer,
			  e->reply->status, reason, odd ? " (of type " : "", odd ? type : "", odd ? ")" : "",
			  f.clock);
}
