/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Installation access tokens of the International Carbon Registry: icred-issuer-icr(8). */
#include "config.h"

#include "plugin/issuer/appauth/appauth.h"

static const struct appauth_scheme icr_scheme = {
	.api = "https://api.carbonregistry.com",
	.installation_token = "/app/installations/{id}/accessTokens",
	.app_token = "/app/accessTokens",
	.organization_installation = "/app/organizations/{id}/installation",
	.installations = "/app/installations?limit=50&page=",
	.first_page = 0,
	.accept = "application/json",
	.version_header = "x-icr-api-version",
	.version = "2023-06-16",
	.alg_claim = true,
	.token = "token",
	.expires_at = "expiresAt",
	.is_active = "isActive",
	.installation_id = "installationId",
	.organization_id = "organizationId",
	.app_id = "appId",
	.permissions = "permissions",
	.error_status = "statusCode",
	.list = "installations",
	.owner = "organization",
};

static int icr_open(const struct icred_host *host, void **ret_self)
{
	return appauth_open(&icr_scheme, host, ret_self);
}

static const struct icred_issuer_ops icr_ops = {
	.size = sizeof(icr_ops),
	.mint = appauth_mint,
};

static const struct icred_module icr_module = {
	.size = sizeof(icr_module),
	.minor = ICRED_MODULE_MINOR,
	.facility = ICRED_ISSUER,
	.name = "icr",
	.threads = ICRED_THREADS_PARALLEL,
	.can = ICRED_CAN_MINT,
	.open = icr_open,
	.close = appauth_close,
	.ops = &icr_ops,
	.arguments = "api-version path-prefix ca",
};

const struct icred_module *icred_module_1(void)
{
	return &icr_module;
}
