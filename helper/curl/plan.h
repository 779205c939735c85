/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A command line for curl, read as curl reads it: which URLs it would ask for,
 * whether a token may go along, and whether all of it could be done twice.
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
#define PLAN_CONFIGS  16 /* files of --config    */
#define PLAN_FD_NAME  32

/* What --next separates: each part has options of its own, the token among them. */
struct plan_segment {
	char fd_name[PLAN_FD_NAME]; /* where curl shall read the token: filled in at the start */
	bool http, https;           /* its URLs                                              */
	char detour[CURL_OPTION_NAME];
};

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
	bool output_dir;    /* it is in a folder of its own */
	unsigned urls;
	bool many;        /* a URL may stand for several, or be sent several   */
	bool follows;     /* redirects                                         */
	bool verbose;     /* the token is among what goes to standard error    */
	bool logs;        /* standard error is a file of curl's                */
	bool bare;        /* --help and the like: nothing is asked of a server */
	bool once;        /* something in it can't be done a second time       */
	bool reads_stdin; /* ... except where standard input can be rewound    */
	bool to_stdout;   /* --output -: whatever it is                        */
	bool to_file;     /* the answer does not go to standard output         */
};

/* 0, or the exit status after telling what is wrong; plan_free in either case. */
int plan_make(struct plan *plan, const struct options *o, icred_t *handle, char **words);
void plan_free(struct plan *plan);

#endif
