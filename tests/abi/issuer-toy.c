/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An issuer without a server: it has the key stack sign, and grants a token
 * that says how long the signature was; with -DWILD_IDLE it does not say that it can, with
 * -DWILD_LATE it fails when it has granted one, with -DWILD_TWICE it grants two, with
 * -DWILD_HUGE one that is too long, with -DWILD_LARGE more than there is room for.
 */
#include <stdio.h>
#include <string.h>
#include <icred/module.h>

static int self;

static int toy_open(const struct icred_host *host, void **ret_self)
{
	if (host->size < sizeof(size_t) + sizeof(unsigned))
		return ICRED_E_INTERNAL;
	*ret_self = &self;
	return ICRED_OK;
}

static int toy_mint(void *given, const struct icred_host *host, const struct icred_mint_request *request,
		    int (*granted)(const struct icred_grant *grant, void *data), void *data)
{
	struct icred_grant grant = {.size = sizeof(grant), .expires_at = 4000000000};
	struct icred_signing *signing;
	unsigned char signature[2048];
	char token[64];
	size_t len = 0;
	int r;

	if (given != &self || !request->app || request->target != ICRED_TARGET_INSTALLATION)
		return host->fail(host, ICRED_E_UNSUPPORTED, "the toy is for installations");
	r = host->sign_begin(host, request->id, 3, &signing);
	if (r == ICRED_OK)
		r = host->sign_end(host, signing, signature, sizeof(signature), &len);
	if (r < 0)
		return r;
	(void)snprintf(token, sizeof(token), "toy_%zu_%c", len, signature[0]);
	grant.token = token;
	grant.installation = request->id;
#ifdef WILD_LATE
	grant.token = "late";
	(void)granted(&grant, data);
	return host->fail(host, ICRED_E_NETWORK, "the line broke");
#endif
#ifdef WILD_TWICE
	(void)granted(&grant, data);
	(void)granted(&grant, data);
	return ICRED_OK;
#endif
#ifdef WILD_HUGE
	static char huge[4098];
	memset(huge, 'a', sizeof(huge) - 1);
	grant.token = huge;
#endif
#ifdef WILD_LARGE
	static char large[1 << 20];
	for (size_t i = 0; i + 1 < sizeof(large); i++)
		large[i] = 'x';
	grant.organization = large;
#endif
	return granted(&grant, data);
}

static const struct icred_issuer_ops ops = {.size = sizeof(ops), .mint = toy_mint};
static const struct icred_module table = {
	.size = sizeof(table),
	.minor = ICRED_MODULE_MINOR,
	.facility = ICRED_ISSUER,
	.name = "toy",
	.threads = ICRED_THREADS_PARALLEL,
#ifndef WILD_IDLE
	.can = ICRED_CAN_MINT,
#endif
	.open = toy_open,
	.ops = &ops,
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
