/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A cache with everything but the word that it is one. */
#include "tests/lib/module/modules/key.h"

static const struct icred_cache_ops ops = {
	.size = sizeof(ops),
	.load = (void *)16,
	.save = (void *)16,
	.drop = (void *)16,
	.each = (void *)16,
};
static const struct icred_module table = {
	.size = sizeof(table),
	.facility = ICRED_CACHE,
	.name = "modest",
	.can = ICRED_CAN_MINT,
	.open = test_key_open,
	.close = test_key_close,
	.ops = &ops,
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
