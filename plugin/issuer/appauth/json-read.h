/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * json-c, used strictly: bounded depth, valid UTF-8, nothing after the value, no duplicate names, no secret
 * left in memory.
 */
#ifndef ICRED_PLUGIN_ISSUER_APPAUTH_JSON_READ_H
#define ICRED_PLUGIN_ISSUER_APPAUTH_JSON_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <json.h>

/*
 * The document, to be freed with json_free; NULL if it is not one, with errno ENOMEM where memory failed.
 * A byte order mark is skipped.
 */
struct json_object *json_read(const char *text, size_t len);

/* A member; NULL if it is missing or null. */
struct json_object *json_member(struct json_object *object, const char *name);

/* A member that is a string without NUL; NULL if it is anything else. */
const char *json_text(struct json_object *object, const char *name, size_t *ret_len);

/* Free the document, and overwrite its strings where json-c keeps them. */
void json_free(struct json_object *root);
void cleanup_json(struct json_object **root);
#define _cleanup_json_ __attribute__((cleanup(cleanup_json)))

#endif
