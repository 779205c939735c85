/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An issuer that could mint and does not say so. */
#include "tests/lib/module/modules/key.h"

static const struct icred_issuer_ops ops = {.size = sizeof(ops), .mint = (void *)16};
static const struct icred_module table = {
	.size = sizeof(table),
	.facility = ICRED_ISSUER,
	.name = "idle",
	.open = test_key_open,
	.close = test_key_close,
	.ops = &ops,
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
