/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a request for a token to the token: find the installation, post the JWT, judge the answer. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/base/language.h"
#include "plugin/issuer/appauth/answer.h"
#include "plugin/issuer/appauth/appauth.h"
#include "plugin/issuer/appauth/bearer.h"
#include "plugin/issuer/appauth/http.h"
#include "plugin/issuer/appauth/url.h"

#define PAGES_MAX    200
#define VERSION_MAX  32
#define VERSION_SIZE 128 /* of the header's line */

static const char VERSION_CHARACTERS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._";

struct appauth {
	const struct appauth_scheme *scheme;
	struct url_base base;
	char version[VERSION_SIZE]; /* the header, or "" for none */
	char accept[VERSION_SIZE];
	struct http *http;
	struct bearer_cache *cache;
};

/* One call of appauth_mint. */
struct app_mint {
	struct appauth *self;
	const struct icred_host *host;
	const struct icred_mint_request *request;
	int (*granted)(const struct icred_grant *grant, void *data);
	void *data;
	struct bearer bearer;
	struct http_reply reply;
};

/* An argument of the stack line wins over the profile's setting. */
static const char *option(const struct icred_host *host, const char *name)
{
	const char *value = host->argument(host, name);

	return value ? value : host->setting(host, name);
}

static int open_settings(struct appauth *self, const struct icred_host *host)
{
	const struct appauth_scheme *scheme = self->scheme;
	const char *version = option(host, "api-version"), *api = host->setting(host, "api");
	const char *ca = option(host, "ca"), *problem;
	int r;

	snprintf(self->accept, sizeof(self->accept), "Accept: %s", scheme->accept);
	version = version ? version : scheme->version;
	if (version && strcmp(version, "off") != 0 && strcmp(version, "none") != 0) {
		size_t len = strspn(version, VERSION_CHARACTERS);

		if (len == 0 || version[len] || len > VERSION_MAX)
			return host->fail(host, ICRED_E_INVALID,
					  "the setting api-version must look like %s, or be \"off\"",
					  scheme->version);
		snprintf(self->version, sizeof(self->version), "%s: %s", scheme->version_header, version);
	}
	problem = url_base_read(api ? api : scheme->api, option(host, "path-prefix"), &self->base);
	if (problem)
		return host->fail(host, ICRED_E_INVALID, "%s", problem);
	r = ca ? bundle_check(host, ca) : 0;
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
	r = open_settings(self, host);
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

static int begin_bearer(struct app_mint *m)
{
	m->bearer = (struct bearer){.cache = m->self->cache,
				    .host = m->host,
				    .app = m->request->app,
				    .alg_claim = m->self->scheme->alg_claim};
	return bearer_begin(&m->bearer);
}

/* A request without its JWT must not be sent: libcurl starts when the signature is there. */
static int send_request(struct app_mint *m, const char *url, const char *body)
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

/* One request, and a second one with a new JWT if the server no longer takes one that was used before. */
static int call(struct app_mint *m, const char *path, const char *id, const char *body)
{
	char url[URL_SIZE];
	int r;

	if (!url_make(&m->self->base, path, id, url))
		return m->host->fail(m->host, ICRED_E_INVALID, "the ID is too long for a URL");
	r = send_request(m, url, body);
	if (r < 0 || !answer_rejects_jwt(m->self->scheme, &m->reply))
		return r;
	bearer_reject(&m->bearer);
	if (!m->bearer.is_reused)
		return 0;
	bearer_end(&m->bearer);
	r = begin_bearer(m);
	if (r == 0)
		r = send_request(m, url, body);
	if (r == 0 && answer_rejects_jwt(m->self->scheme, &m->reply))
		bearer_reject(&m->bearer);
	return r;
}

/* The answer is of no use: by its status, or, if there is a reason, by its body. */
static int refuse(const struct app_mint *m, int code, const char *reason)
{
	struct answer_error error = {.scheme = m->self->scheme,
				     .request = m->request,
				     .reply = &m->reply,
				     .peer = m->self->base.peer,
				     .now = (int64_t)time(NULL)};

	return reason ? answer_error_report_body(m->host, &error, code, reason)
		      : answer_error_report(m->host, &error);
}

/* The installation of the organization, from the list. */
static int find_in_list(struct app_mint *m, char id[ANSWER_ID_SIZE])
{
	const struct appauth_scheme *scheme = m->self->scheme;
	char last[ANSWER_ID_SIZE] = "", path[URL_SIZE];
	unsigned number = scheme->first_page;

	for (unsigned i = 0; i < PAGES_MAX; i++) {
		struct answer_page page;
		const char *reason;
		int r;

		snprintf(path, sizeof(path), "%s%u", scheme->installations, number);
		r = call(m, path, "", NULL);
		if (r < 0)
			return r;
		if (!answer_is_success(&m->reply))
			return refuse(m, 0, NULL);
		r = answer_page(scheme, m->reply.body, m->reply.len, number, m->request->id, &page, &reason);
		if (r < 0)
			return refuse(m, r, reason);
		if (page.found[0]) {
			memcpy(id, page.found, sizeof(page.found));
			return 0;
		}
		/* A server without pages sends the same one again and again. */
		if (!page.more || strcmp(page.first, last) == 0)
			break;
		memcpy(last, page.first, sizeof(last));
		number = page.next;
	}
	return m->host->fail(
		m->host, ICRED_E_NOT_FOUND,
		"%s has no installation of the app %s at the organization %s; check the ID, and that the "
		"app is installed there",
		m->self->base.peer, m->request->app, m->request->id);
}

/* The direct way is documented, but not every server has it; the list always works. */
static int find_installation(struct app_mint *m, char id[ANSWER_ID_SIZE])
{
	const struct appauth_scheme *scheme = m->self->scheme;
	const char *reason;
	int r;

	if (!scheme->organization_installation)
		return find_in_list(m, id);
	r = call(m, scheme->organization_installation, m->request->id, NULL);
	if (r < 0)
		return r;
	if (m->reply.status == 404)
		return find_in_list(m, id);
	if (!answer_is_success(&m->reply))
		return refuse(m, 0, NULL);
	r = answer_installation(scheme, m->reply.body, m->reply.len, m->request->id, id, &reason);
	return r < 0 ? refuse(m, r, reason) : 0;
}

/* A token of another owner than was asked for is refused: it would be used, and cached, as this one's. */
static int check_owner(const struct app_mint *m, const char *installation, const struct answer_token *token)
{
	bool is_organization = m->request->target == ICRED_TARGET_ORGANIZATION;
	const struct {
		const char *what;
		const char *got;
		const char *asked;
	} owners[] = {{"installation", token->installation, installation ? installation : "the app itself"},
		      {"organization", is_organization ? token->organization : NULL, m->request->id},
		      {"app", token->app, m->request->app}};

	for (size_t i = 0; i < ARRAY_SIZE(owners); i++) {
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

/* installation: its ID, or NULL for the app's own token. */
static int mint_token(struct app_mint *m, const char *installation)
{
	const struct appauth_scheme *scheme = m->self->scheme;
	struct answer_token token;
	const char *reason;
	int r;

	r = call(m, installation ? scheme->installation_token : scheme->app_token, installation, "{}");
	if (r < 0)
		return r;
	if (!answer_is_success(&m->reply))
		return refuse(m, 0, NULL);
	r = answer_token(scheme, m->reply.body, m->reply.len, (int64_t)time(NULL), &token, &reason);
	if (r < 0)
		return refuse(m, r, reason);
	r = check_owner(m, installation, &token);
	if (r == 0 && token.has_more_permissions)
		m->host->log(m->host, ICRED_LOG_WARNING,
			     "%s granted more than %d permissions; the first %d are reported",
			     m->self->base.peer, ICRED_PERMISSIONS_MAX, ICRED_PERMISSIONS_MAX);
	if (r == 0) {
		bool is_organization = m->request->target == ICRED_TARGET_ORGANIZATION;
		struct icred_grant grant = {
			.size = sizeof(grant),
			.token = token.token,
			.expires_at = token.expires_at,
			.installation = installation,
			.organization = is_organization ? m->request->id : token.organization,
			.permissions = token.permissions,
		};

		r = m->granted(&grant, m->data);
	}
	answer_token_free(&token);
	return r;
}

/* What can be checked without asking for a key. */
static int check_request(const struct app_mint *m)
{
	const struct icred_host *host = m->host;
	const struct icred_mint_request *request = m->request;

	if (!request->app || !*request->app)
		return host->fail(host, ICRED_E_INVALID,
				  "the app's ID is missing; name it in the setting app");
	switch (request->target) {
	case ICRED_TARGET_APP:
		if (m->self->scheme->app_token)
			return 0;
		return host->fail(host, ICRED_E_UNSUPPORTED,
				  "%s has no tokens for the app itself; name an installation",
				  m->self->base.peer);
	case ICRED_TARGET_INSTALLATION:
	case ICRED_TARGET_ORGANIZATION:
		if (url_is_id(request->id))
			return 0;
		return host->fail(host, ICRED_E_INVALID, "the ID of the %s is empty, too long, or not an ID",
				  request->target == ICRED_TARGET_ORGANIZATION ? "organization"
									       : "installation");
	default:
		return host->fail(host, ICRED_E_UNSUPPORTED, "the issuer does not know this kind of target");
	}
}

int appauth_mint(void *self, const struct icred_host *host, const struct icred_mint_request *request,
		 int (*granted)(const struct icred_grant *grant, void *data), void *data)
{
	struct app_mint m = {
		.self = self, .host = host, .request = request, .granted = granted, .data = data};
	char found[ANSWER_ID_SIZE];
	int r = check_request(&m);

	if (r < 0)
		return r;
	r = begin_bearer(&m);
	if (r == 0 && request->target == ICRED_TARGET_ORGANIZATION) {
		r = find_installation(&m, found);
		if (r == 0 && !url_is_id(found))
			r = refuse(&m, ICRED_E_PROTOCOL, "the installation's ID in the answer is not valid");
		if (r == 0)
			r = mint_token(&m, found);
	} else if (r == 0) {
		r = mint_token(&m, request->target == ICRED_TARGET_APP ? NULL : request->id);
	}
	bearer_end(&m.bearer);
	http_reply_clear(host, &m.reply);
	return r;
}
