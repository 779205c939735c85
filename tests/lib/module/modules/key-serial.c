/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A thread model of the future: a host that does not know it must take it for SERIAL. */
#include "tests/lib/module/modules/key.h"

static const struct icred_key_ops ops = {.size = sizeof(ops), .sign = test_key_sign};
static const struct icred_module table = {
	.size = sizeof(table),
	.facility = ICRED_KEY,
	.name = "serial",
	.threads = 77,
	.can = ICRED_CAN_SIGN,
	.open = test_key_open,
	.close = test_key_close,
	.ops = &ops,
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
