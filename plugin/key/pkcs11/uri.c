/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "plugin/key/pkcs11/pkcs11.h"

#define SCHEME "pkcs11:"

struct piece {
	const char *name;
	size_t name_len;
	const char *value;
	size_t len; /* of the value */
};

/* The attributes of RFC 7512 that say which key, and how many bytes PKCS#11 has for each; 0: as many as you like. */
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

#define ATTRIBUTES (sizeof(attributes) / sizeof(attributes[0]))

struct seen {
	int token, object, many;
	int times[ATTRIBUTES];
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

/* NULL, or what is wrong with a value that p11-kit would drop blanks from, or not take. */
static const char *value_fault(const struct piece *piece, size_t max)
{
	const char *at = piece->value, *end = at + piece->len;
	size_t len = 0;

	for (; at < end; at++, len++) {
		if (*at == ' ')
			return "write a space as %20";
		if ((unsigned char)*at < 0x20 || *at == 0x7f)
			return "write a control character as % and two hexadecimal digits";
		if (*at != '%')
			continue;
		if (end - at < 3 || hex(at[1]) < 0 || hex(at[2]) < 0)
			return "two hexadecimal digits must follow each %; write % itself as %25";
		at += 2;
	}
	return max && len > max ? "it is longer than any token has it" : NULL;
}

static int is_number(const char *at, const char *end, unsigned long most)
{
	unsigned long number = 0;
	int digits = at < end;

	for (; at < end && *at >= '0' && *at <= '9' && number <= most / 10; at++)
		number = number * 10 + (unsigned long)(*at - '0');
	return digits && at == end && number <= most;
}

/* Two bytes of PKCS#11, as "2" or "2.40". */
static int is_version(const char *at, const char *end)
{
	const char *dot = memchr(at, '.', (size_t)(end - at));

	return is_number(at, dot ? dot : end, 255) && (!dot || is_number(dot + 1, end, 255));
}

/* NULL, or what is wrong with a number of the library's, which p11-kit would not take. */
static const char *number_fault(const struct piece *piece)
{
	const char *end = piece->value + piece->len;

	if (is(piece, "slot-id") && !is_number(piece->value, end, LONG_MAX))
		return "it must be a number";
	if (is(piece, "library-version") && !is_version(piece->value, end))
		return "it must be a version, such as 2.40";
	return NULL;
}

static int take_attribute(const struct piece *piece, struct seen *seen, char *why, size_t cap)
{
	const char *fault = NULL;
	size_t i = 0;

	while (i < ATTRIBUTES && !is(piece, attributes[i].name))
		i++;
	if (i == ATTRIBUTES)
		return uri_refuse(why, cap,
				  "it knows no attribute \"%.*s\": p11tool --list-privkeys shows the URIs",
				  (int)(piece->name_len < 40 ? piece->name_len : 40), piece->name);
	if (piece->value == piece->name + piece->name_len)
		fault = "an equals sign and a value must follow it";
	else if (seen->times[i]++)
		fault = "it is there twice; keep one of them";
	else
		fault = number_fault(piece);
	if (!fault)
		fault = value_fault(piece, attributes[i].max);
	return fault ? uri_refuse(why, cap, "%s: %s", attributes[i].name, fault) : 0;
}

static int take_path_piece(const struct piece *piece, struct token_uri *uri, struct seen *seen, char *why,
			   size_t cap)
{
	size_t used = strlen(uri->base);
	int rc = piece->name_len + piece->len ? take_attribute(piece, seen, why, cap) : 0;

	if (rc || !piece->name_len)
		return rc;
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
	if ((is(piece, "pin-source") && uri->pin_file[0]) || (is(piece, "module-path") && uri->module[0]))
		return uri_refuse(why, cap, "%.*s: it is there twice; keep one of them", (int)piece->name_len,
				  piece->name);
	if (is(piece, "pin-source") && decode_path(piece, uri->pin_file, sizeof(uri->pin_file)) < 0)
		return uri_refuse(why, cap, "pin-source must be the absolute name of a file");
	if (is(piece, "module-path") && decode_path(piece, uri->module, sizeof(uri->module)) < 0)
		return uri_refuse(why, cap, "module-path must be the absolute name of a library");
	if (is(piece, "pin-source") || is(piece, "module-path") || !piece->name_len ||
	    (piece->name_len > 2 && memcmp(piece->name, "x-", 2) == 0))
		return 0;
	return uri_refuse(why, cap,
			  "it knows pin-source and module-path after the question mark, not \"%.*s\"",
			  (int)(piece->name_len < 40 ? piece->name_len : 40), piece->name);
}

static int parse(const char *text, struct token_uri *uri, char *why, size_t cap)
{
	const char *at = text + strlen(SCHEME), *end = text + strlen(text), *query = strchr(at, '?');
	struct seen seen = {.many = 0};
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
