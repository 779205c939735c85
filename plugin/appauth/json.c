/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <limits.h>
#include <stdint.h>
#include <string.h>

#include "json.h"

#define DEPTH       32
#define FILLER_SIZE 8192 /* more than the longest token we take */

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

static int json_flags(void)
{
#ifdef JSON_TOKENER_VALIDATE_UTF8
	return JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8;
#else
	return JSON_TOKENER_STRICT;
#endif
}

struct json_object *json_read(const char *text, size_t len)
{
	struct json_tokener *parser;
	struct json_object *root;

	if (len == 0 || len > INT_MAX || memchr(text, '\0', len))
		return NULL;
	parser = json_tokener_new_ex(DEPTH);
	if (!parser)
		return NULL;
	json_fill(parser);
	json_tokener_set_flags(parser, json_flags());
	root = json_tokener_parse_ex(parser, text, (int)len);
	if (json_tokener_get_error(parser) != json_tokener_success) {
		json_object_put(root);
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

void json_wipe(struct json_object *string)
{
	if (json_object_is_type(string, json_type_string))
		explicit_bzero((void *)(uintptr_t)json_object_get_string(string),
			       (size_t)json_object_get_string_len(string));
}
