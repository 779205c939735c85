/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Never run: a module whose debugging information has every type of icred/module.h, for abidiff(1). */
#include <icred/module.h>

struct icred_abi {
	const struct icred_host *host;
	const struct icred_key_ops *key_ops;
	const struct icred_cache_ops *cache_ops;
	const struct icred_issuer_ops *issuer_ops;
};

ICRED_MODULE_EXPORT size_t icred_abi(const struct icred_abi *abi);

size_t icred_abi(const struct icred_abi *abi)
{
	return abi->host->size + abi->key_ops->size + abi->cache_ops->size + abi->issuer_ops->size;
}

const struct icred_module *icred_module_1(void)
{
	return NULL;
}
