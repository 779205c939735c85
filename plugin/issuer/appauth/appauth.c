/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a request for a token to the token: find the installation, post the JWT, judge the answer. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "plugin/issuer/appauth/token-answer.h"
#include "plugin/issuer/appauth/appauth.h"
#include "plugin/issuer/appauth/bearer.h"
#include "plugin/issuer/appauth/http.h"
#include "plugin/shared/quote.h"
#include "plugin/issuer/appauth/url.h"
#include "plugin/issuer/appauth/verdict.h"

#define PAGES_MAX    200
#define VERSION_SIZE 128

static const char EMPTY_BODY[] = "{}";

struct appauth {
	const struct appauth_scheme *scheme;
	struct url_base base;
	char version[VERSION_SIZE]; /* the header, or "" for none */
	char accept[VERSION_SIZE];
	struct http *http;
	struct bearer_cache *cache;
};

/* One call of appauth_mint. */
struct mint {
	struct appauth *self;
	const struct icred_host *host;
	const struct icred_mint_request *request;
	struct bearer bearer;
	struct http_reply reply;
};

/* An argument of the stack line wins over the profile's setting. */
static const char *option(const struct icred_host *host, const char *name)
{
	const char *value = host->argument(host, name);

	return value ? value : host->setting(host, name);
}

static bool is_version(const char *text)
{
	size_t n = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._");

	return n > 0 && text[n] == '\0' && n <= 32;
}

static int open_version(struct appauth *self, const struct icred_host *host)
{
	const char *version = option(host, "api-version");

	version = version ? version : self->scheme->version;
	if (!version || strcmp(version, "off") == 0 || strcmp(version, "none") == 0)
		return 0;
	if (!is_version(version))
		return host->fail(host, ICRED_E_INVALID,
				  "the setting api-version must look like %s, or be \"off\"",
				  self->scheme->version);
	snprintf(self->version, sizeof(self->version), "%s: %s", self->scheme->version_header, version);
	return 0;
}

static int open_base(struct appauth *self, const struct icred_host *host)
{
	const char *api = host->setting(host, "api");
	const char *problem;

	problem = url_base_read(api ? api : self->scheme->api, option(host, "path-prefix"), &self->base);
	if (problem)
		return host->fail(host, ICRED_E_INVALID, "%s", problem);
	return 0;
}

static int open_transport(struct appauth *self, const struct icred_host *host)
{
	const char *ca = option(host, "ca");
	int r = ca ? bundle_check(host, ca) : 0;

	return r < 0 ? r : http_open(host, ca, &self->http);
}

int appauth_open(const struct appauth_scheme *scheme, const struct icred_host *host, void **ret_self)
{
	struct appauth *self = calloc(1, sizeof(*self));
	int r;

	if (!self || !(self->cache = bearer_cache_new(host))) {
		free(self);
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	}
	self->scheme = scheme;
	snprintf(self->accept, sizeof(self->accept), "Accept: %s", scheme->accept);
	r = open_version(self, host);
	if (r == 0)
		r = open_base(self, host);
	if (r == 0)
		r = open_transport(self, host);
	if (r < 0) {
		appauth_close(self, host);
		return r;
	}
	*ret_self = self;
	return 0;
}

void appauth_close(void *self, const struct icred_host *host)
{
	struct appauth *a = self;

	if (!a)
		return;
	http_close(a->http);
	bearer_cache_free(a->cache, host);
	free(a);
}

/* The request leaves with its JWT or not at all: libcurl starts once the signature is there. */
static int mint_send(struct mint *m, const char *url, const char *body)
{
	static char json[] = "Content-Type: application/json";
	struct curl_slist type = {.data = json};
	struct curl_slist accept = {.data = m->self->accept, .next = &type};
	struct curl_slist version = {.data = m->self->version, .next = &accept};
	struct curl_slist bearer = {.data = m->bearer.line, .next = m->self->version[0] ? &version : &accept};
	struct http_request request = {.peer = m->self->base.peer,
				       .url = url,
				       .body = body,
				       .plain = m->self->base.plain,
				       .headers = &bearer};
	int r = bearer_complete(&m->bearer);

	return r < 0 ? r : http_perform(m->self->http, m->host, &request, &m->reply);
}

static int mint_begin(struct mint *m)
{
	m->bearer = (struct bearer){.cache = m->self->cache,
				    .host = m->host,
				    .app = m->request->app,
				    .alg_claim = m->self->scheme->alg_claim};
	return bearer_begin(&m->bearer);
}

/* One request; once more with a new JWT if the server has grown tired of a used one. */
static int mint_call(struct mint *m, const char *path, const char *id, const char *body)
{
	char url[URL_SIZE];
	int r;

	if (!url_make(&m->self->base, path, id, url))
		return m->host->fail(m->host, ICRED_E_INVALID, "the ID is too long for a URL");
	r = mint_send(m, url, body);
	if (r < 0 || !verdict_is_refusal(m->self->scheme, &m->reply))
		return r;
	bearer_reject(&m->bearer);
	if (!m->bearer.is_reused)
		return 0;
	bearer_end(&m->bearer);
	r = mint_begin(m);
	if (r == 0)
		r = mint_send(m, url, body);
	if (r == 0 && verdict_is_refusal(m->self->scheme, &m->reply))
		bearer_reject(&m->bearer);
	return r;
}

static struct verdict mint_verdict(const struct mint *m)
{
	return (struct verdict){.scheme = m->self->scheme,
				.request = m->request,
				.reply = &m->reply,
				.peer = m->self->base.peer,
				.now = (int64_t)time(NULL)};
}

static int mint_fail(const struct mint *m)
{
	struct verdict verdict = mint_verdict(m);

	return verdict_tell(m->host, &verdict);
}

static int mint_fail_body(const struct mint *m, int code, const char *reason)
{
	struct verdict verdict = mint_verdict(m);

	return verdict_tell_body(m->host, &verdict, code, reason);
}

static int mint_no_installation(const struct mint *m)
{
	return m->host->fail(
		m->host, ICRED_E_NOT_FOUND,
		"%s lists no installation of the app %s at the organization %s; check the ID, and that the "
		"app is installed there",
		m->self->base.peer, m->request->app, m->request->id);
}

static int mint_read_page(struct mint *m, unsigned number, struct answer_page *ret_page)
{
	const struct appauth_scheme *scheme = m->self->scheme;
	char path[URL_SIZE];
	const char *reason;
	int r;

	snprintf(path, sizeof(path), "%s%u", scheme->installations, number);
	r = mint_call(m, path, "", NULL);
	if (r < 0)
		return r;
	if (!verdict_is_success(&m->reply))
		return mint_fail(m);
	r = answer_page(scheme, m->reply.body, m->reply.len, number, m->request->id, ret_page, &reason);
	return r < 0 ? mint_fail_body(m, r, reason) : 0;
}

static int mint_walk(struct mint *m, char id[ANSWER_ID_SIZE])
{
	char last[ANSWER_ID_SIZE] = "";
	unsigned number = m->self->scheme->first_page;

	for (unsigned i = 0; i < PAGES_MAX; i++) {
		struct answer_page page;
		int r = mint_read_page(m, number, &page);

		if (r < 0)
			return r;
		if (page.found[0]) {
			memcpy(id, page.found, sizeof(page.found));
			return 0;
		}
		/* A server that knows no pages gives the same one for ever. */
		if (!page.more || strcmp(page.first, last) == 0)
			break;
		memcpy(last, page.first, sizeof(last));
		number = page.next;
	}
	return mint_no_installation(m);
}

/* The service has a direct way by its documentation, and a list that surely works. */
static int mint_find(struct mint *m, char id[ANSWER_ID_SIZE])
{
	const struct appauth_scheme *scheme = m->self->scheme;
	const char *reason;
	int r;

	if (!scheme->organization_installation)
		return mint_walk(m, id);
	r = mint_call(m, scheme->organization_installation, m->request->id, NULL);
	if (r < 0)
		return r;
	if (m->reply.status == 404)
		return mint_walk(m, id);
	if (!verdict_is_success(&m->reply))
		return mint_fail(m);
	r = answer_installation(scheme, m->reply.body, m->reply.len, m->request->id, id, &reason);
	return r < 0 ? mint_fail_body(m, r, reason) : 0;
}

/* An answer for another than was asked is not handed on: its token would be used, and cached, as another's. */
static int mint_check_owner(const struct mint *m, const char *installation, const struct answer_token *token)
{
	const struct icred_mint_request *request = m->request;
	bool is_app = request->target == ICRED_TARGET_APP;
	bool is_organization = request->target == ICRED_TARGET_ORGANIZATION;
	const struct {
		const char *what;
		const char *got;
		const char *asked;
	} owners[] = {{"installation", token->installation, is_app ? "the app itself" : installation},
		      {"organization", is_organization ? token->organization : NULL, request->id},
		      {"app", token->app, request->app}};

	for (size_t i = 0; i < sizeof(owners) / sizeof(owners[0]); i++) {
		char got[QUOTE_SIZE];

		if (!owners[i].got || answer_same_id(owners[i].got, owners[i].asked))
			continue;
		quote(got, sizeof(got), owners[i].got, strlen(owners[i].got));
		return m->host->fail(m->host, ICRED_E_PROTOCOL,
				     "%s gave a token of the %s \"%s\" instead of %s; check the setting api",
				     m->self->base.peer, owners[i].what, got, owners[i].asked);
	}
	return 0;
}

static int mint_grant(struct mint *m, const char *installation, const struct answer_token *token,
		      int (*granted)(const struct icred_grant *grant, void *data), void *data)
{
	bool is_app = m->request->target == ICRED_TARGET_APP;
	bool is_organization = m->request->target == ICRED_TARGET_ORGANIZATION;
	struct icred_grant grant = {
		.size = sizeof(grant),
		.token = token->token,
		.expires_at = token->expires_at,
		.installation = is_app ? NULL : installation,
		.organization = is_organization ? m->request->id : token->organization,
		.permissions = token->permissions,
	};
	int r = mint_check_owner(m, installation, token);

	if (r < 0)
		return r;
	if (token->has_more_permissions)
		m->host->log(m->host, ICRED_LOG_WARNING,
			     "%s granted more than %d permissions; the first %d are reported",
			     m->self->base.peer, ICRED_PERMISSIONS_MAX, ICRED_PERMISSIONS_MAX);
	return granted(&grant, data);
}

static int mint_token(struct mint *m, const char *path, const char *installation,
		      int (*granted)(const struct icred_grant *grant, void *data), void *data)
{
	struct answer_token token;
	const char *reason;
	int r;

	r = mint_call(m, path, installation, EMPTY_BODY);
	if (r < 0)
		return r;
	if (!verdict_is_success(&m->reply))
		return mint_fail(m);
	r = answer_token(m->self->scheme, m->reply.body, m->reply.len, (int64_t)time(NULL), &token, &reason);
	if (r < 0)
		return mint_fail_body(m, r, reason);
	r = mint_grant(m, installation, &token, granted, data);
	answer_token_free(&token);
	return r;
}

static int mint_run(struct mint *m, int (*granted)(const struct icred_grant *grant, void *data), void *data)
{
	const struct appauth_scheme *scheme = m->self->scheme;
	char found[ANSWER_ID_SIZE];
	int r;

	switch (m->request->target) {
	case ICRED_TARGET_APP:
		return mint_token(m, scheme->app_token, "", granted, data);
	case ICRED_TARGET_INSTALLATION:
		return mint_token(m, scheme->installation_token, m->request->id, granted, data);
	default:
		r = mint_find(m, found);
		if (r == 0 && !url_is_id(found))
			r = mint_fail_body(m, ICRED_E_PROTOCOL,
					   "the installation's ID in the answer is not one");
		return r < 0 ? r : mint_token(m, scheme->installation_token, found, granted, data);
	}
}

/* Everything that can be known before a key is asked for. */
static int mint_check(const struct mint *m)
{
	const struct icred_host *host = m->host;
	int target = m->request->target;

	if (!m->request->app || !*m->request->app)
		return host->fail(host, ICRED_E_INVALID,
				  "no app: name its ID in the setting app, or with --app");
	if (target == ICRED_TARGET_APP)
		return m->self->scheme->app_token
			       ? 0
			       : host->fail(host, ICRED_E_UNSUPPORTED,
					    "%s has no tokens for the app itself; name an installation",
					    m->self->base.peer);
	if (target != ICRED_TARGET_INSTALLATION && target != ICRED_TARGET_ORGANIZATION)
		return host->fail(host, ICRED_E_UNSUPPORTED, "the issuer does not know this kind of target");
	if (!url_is_id(m->request->id))
		return host->fail(host, ICRED_E_INVALID, "the ID of the %s is empty, too long, or not an ID",
				  target == ICRED_TARGET_ORGANIZATION ? "organization" : "installation");
	return 0;
}

int appauth_mint(void *self, const struct icred_host *host, const struct icred_mint_request *request,
		 int (*granted)(const struct icred_grant *grant, void *data), void *data)
{
	struct mint m = {.self = self, .host = host, .request = request};
	int r = mint_check(&m);

	if (r < 0)
		return r;
	r = mint_begin(&m);
	if (r == 0)
		r = mint_run(&m, granted, data);
	bearer_end(&m.bearer);
	http_reply_clear(host, &m.reply);
	return r;
}
