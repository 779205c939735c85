/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* curl's options: which take a value, and which do not go together with a token. */
#ifndef ICRED_HELPER_CURL_OPTION_H
#define ICRED_HELPER_CURL_OPTION_H

#include <stdbool.h>
#include <stddef.h>

#include "lib/base/suggest.h"

#define CURL_OPTION_NAME 32

struct curl_option {
	char name[CURL_OPTION_NAME]; /* the long one, without dashes and without "no-" */
	bool takes_value;
	bool off;         /* it was --no-NAME                    */
	const char *risk; /* why it is refused; NULL if it isn't */
};

/* By its long name, len bytes without dashes; false if curl is not known to have it. */
bool curl_option_find(const char *name, size_t len, struct curl_option *ret_option);
bool curl_option_letter(char letter, struct curl_option *ret_option);
/* The option that an unknown one, a word with its dashes, is closest to. */
struct suggestion curl_option_similar(const char *word);
bool curl_option_is(const struct curl_option *option, const char *name);
/* Is it one of these names?  Each has a blank before and after it. */
bool curl_option_among(const struct curl_option *option, const char *names);

#endif
