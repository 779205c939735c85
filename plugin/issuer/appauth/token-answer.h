/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the service answers, read and judged.  Each reader tells in *ret_reason what is wrong. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_TOKEN_ANSWER_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_TOKEN_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "plugin/issuer/appauth/appauth.h"

#define ANSWER_ID_SIZE  (ICRED_ID_MAX + 1)
#define ANSWER_LIFE     7200  /* a token's, where expiresAt is missing ... */
#define ANSWER_LIFE_MAX 86400 /* longer than any issuer's tokens live */
#define ANSWER_MARGIN   300   /* ... less this                             */

struct json_object;

struct answer_token {
	struct json_object *root;
	const char *token;
	int64_t expires_at;
	/* Whose it is: NULL where the answer does not say, "" where it says so by something that is not an ID. */
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

#endif
