/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The library's version. */
#include "config.h"

#include <icred/icred.h>

#include "lib/base/language.h"

_export_ const char *icred_version(void)
{
	return PACKAGE_VERSION;
}
