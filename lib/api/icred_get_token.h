/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What requests and the libcurl hook need of icred_get_token() beyond itself. */
#ifndef ICRED_LIB_API_ICRED_GET_TOKEN_H
#define ICRED_LIB_API_ICRED_GET_TOKEN_H

#include <stdbool.h>
#include <stdint.h>
#include <icred/icred.h>

/* A fresh token from the table or a cache, without waiting; NOT_FOUND: it takes a mint. */
int get_at_hand(icred_t *handle, const char *installation, unsigned min_ttl, icred_token_t **ret_token);
/* icred_get_token() with a deadline of clock_ms(), for a request that has waited in a queue. */
int get_by(icred_t *handle, const char *installation, unsigned min_ttl, int64_t deadline,
	   icred_token_t **ret_token);
/* Whether it is still what icred_get_token() gives, if it was when table_changes() was that. */
bool get_is_current(icred_t *handle, const icred_token_t *token, uint64_t changes);
/* Whether it has been rejected since it was got. */
bool get_was_refused(icred_t *handle, const icred_token_t *token);

#endif
