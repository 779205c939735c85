/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <icred/icred.h>

#include "helper/common/help.h"
#include "helper/common/output.h"

int help_print(const char *text)
{
	output_text(output_stdout(), text);
	return 0;
}

int help_version(const struct options *o)
{
	output_text(output_stdout(), o->program);
	output_text(output_stdout(), " ");
	output_text(output_stdout(), icred_version());
	output_text(output_stdout(), "\n");
	return 0;
}
