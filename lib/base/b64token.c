/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include <icred/module.h>

#include "lib/base/b64token.h"

bool is_b64token(const char *text)
{
	size_t len = strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/");
	size_t padding = strspn(text + len, "=");

	return len > 0 && len + padding <= ICRED_TOKEN_MAX && !text[len + padding];
}
