/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred forget: empty the caches, without asking the issuer. */
#include "config.h"

#include <stddef.h>
#include <icred/icred.h>

#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/output.h"
#include "helper/common/session.h"
#include "helper/icred/commands.h"

static const char forget_help[] =
	"Usage: icred [OPTIONS] forget\n"
	"\n"
	"Forget every cached token of the profile's app.  The tokens stay valid at the\n"
	"issuer until they expire.\n"
	"\n" HELP_OPTIONS_OPEN "\n"
	"Example:\n"
	"  icred -p work forget\n";

static int forget_run(const struct options *o, char **words)
{
	icred_t *handle = NULL;
	int status = session_open_timed(o, SESSION_SILENT, &handle), r;

	(void)words;
	if (status)
		return status;
	r = icred_forget(handle);
	if (r < 0)
		status = fail_library(o, r);
	else if (o->json)
		output_text(output_stdout(), "{}\n");
	icred_close(handle);
	return status;
}

const struct command cmd_forget = {"forget", forget_help, OPTIONS_OPEN, 0, 0, forget_run};
