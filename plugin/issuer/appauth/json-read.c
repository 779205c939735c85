/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>

#include <icred/module.h>

#include "plugin/issuer/appauth/json-read.h"

#define DEPTH       32
#define FILLER_SIZE (2 * ICRED_TOKEN_MAX)

/*
 * The parser gathers each string in a buffer which it keeps, enlarges and
 * frees unwiped.  A long string read first makes it large enough never to be
 * moved while it holds a token; the same read last overwrites the token.
 */
static void json_fill(struct json_tokener *parser)
{
	char filler[FILLER_SIZE];

	memset(filler, 'x', sizeof(filler));
	filler[0] = filler[sizeof(filler) - 1] = '"';
	json_object_put(json_tokener_parse_ex(parser, filler, (int)sizeof(filler)));
	json_tokener_reset(parser);
}

/* A member's name in the text, from its first to its last quotation mark. */
struct name {
	const char *start;
	const char *end;
};

/* The next name from *at on: a string with a colon after it.  The text may be anything. */
static bool next_name(const char **at, const char *end, struct name *ret_name)
{
	const char *p = *at;

	while (p < end && (p = memchr(p, '"', (size_t)(end - p)))) {
		struct name name = {.start = p++};

		while (p < end && *p != '"')
			p += *p == '\\' && end - p > 1 ? 2 : 1;
		name.end = p;
		for (p++; p < end && strchr(" \t\r\n", *p);)
			p++;
		if (p < end && *p == ':') {
			*at = p;
			*ret_name = name;
			return true;
		}
	}
	return false;
}

/* The escape of NUL in a name, or its end. */
static const char *find_nul(const char *at, const char *end)
{
	for (; at < end; at += *at == '\\' ? 2 : 1)
		if (end - at >= 6 && memcmp(at, "\\u0000", 6) == 0)
			return at;
	return end;
}

/*
 * json-c ends a name at a NUL, so that "token\u0000x" would be the member "token".  It gets another
 * character instead of the NUL, which no name that the callers look for contains.
 */
static struct json_object *parse(struct json_tokener *parser, const char *text, size_t len, size_t *ret_names)
{
	const char *at = text;
	const char *end = text + len;
	struct json_object *root;
	struct name name;
	size_t names = 0;

	while (next_name(&at, end, &name)) {
		names++;
		for (const char *nul = find_nul(name.start + 1, name.end); nul < name.end;
		     nul = find_nul(text, name.end)) {
			root = json_tokener_parse_ex(parser, text, (int)(nul - text));
			if (json_tokener_get_error(parser) != json_tokener_continue)
				return root;
			root = json_tokener_parse_ex(parser, "\\ufffd", 6);
			if (json_tokener_get_error(parser) != json_tokener_continue)
				return root;
			text = nul + 6;
		}
	}
	*ret_names = names;
	return json_tokener_parse_ex(parser, text, (int)(end - text));
}

/* How many members all objects of the document have. */
static size_t count_members(struct json_object *value)
{
	size_t count = 0;

	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			count += count_members(json_object_array_get_idx(value, i));
	if (!json_object_is_type(value, json_type_object))
		return count;
	json_object_object_foreach(value, name, member)
	{
		(void)name;
		count += 1 + count_members(member);
	}
	return count;
}

static void wipe_strings(struct json_object *value)
{
	if (json_object_is_type(value, json_type_string))
		explicit_bzero((void *)(uintptr_t)json_object_get_string(value),
			       (size_t)json_object_get_string_len(value));
	if (json_object_is_type(value, json_type_array))
		for (size_t i = 0; i < json_object_array_length(value); i++)
			wipe_strings(json_object_array_get_idx(value, i));
	if (!json_object_is_type(value, json_type_object))
		return;
	json_object_object_foreach(value, name, member)
	{
		(void)name;
		wipe_strings(member);
	}
}

void json_free(struct json_object *root)
{
	wipe_strings(root);
	json_object_put(root);
}

void cleanup_json(struct json_object **root)
{
	json_free(*root);
}

struct json_object *json_read(const char *text, size_t len)
{
	static const char mark[] = "\xef\xbb\xbf";
	size_t skip = len >= 3 && memcmp(text, mark, 3) == 0 ? 3 : 0;
	struct json_tokener *parser;
	struct json_object *root;
	size_t names = 0;

	errno = 0;
	if (len == skip || len > INT_MAX || memchr(text, '\0', len))
		return NULL;
	parser = json_tokener_new_ex(DEPTH);
	if (!parser)
		return NULL;
	json_fill(parser);
#ifdef JSON_TOKENER_VALIDATE_UTF8
	json_tokener_set_flags(parser, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
#else
	json_tokener_set_flags(parser, JSON_TOKENER_STRICT);
#endif
	root = parse(parser, text + skip, len - skip, &names);
	/* Of a duplicate name json-c keeps the last, and other readers the first. */
	if (json_tokener_get_error(parser) != json_tokener_success || count_members(root) != names) {
		json_free(root);
		root = NULL;
	}
	json_tokener_reset(parser);
	json_fill(parser);
	json_tokener_free(parser);
	return root;
}

struct json_object *json_member(struct json_object *object, const char *name)
{
	struct json_object *member;

	return name && json_object_object_get_ex(object, name, &member) ? member : NULL;
}

const char *json_text(struct json_object *object, const char *name, size_t *ret_len)
{
	struct json_object *member = json_member(object, name);
	const char *text;
	size_t len;

	if (!json_object_is_type(member, json_type_string))
		return NULL;
	text = json_object_get_string(member);
	len = (size_t)json_object_get_string_len(member);
	if (strlen(text) != len)
		return NULL;
	*ret_len = len;
	return text;
}
