/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the future: longer structs, and capabilities that this release does not know. */
#include "tests/lib/module/modules/key.h"

static const struct {
	struct icred_key_ops now;
	void *later[8];
} ops = {
	.now = {.size = sizeof(ops), .sign = test_key_sign},
	.later = {(void *)16, (void *)16, (void *)16, (void *)16},
};
static const struct {
	struct icred_module now;
	void *later[8];
} table = {
	.now = {.size = sizeof(table),
		.minor = 99,
		.facility = ICRED_KEY,
		.name = "long",
		.can = ICRED_CAN_SIGN | 1u << 30,
		.open = test_key_open,
		.close = test_key_close,
		.ops = &ops},
	.later = {(void *)16, (void *)16, (void *)16, (void *)16},
};

const struct icred_module *icred_module_1(void)
{
	return &table.now;
}
