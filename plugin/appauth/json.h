/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* json-c, held strictly: bounded depth, valid UTF-8, nothing after the value, no secret left behind. */
#ifndef ICRED_APPAUTH_JSON_H
#define ICRED_APPAUTH_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <json.h>

/* The document, to be freed with json_object_put; NULL if it is none. */
struct json_object *json_read(const char *text, size_t len);

/* A member; NULL if it is missing or null. */
struct json_object *json_member(struct json_object *object, const char *name);

/* A member that is a string without NUL; NULL if it is anything else. */
const char *json_text(struct json_object *object, const char *name, size_t *ret_len);

/* Overwrite a string's text where json-c keeps it. */
void json_wipe(struct json_object *string);

#endif
