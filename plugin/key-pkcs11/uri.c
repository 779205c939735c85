/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "key-pkcs11/token.h"

#define SCHEME "pkcs11:"

struct piece {
	const char *name;
	size_t name_len;
	const char *value;
	size_t len; /* of the value */
};

struct seen {
	int token, object, many;
};

static int uri_refuse(char *why, size_t cap, const char *text)
{
	snprintf(why, cap, "%s", text);
	return ICRED_E_INVALID;
}

/* Cut the next NAME=VALUE off *at. */
static int next_piece(const char **at, const char *end, char separator, struct piece *ret_piece)
{
	const char *stop, *equals;

	if (*at >= end)
		return 0;
	stop = memchr(*at, separator, (size_t)(end - *at));
	stop = stop ? stop : end;
	equals = memchr(*at, '=', (size_t)(stop - *at));
	ret_piece->name = *at;
	ret_piece->name_len = (size_t)((equals ? equals : stop) - *at);
	ret_piece->value = equals ? equals + 1 : stop;
	ret_piece->len = (size_t)(stop - ret_piece->value);
	*at = stop + (stop < end);
	return 1;
}

static int is(const struct piece *piece, const char *name)
{
	return strlen(name) == piece->name_len && memcmp(name, piece->name, piece->name_len) == 0;
}

static int value_is(const struct piece *piece, const char *value)
{
	return strlen(value) == piece->len && memcmp(value, piece->value, piece->len) == 0;
}

static int hex(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* A percent-encoded absolute file name, plain or as file:; anything else gives -1. */
static int decode_path(const struct piece *piece, char *to, size_t cap)
{
	const char *at = piece->value, *end = at + piece->len;
	size_t len = 0;

	if (end - at > 7 && memcmp(at, "file://", 7) == 0)
		at += 7;
	else if (end - at > 5 && memcmp(at, "file:", 5) == 0)
		at += 5;
	for (; at < end && len < cap - 1; at++) {
		int c = (unsigned char)*at;
		if (c == '%') {
			c = end - at > 2 && hex(at[1]) >= 0 && hex(at[2]) >= 0 ? hex(at[1]) * 16 + hex(at[2])
									       : 0;
			at += 2;
		}
		if (c < 0x20)
			return -1;
		to[len++] = (char)c;
	}
	to[len] = '\0';
	return at == end && to[0] == '/' ? 0 : -1;
}

static int take_path_piece(const struct piece *piece, struct token_uri *uri, struct seen *seen, char *why,
			   size_t cap)
{
	size_t used = strlen(uri->base);

	if (is(piece, "type"))
		return value_is(piece, "private")
			       ? 0
			       : uri_refuse(why, cap, "only a private key can sign: write type=private");
	/* Without a value it would name what has no name. */
	seen->token |= piece->len && (is(piece, "token") || is(piece, "serial"));
	seen->object |= piece->len && (is(piece, "object") || is(piece, "id"));
	snprintf(uri->base + used, sizeof(uri->base) - used, "%s%.*s", seen->many ? ";" : "",
		 (int)(piece->value + piece->len - piece->name), piece->name);
	seen->many = 1;
	return 0;
}

static int take_query_piece(const struct piece *piece, struct token_uri *uri, char *why, size_t cap)
{
	if (is(piece, "pin-value"))
		return uri_refuse(
			why, cap,
			"a profile is no place for a PIN: put it into a file of mode 0600 and name that "
			"with pin-source");
	if (is(piece, "module-name"))
		return uri_refuse(
			why, cap,
			"module-name is not supported: name the library with module-path, or leave it "
			"out and configure p11-kit for the library");
	if (is(piece, "pin-source") && decode_path(piece, uri->pin_file, sizeof(uri->pin_file)) < 0)
		return uri_refuse(why, cap, "pin-source must be the absolute name of a file");
	if (is(piece, "module-path") && decode_path(piece, uri->module, sizeof(uri->module)) < 0)
		return uri_refuse(why, cap, "module-path must be the absolute name of a library");
	return 0;
}

static int parse(const char *text, struct token_uri *uri, char *why, size_t cap)
{
	const char *at = text + strlen(SCHEME), *end = text + strlen(text), *query = strchr(at, '?');
	struct seen seen = {0, 0, 0};
	struct piece piece;
	int rc = 0;

	snprintf(uri->base, sizeof(uri->base), SCHEME);
	while (!rc && next_piece(&at, query ? query : end, ';', &piece))
		rc = take_path_piece(&piece, uri, &seen, why, cap);
	at = query ? query + 1 : end;
	while (!rc && next_piece(&at, end, '&', &piece))
		rc = take_query_piece(&piece, uri, why, cap);
	if (!rc && (!seen.token || !seen.object))
		rc = uri_refuse(
			why, cap,
			"it must name one token (token= or serial=), so that a PIN goes to no other, and "
			"one key (object= or id=)");
	return rc;
}

int token_uri_parse(const char *text, struct token_uri *ret_uri, char *why, size_t why_cap)
{
	struct token_uri uri = {.base = ""};
	int rc;

	/* The room that is left is for ";type=private". */
	if (strncmp(text, SCHEME, strlen(SCHEME)) != 0 || strlen(text) > TOKEN_URI_CAP - 32)
		return uri_refuse(why, why_cap,
				  "it must be a PKCS#11 URI: p11tool --list-privkeys shows them");
	rc = parse(text, &uri, why, why_cap);
	if (rc)
		return rc;
	snprintf(uri.private, sizeof(uri.private), "%.*s;type=private", TOKEN_URI_CAP - 16, uri.base);
	snprintf(uri.public, sizeof(uri.public), "%.*s;type=public", TOKEN_URI_CAP - 16, uri.base);
	*ret_uri = uri;
	return 0;
}
