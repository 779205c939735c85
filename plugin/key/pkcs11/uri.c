/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* PKCS#11 URIs (RFC 7512), taken apart and checked. */
#include "config.h"

#include <limits.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "lib/base/language.h"
#include "lib/base/text.h"
#include "plugin/key/pkcs11/pkcs11.h"

#define SCHEME "pkcs11:"

struct piece {
	const char *name;
	size_t name_len;
	const char *value;
	size_t len; /* of the value */
};

/* The attributes of RFC 7512 that say which key, and how many bytes PKCS#11 has for each; 0: any number. */
static const struct attribute {
	const char *name;
	size_t max;
} attributes[] = {
	{"token", 32},   {"manufacturer", 32},        {"serial", 16},
	{"model", 16},   {"library-version", 7},      {"library-manufacturer", 32},
	{"slot-id", 20}, {"library-description", 32}, {"slot-manufacturer", 32},
	{"object", 0},   {"slot-description", 64},    {"id", 0},
	{"type", 0},
};

struct seen {
	bool token, object, any;
	bool attribute[ARRAY_SIZE(attributes)];
};

__attribute__((format(printf, 3, 4))) static int uri_refuse(char *why, size_t cap, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(why, cap, format, arguments);
	va_end(arguments);
	return ICRED_E_INVALID;
}

/* Cut the next NAME=VALUE off *at. */
static bool next_piece(const char **at, const char *end, char separator, struct piece *ret_piece)
{
	const char *stop, *equals;

	if (*at >= end)
		return false;
	stop = memchr(*at, separator, (size_t)(end - *at));
	stop = stop ? stop : end;
	equals = memchr(*at, '=', (size_t)(stop - *at));
	ret_piece->name = *at;
	ret_piece->name_len = (size_t)((equals ? equals : stop) - *at);
	ret_piece->value = equals ? equals + 1 : stop;
	ret_piece->len = (size_t)(stop - ret_piece->value);
	*at = stop + (stop < end);
	return true;
}

static bool is(const struct piece *piece, const char *name)
{
	return strlen(name) == piece->name_len && memcmp(name, piece->name, piece->name_len) == 0;
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
			c = end - at > 2 && hex_value(at[1]) >= 0 && hex_value(at[2]) >= 0
				    ? hex_value(at[1]) * 16 + hex_value(at[2])
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

static bool is_number(const char *at, const char *end, unsigned long most)
{
	unsigned long number = 0;
	bool digits = at < end;

	for (; at < end && *at >= '0' && *at <= '9' && number <= most / 10; at++)
		number = number * 10 + (unsigned long)(*at - '0');
	return digits && at == end && number <= most;
}

/* What is wrong with a value that p11-kit would change or refuse; or NULL. */
static const char *value_fault(const struct piece *piece, size_t max)
{
	const char *at = piece->value, *end = at + piece->len, *dot = memchr(at, '.', piece->len);
	size_t len = 0;

	if (is(piece, "slot-id") && !is_number(at, end, LONG_MAX))
		return "it must be a number";
	/* Two bytes of PKCS#11. */
	if (is(piece, "library-version") &&
	    !(is_number(at, dot ? dot : end, 255) && (!dot || is_number(dot + 1, end, 255))))
		return "it must be a version, such as 2.40";
	for (; at < end; at++, len++) {
		if (*at == ' ')
			return "write a space as %20";
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return "write a control character as % and two hexadecimal digits";
		if (*at != '%')
			continue;
		if (end - at < 3 || hex_value(at[1]) < 0 || hex_value(at[2]) < 0)
			return "two hexadecimal digits must follow each %; write % itself as %25";
		at += 2;
	}
	return max && len > max ? "it must not be longer than PKCS#11 allows" : NULL;
}

static int take_path_piece(const struct piece *piece, struct token_uri *uri, struct seen *seen, char *why,
			   size_t cap)
{
	size_t used = strlen(uri->base), i = 0;
	const char *fault = NULL;

	if (!piece->name_len && !piece->len)
		return 0;
	while (i < ARRAY_SIZE(attributes) && !is(piece, attributes[i].name))
		i++;
	if (i == ARRAY_SIZE(attributes))
		return uri_refuse(why, cap,
				  "unknown attribute \"%.*s\": p11tool --list-privkeys shows the URIs",
				  (int)MIN(piece->name_len, 40), piece->name);
	if (piece->value == piece->name + piece->name_len)
		fault = "an equals sign and a value must follow it";
	else if (seen->attribute[i])
		fault = "it is given twice; keep one of them";
	else
		fault = value_fault(piece, attributes[i].max);
	if (fault)
		return uri_refuse(why, cap, "%s: %s", attributes[i].name, fault);
	seen->attribute[i] = true;
	if (is(piece, "type")) {
		if (piece->len == strlen("private") && memcmp(piece->value, "private", piece->len) == 0)
			return 0;
		return uri_refuse(why, cap, "only a private key can sign: write type=private");
	}
	/* Without a value, it would match a token or key that has no name. */
	seen->token |= piece->len && (is(piece, "token") || is(piece, "serial"));
	seen->object |= piece->len && (is(piece, "object") || is(piece, "id"));
	snprintf(uri->base + used, sizeof(uri->base) - used, "%s%.*s", seen->any ? ";" : "",
		 (int)(piece->value + piece->len - piece->name), piece->name);
	seen->any = true;
	return 0;
}

static int take_query_piece(const struct piece *piece, struct token_uri *uri, char *why, size_t cap)
{
	bool pin_source = is(piece, "pin-source"), module_path = is(piece, "module-path");

	if (is(piece, "pin-value"))
		return uri_refuse(why, cap,
				  "a PIN must not be in a profile: put it into a file of mode 0600 and name "
				  "that with pin-source");
	if (is(piece, "module-name"))
		return uri_refuse(
			why, cap,
			"module-name is not supported: name the library with module-path, or leave it "
			"out and configure p11-kit for the library");
	if ((pin_source && uri->pin_file[0]) || (module_path && uri->module[0]))
		return uri_refuse(why, cap, "%.*s: it is given twice; keep one of them", (int)piece->name_len,
				  piece->name);
	if (pin_source && decode_path(piece, uri->pin_file, sizeof(uri->pin_file)) < 0)
		return uri_refuse(why, cap, "pin-source must be the absolute name of a file");
	if (module_path && decode_path(piece, uri->module, sizeof(uri->module)) < 0)
		return uri_refuse(why, cap, "module-path must be the absolute name of a library");
	if (pin_source || module_path || !piece->name_len ||
	    (piece->name_len > 2 && memcmp(piece->name, "x-", 2) == 0))
		return 0;
	return uri_refuse(
		why, cap,
		"unknown attribute \"%.*s\": write pin-source or module-path after the question mark",
		(int)MIN(piece->name_len, 40), piece->name);
}

int token_uri_parse(const char *text, struct token_uri *ret_uri, char *why, size_t why_cap)
{
	struct token_uri uri = {.base = SCHEME};
	struct seen seen = {.any = false};
	const char *at, *end, *query;
	struct piece piece;
	int r = 0;

	if (!text)
		return uri_refuse(why, why_cap,
				  "it must say which key: p11tool --list-privkeys shows the URIs");
	/* The rest of the buffer is for ";type=private". */
	if (strncmp(text, SCHEME, strlen(SCHEME)) != 0 || strlen(text) > TOKEN_URI_CAP - 32)
		return uri_refuse(why, why_cap,
				  "it must be a PKCS#11 URI: p11tool --list-privkeys shows them");
	at = text + strlen(SCHEME);
	end = text + strlen(text);
	query = strchr(at, '?');
	while (!r && next_piece(&at, query ? query : end, ';', &piece))
		r = take_path_piece(&piece, &uri, &seen, why, why_cap);
	at = query ? query + 1 : end;
	while (!r && next_piece(&at, end, '&', &piece))
		r = take_query_piece(&piece, &uri, why, why_cap);
	if (!r && (!seen.token || !seen.object))
		r = uri_refuse(
			why, why_cap,
			"it must name one token (token= or serial=), so that a PIN goes to no other, and "
			"one key (object= or id=)");
	if (r)
		return r;
	snprintf(uri.private, sizeof(uri.private), "%.*s;type=private", TOKEN_URI_CAP - 16, uri.base);
	snprintf(uri.public, sizeof(uri.public), "%.*s;type=public", TOKEN_URI_CAP - 16, uri.base);
	*ret_uri = uri;
	return 0;
}
