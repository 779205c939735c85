/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Its table ends before the first thing that matters. */
#include "tests/lib/module/modules/key.h"

static const struct icred_module table = {
	.size = offsetof(struct icred_module, open),
	.facility = ICRED_KEY,
	.name = "stub",
	.can = ICRED_CAN_SIGN,
	.open = (void *)16,
	.close = (void *)16,
	.ops = (void *)16,
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
