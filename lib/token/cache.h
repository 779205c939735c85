/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The cache stack: where tokens outlive the process. */
#ifndef ICRED_LIB_TOKEN_CACHE_H
#define ICRED_LIB_TOKEN_CACHE_H

#include "lib/module/context.h"
#include "lib/token/token.h"

/* The identity's token, unless it has expired, counted; NOT_FOUND if no cache has it. */
int cache_load(struct context *context, const struct identity *identity, struct token_body **ret_body);
/* Fails if a line that the profile needs cannot be used; that no cache has kept the token is but a warning. */
int cache_save(struct context *context, const struct token_body *body);
/* Forget the identity's token, but only if it is this one (NULL: whichever it is). */
int cache_drop(struct context *context, const struct identity *identity, const char *secret);
/*
 * Each entry, expired or not, of every cache module that works here, of whichever profile.
 * Fails in the end if a cache could not be used: any (strict), or only one that the profile needs.
 * If it is not strict, it is to forget, and has the records of neighbouring versions too.
 */
int cache_each(struct context *context, bool strict,
	       int (*each)(struct token_body *body, const char *module, void *data), void *data);

#endif
