/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The text of a JSON Web Token (RFC 7519), without its signature. */
#include "config.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/text.h"
#include "plugin/issuer/appauth/bearer.h"

#define CLAIMS_SIZE 1024

static const char HEADER[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";

size_t jwt_base64url(char *out, size_t cap, const void *data, size_t len)
{
	static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	const unsigned char *p = data;
	size_t n = len / 3 * 4 + (len % 3 ? len % 3 + 1 : 0), at = 0;
	uint32_t bits = 0;
	unsigned have = 0;

	if (len > JWT_SIZE || n >= cap)
		return 0;
	for (size_t i = 0; i < len; i++) {
		bits = bits << 8 | p[i];
		for (have += 8; have >= 6; have -= 6)
			out[at++] = alphabet[bits >> (have - 6) & 63];
	}
	if (have > 0)
		out[at++] = alphabet[bits << (6 - have) & 63];
	out[at] = '\0';
	return at;
}

/* Append text as the inside of a JSON string. */
static bool jwt_escape(char *out, size_t cap, size_t *at, const char *text)
{
	uint32_t c;

	for (size_t len = strlen(text), n; len > 0; text += n, len -= n) {
		bool special = *text == '"' || *text == '\\' || (unsigned char)*text < 0x20;

		n = utf8_decode(text, len, &c);
		if (n == 0 || *at + sizeof("\\u0000") > cap)
			return false;
		if (special) {
			*at += (size_t)snprintf(out + *at, cap - *at, "\\u%04x", (unsigned)c);
			continue;
		}
		memcpy(out + *at, text, n);
		*at += n;
	}
	return true;
}

bool jwt_input(char *out, size_t cap, const char *app, int64_t now, bool alg_claim, size_t *ret_len)
{
	const char *end = alg_claim ? "\",\"alg\":\"RS256\"}" : "\"}";
	char claims[CLAIMS_SIZE];
	size_t head, body, len;

	len = (size_t)snprintf(claims, sizeof(claims), "{\"iat\":%" PRId64 ",\"exp\":%" PRId64 ",\"iss\":\"",
			       now - JWT_PAST, now + JWT_LIFE);
	if (!jwt_escape(claims, sizeof(claims), &len, app) || len + strlen(end) >= sizeof(claims))
		return false;
	memcpy(claims + len, end, strlen(end));
	len += strlen(end);
	head = jwt_base64url(out, cap, HEADER, sizeof(HEADER) - 1);
	if (head == 0 || head + 1 >= cap)
		return false;
	out[head] = '.';
	body = jwt_base64url(out + head + 1, cap - head - 1, claims, len);
	*ret_len = head + 1 + body;
	return body > 0;
}
