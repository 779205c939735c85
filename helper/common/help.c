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

/* The form that the GNU coding standards give it: programs read the first line. */
int help_version(const struct options *o)
{
	struct output *out = output_stdout();

	output_format(out, "%s %s\n", o->program, icred_version());
	output_text(out,
		    "Copyright (C) 2026 libicred developers\n"
		    "License: LGPL-2.1-or-later; there is no warranty, to the extent permitted by law\n");
	if (PROJECT_URL[0])
		output_text(out, "Home page: " PROJECT_URL "\n");
	if (BUG_ADDRESS[0])
		output_text(out, "Report bugs to: " BUG_ADDRESS "\n");
	return 0;
}
