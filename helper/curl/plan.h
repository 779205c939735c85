/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A command line for curl, read as curl reads it: which URLs it would ask for,
 * whether a token may go along, and whether all of it could be done twice.
 *
 * The plan is what has been found out so far.  arguments.c reads the command
 * line, option-file.c the files that are named there, and both ask effect.c
 * what a URL or an option means.  All of them return 0, or the exit status
 * after they have reported what is wrong.
 */
#ifndef ICRED_HELPER_CURL_PLAN_H
#define ICRED_HELPER_CURL_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <icred/icred.h>

#include "helper/common/options.h"
#include "helper/common/output.h"
#include "helper/curl/option.h"

#define PLAN_SEGMENTS 32 /* parts between --next */
#define PLAN_CONFIGS  16 /* files of options and headers */
#define PLAN_FD_NAME  32

/* What --next separates: each part has its own options, and needs the token again. */
struct plan_segment {
	char fd_name[PLAN_FD_NAME];    /* where curl will read the token: set by curl_input_open() */
	bool http, https;              /* the schemes of its URLs */
	char detour[CURL_OPTION_NAME]; /* an option that takes plain http off the loopback interface */
};

/* What curl reads in place of a file that the user named. */
struct plan_config {
	char fd_name[PLAN_FD_NAME];
	struct output text;
};

struct plan {
	const struct options *o;
	icred_t *handle;
	char *ca;    /* the profile's, or NULL: it outlives the handle */
	char **argv; /* what curl gets; NULL-terminated */
	size_t count, room;
	struct plan_segment segments[PLAN_SEGMENTS];
	size_t segment_count;
	struct plan_config configs[PLAN_CONFIGS];
	size_t config_count;
	const char *output; /* the file of --output, if that is known */
	bool output_dir;    /* it is in the folder of --output-dir */
	unsigned urls;
	bool many;           /* a URL may stand for several, or several files are sent there */
	bool follows;        /* redirects */
	bool verbose;        /* curl writes the token to standard error */
	bool stderr_is_file; /* and that is a file: --stderr */
	bool no_request;     /* --help and the like: curl asks no server */
	bool unrepeatable;   /* a second run would differ from the first */
	bool reads_stdin;    /* a second run needs standard input from its beginning */
	bool to_stdout;      /* --output -: any bytes are wanted there */
	bool to_file;        /* the answer does not go to standard output */
};

/* arguments.c; plan_free() in either case. */
int plan_make(struct plan *plan, const struct options *o, icred_t *handle, char **words);
void plan_free(struct plan *plan);

/*
 * option-file.c: read the file that a --config FILE ("-": standard input) or a --header @FILE names, and write
 * into out what curl will read instead: the same options in one unmistakable form.  So a file that changes
 * meanwhile, or that curl would read in another way, cannot lead the token elsewhere.
 */
int option_file(struct plan *plan, const struct curl_option *option, const char *value, struct output *out);
/* Is it an option for headers, and is its value "@FILE"? */
bool option_names_headers(const struct curl_option *option, const char *value);

/* effect.c: note in the plan what a URL or an option means.  "where" is "", or "FILE:LINE: " for messages. */
int effect_url(struct plan *plan, const char *url, const char *where);
int effect_option(struct plan *plan, const struct curl_option *option, const char *value, const char *where);

#endif
