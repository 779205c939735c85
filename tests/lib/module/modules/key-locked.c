/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Can't be opened today. */
#include "tests/lib/module/modules/key.h"

static int locked_open(const struct icred_host *host, void **ret_self)
{
	(void)ret_self;
	return host->fail(host, ICRED_E_LOCKED, "come back with %s", host->argument(host, "need"));
}

static const struct icred_key_ops ops = {.size = sizeof(ops), .sign = test_key_sign};
static const struct icred_module table = {
	.size = sizeof(table),
	.facility = ICRED_KEY,
	.name = "locked",
	.can = ICRED_CAN_SIGN,
	.open = locked_open,
	.close = test_key_close,
	.ops = &ops,
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
