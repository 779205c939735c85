/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The flow by which an app becomes an installation: a JWT signed with the
 * app's key, posted for an access token.  What differs between the services
 * that have such apps is in this table; an issuer module is little else.
 */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_APPAUTH_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_APPAUTH_H

#include <stdbool.h>
#include <icred/module.h>

/* "{id}" in a path is the installation's or organization's; a NULL path: the service has no such thing. */
struct appauth_scheme {
	const char *api;                       /* the API's base, unless the profile says another */
	const char *installation_token;        /* POST                                            */
	const char *app_token;                 /* POST                                            */
	const char *organization_installation; /* GET                                             */
	const char *installations;             /* GET, in pages; with its query up to the number   */
	unsigned first_page;
	const char *accept;
	const char *version_header;
	const char *version;
	bool alg_claim; /* "alg" is also among the claims */

	/* Fields of the answers. */
	const char *token;
	const char *expires_at;
	const char *is_active;
	const char *installation_id;
	const char *organization_id;
	const char *app_id;
	const char *permissions;
	const char *error_status; /* of an error: repeats the status, which no proxy's JSON does */
	const char *list;         /* of the list's envelope; NULL: the answer is the list itself */
	const char *owner;        /* of an installation: the object with the organization's id  */
};

int appauth_open(const struct appauth_scheme *scheme, const struct icred_host *host, void **ret_self);
void appauth_close(void *self, const struct icred_host *host);
int appauth_mint(void *self, const struct icred_host *host, const struct icred_mint_request *request,
		 int (*granted)(const struct icred_grant *grant, void *data), void *data);

#endif
