/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Built for the next ABI. */
#include "tests/lib/module/modules/key.h"

ICRED_MODULE_EXPORT const struct icred_module *icred_module_2(void);

const struct icred_module *icred_module_2(void)
{
	return NULL;
}
