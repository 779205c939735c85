/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "plugin/shared/signed.h"

void signed_by(const struct icred_host *host, const struct rsa_key *key)
{
	struct rsa_info info;
	char why[RSA_WHY_SIZE];

	if (host->size < offsetof(struct icred_host, signed_by) + sizeof(host->signed_by) || !host->signed_by)
		return;
	if (rsa_describe(key, &info, why, sizeof(why)) == 0)
		host->signed_by(host, info.fingerprint);
}
