/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Too many requests: how a service says so, and when it takes the next one. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_RATELIMIT_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_RATELIMIT_H

#include <stdbool.h>
#include <stdint.h>

#include "plugin/issuer/appauth/errorbody.h"
#include "plugin/issuer/appauth/http.h"

#define RATELIMIT_WAIT     60    /* seconds, where the service does not say how long ... */
#define RATELIMIT_WAIT_MAX 86400 /* ... and the most that its word is good for           */

/* By its status, its headers or its text. */
bool ratelimit_is(long status, const struct http_reply *reply, const struct errorbody *body);

/* Its text alone, which counts under a status of success, too. */
bool ratelimit_says(const struct errorbody *body);

/* When the service takes requests again, by its headers; 0 if they do not say.  now: our clock, UTC. */
int64_t ratelimit_until(const struct http_reply *reply, int64_t now);

#endif
