/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Cannot be opened, and does not say why: a failure first, then a number that is not one. */
#include "tests/lib/module/modules/key.h"

static int mute_open(const struct icred_host *host, void **ret_self)
{
	static int calls;

	(void)host;
	(void)ret_self;
	return calls++ ? 7 : ICRED_E_DENIED;
}

static const struct icred_key_ops ops = {.size = sizeof(ops), .sign = test_key_sign};
static const struct icred_module table = {
	.size = sizeof(table),
	.facility = ICRED_KEY,
	.name = "mute",
	.can = ICRED_CAN_SIGN,
	.open = mute_open,
	.close = test_key_close,
	.ops = &ops,
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
