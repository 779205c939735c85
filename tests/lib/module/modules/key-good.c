/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/module/modules/key.h"

static const struct icred_key_ops ops = {.size = sizeof(ops), .sign = test_key_sign};
static const struct icred_module table = {
	.size = sizeof(table),
	.facility = ICRED_KEY,
	.name = "good",
	.threads = ICRED_THREADS_PARALLEL,
	.can = ICRED_CAN_SIGN,
	.open = test_key_open,
	.close = test_key_close,
	.ops = &ops,
	.arguments = "nee need",
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
