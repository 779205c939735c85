/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From a time when keys could do nothing but sign: what stands behind its structs is not its. */
#include "tests/lib/module/modules/key.h"

static const struct icred_key_ops ops = {
	.size = offsetof(struct icred_key_ops, each),
	.sign = test_key_sign,
	.each = (void *)16,
	.store = (void *)16,
	.remove = (void *)16,
};
static const struct icred_module table = {
	.size = sizeof(table),
	.facility = ICRED_KEY,
	.name = "short",
	.can = ICRED_CAN_SIGN,
	.open = test_key_open,
	.close = test_key_close,
	.ops = &ops,
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
