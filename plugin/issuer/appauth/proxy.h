/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether libcurl goes through a proxy of the environment: for messages, as older ones do not say. */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_PROXY_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_PROXY_H

#include <stdbool.h>

/* peer: "host" or "host:port" of an https URL.  Networks in no_proxy, such as 10.0.0.0/8, are not looked at. */
bool proxy_is_used(const char *peer);

#endif
