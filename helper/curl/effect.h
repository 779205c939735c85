/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a URL or an option of curl's means for a token.  "where" is "", or "FILE:LINE: " for messages. */
#ifndef ICRED_HELPER_CURL_EFFECT_H
#define ICRED_HELPER_CURL_EFFECT_H

#include "helper/curl/plan.h"

int effect_url(struct plan *plan, const char *url, const char *where);
int effect_option(struct plan *plan, const struct curl_option *option, const char *value, const char *where);

#endif
