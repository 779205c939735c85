/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service answers: read, judged, and reported where it is not what was asked for. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_ANSWER_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/issuer/appauth/appauth.h"
#include "plugin/issuer/appauth/http.h"
#include "plugin/shared/quote.h"

#define ANSWER_ID_SIZE  (ICRED_ID_MAX + 1)
#define ANSWER_LIFE     7200  /* a token's, where expiresAt is missing ... */
#define ANSWER_MARGIN   300   /* ... less this                             */
#define ANSWER_LIFE_MAX 86400 /* longer than any issuer's tokens live      */

struct json_object;

/* token-answer.c: answers of success.  Each function says in *ret_reason what is wrong. */
struct answer_token {
	struct json_object *root;
	const char *token;
	int64_t expires_at;
	/* Whose it is: NULL where the answer does not say, "" where it has something that is not an ID. */
	const char *installation;
	const char *organization;
	const char *app;
	const char *permissions[2 * ICRED_PERMISSIONS_MAX + 1];
	bool has_more_permissions; /* than are in permissions */
};

/* One page of the list of installations. */
struct answer_page {
	char found[ANSWER_ID_SIZE]; /* the installation of the organization, or "" */
	char first[ANSWER_ID_SIZE]; /* the first on the page                       */
	bool more;
	unsigned next;
};

int answer_token(const struct appauth_scheme *scheme, const char *body, size_t len, int64_t now,
		 struct answer_token *ret_token, const char **ret_reason);
void answer_token_free(struct answer_token *token);
/* The installation's ID from an answer about one installation of this organization. */
int answer_installation(const struct appauth_scheme *scheme, const char *body, size_t len,
			const char *organization, char ret_id[ANSWER_ID_SIZE], const char **ret_reason);
int answer_page(const struct appauth_scheme *scheme, const char *body, size_t len, unsigned page,
		const char *organization, struct answer_page *ret_page, const char **ret_reason);
/* Do two IDs name the same thing?  Those of the form of a UUID are compared without regard to case. */
bool answer_same_id(const char *a, const char *b);

/*
 * error-body.c: the body of an answer that is not a success.  Only the service itself knows about keys, apps and
 * installations.  A proxy, a portal or a gateway in between answers with pages, texts and JSON of its own, under
 * the same statuses.
 */
enum error_author {
	ERROR_AUTHOR_UNKNOWN, /* empty, plain text, or the JSON of another program */
	ERROR_AUTHOR_PAGE,    /* a web page: not the service */
	ERROR_AUTHOR_SERVICE, /* an error object of the service */
};

struct error_body {
	enum error_author author;
	long status;           /* in the service's object; else 0 */
	char text[QUOTE_SIZE]; /* its message, fit for a message of ours; or "" */
};

struct error_body error_body_read(const struct appauth_scheme *scheme, const struct http_reply *reply);
/* Does the text contain one of these, in any letter case?  The list ends with NULL. */
bool error_body_mentions(const struct error_body *body, const char *const words[]);

/* rate-limit.c: too many requests; how a service says so, and when it takes the next one. */
#define RATE_LIMIT_WAIT     60    /* seconds, where the service does not say how long ... */
#define RATE_LIMIT_WAIT_MAX 86400 /* ... and the most that is believed                    */

/* By its status, its headers or its text. */
bool answer_is_rate_limited(long status, const struct http_reply *reply, const struct error_body *body);
/* By its text alone, which counts under a status of success, too. */
bool error_body_mentions_limit(const struct error_body *body);
/* When the service takes requests again, by its headers; 0 if they do not say.  now: our clock, UTC. */
int64_t rate_limit_until(const struct http_reply *reply, int64_t now);

/* answer-error.c: an answer that is not the one we want, its kind, and what to do. */
struct answer_error {
	const struct appauth_scheme *scheme;
	const struct icred_mint_request *request;
	const struct http_reply *reply;
	const char *peer;
	int64_t now;
};

bool answer_is_success(const struct http_reply *reply);
/* The server does not take this JWT, but may take a new one. */
bool answer_rejects_jwt(const struct appauth_scheme *scheme, const struct http_reply *reply);
/* Record the failure that the answer means; returns its ICRED_E_ code. */
int answer_error_report(const struct icred_host *host, const struct answer_error *error);
/* The same for a success by its status whose body cannot be used, for this reason. */
int answer_error_report_body(const struct icred_host *host, const struct answer_error *error, int code,
			     const char *reason);

#endif
