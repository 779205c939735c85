/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a token says of itself, and its count of references. */
#include "config.h"

#include "lib/base/language.h"
#include "lib/token/token.h"

_export_ icred_token_t *icred_token_ref(icred_token_t *token)
{
	return token_ref(token);
}

_export_ void icred_token_unref(icred_token_t *token)
{
	token_unref(token);
}

_export_ const char *icred_token_secret(const icred_token_t *token)
{
	return token->body->record.secret;
}

_export_ int64_t icred_token_expires_at(const icred_token_t *token)
{
	return token->body->record.expires_at;
}

_export_ int64_t icred_token_minted_at(const icred_token_t *token)
{
	return token->body->record.minted_at;
}

_export_ const char *icred_token_app(const icred_token_t *token)
{
	return token->body->record.identity.app;
}

_export_ const char *icred_token_installation(const icred_token_t *token)
{
	return token->body->record.installation;
}

_export_ const char *icred_token_organization(const icred_token_t *token)
{
	return token->body->record.organization;
}

_export_ const char *icred_token_permission(const icred_token_t *token, size_t i, const char **ret_name)
{
	const char *const *permissions = token->body->record.permissions;

	for (size_t at = 0; permissions[at]; at += 2) {
		if (at / 2 == i) {
			if (ret_name)
				*ret_name = permissions[at];
			return permissions[at + 1];
		}
	}
	return NULL;
}
