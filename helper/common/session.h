/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What stands between a command and the library: the profile that the command line names, opened. */
#ifndef ICRED_HELPER_COMMON_SESSION_H
#define ICRED_HELPER_COMMON_SESSION_H

#include <stdbool.h>
#include <icred/icred.h>

#include "helper/common/options.h"

enum { SESSION_SILENT = 1u << 0 /* never prompt, even if there is a person */ };

/* What the command line says, as the library wants it, for a handle that never prompts. */
struct icred_options session_options(const struct options *o);
/* 0, or the exit status after reporting the failure. */
int session_open(const struct options *o, unsigned flags, icred_t **ret_handle);
/* The same, and from now on the whole process has the deadline. */
int session_open_timed(const struct options *o, unsigned flags, icred_t **ret_handle);
/* Whether the profile or an option says whose token is wanted. */
bool session_has_target(icred_t *handle);
/*
 * From now on the whole process has the deadline of the command line, or the usual one until the profile is
 * known.  Returns the moment (of clock_ms()).
 */
int64_t session_first_deadline(const struct options *o);
/* From now on the whole process has the deadline of the command line or the profile. */
void session_deadline(const struct options *o, icred_t *handle);
/* Wipe an answer that was handed over but that no question wanted. */
void session_end(void);
/* The seconds that a token has left, never more than it had when it was minted. */
int64_t session_token_left(const icred_token_t *token);

/* 0 if the profile's tokens may go to this URL's origin, or the exit status after reporting why not. */
int outside_check(const struct options *o, icred_t *handle, const char *url);
bool outside_is_http(const char *url);

#endif
