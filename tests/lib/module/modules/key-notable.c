/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/module/modules/key.h"

const struct icred_module *icred_module_1(void)
{
	return NULL;
}
