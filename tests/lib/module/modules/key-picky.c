/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* It takes arguments, and not the one that the test's lines have. */
#include "tests/lib/module/modules/key.h"

static const struct icred_key_ops ops = {.size = sizeof(ops), .sign = test_key_sign};
static const struct icred_module table = {
	.size = sizeof(table),
	.facility = ICRED_KEY,
	.name = "picky",
	.can = ICRED_CAN_SIGN,
	.open = test_key_open,
	.close = test_key_close,
	.ops = &ops,
	.arguments = "nee needs",
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
