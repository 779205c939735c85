/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A cache in a key's clothes. */
#include "tests/lib/module/modules/key.h"

static const struct icred_cache_ops ops = {.size = sizeof(ops)};
static const struct icred_module table = {
	.size = sizeof(table),
	.facility = ICRED_CACHE,
	.name = "cache",
	.can = ICRED_CAN_CACHE,
	.open = test_key_open,
	.close = test_key_close,
	.ops = &ops,
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
