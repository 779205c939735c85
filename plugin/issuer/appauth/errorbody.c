/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "plugin/issuer/appauth/errorbody.h"
#include "plugin/issuer/appauth/json-read.h"

#define MESSAGE_SIZE 1024

static void join_one(struct json_object *string, char *out, size_t cap, size_t *at)
{
	const char *separator = *at > 0 ? "; " : "";
	size_t len;

	if (!json_object_is_type(string, json_type_string) || *at + strlen(separator) >= cap)
		return;
	memcpy(out + *at, separator, strlen(separator));
	*at += strlen(separator);
	len = (size_t)json_object_get_string_len(string);
	if (len > cap - *at)
		len = cap - *at;
	memcpy(out + *at, json_object_get_string(string), len);
	*at += len;
}

/* A string, or the strings of an array, as one text; its length. */
static size_t join(struct json_object *message, char *out, size_t cap)
{
	size_t at = 0;

	if (!json_object_is_type(message, json_type_array))
		join_one(message, out, cap, &at);
	else
		for (size_t i = 0; i < json_object_array_length(message) && at < cap; i++)
			join_one(json_object_array_get_idx(message, i), out, cap, &at);
	return at;
}

static bool has_json_type(const struct http_reply *reply)
{
	size_t len = strcspn(reply->type, "; \t");

	return (len == 16 && strncasecmp(reply->type, "application/json", len) == 0) ||
	       (len > 5 && strncasecmp(reply->type + len - 5, "+json", 5) == 0);
}

static bool is_page(const struct http_reply *reply)
{
	const char *text = reply->body ? reply->body : "";

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	return text[strspn(text, " \t\r\n")] == '<';
}

/* The status that the service repeats in its errors, and that no other's JSON has; 0 if it is missing. */
static long read_status(const struct appauth_scheme *scheme, struct json_object *root)
{
	struct json_object *member = json_member(root, scheme->error_status);
	int64_t status = json_object_is_type(member, json_type_int) ? json_object_get_int64(member) : 0;

	return status >= 400 && status <= 599 ? (long)status : 0;
}

static void read_json(const struct appauth_scheme *scheme, const struct http_reply *reply,
		      struct errorbody *body)
{
	struct json_object *root = json_read(reply->body, reply->len);
	char text[MESSAGE_SIZE];
	size_t len = join(json_member(root, "message"), text, sizeof(text));
	long status = read_status(scheme, root);

	if (len == 0)
		len = join(json_member(root, "error"), text, sizeof(text));
	quote(body->text, sizeof(body->text), text, len);
	explicit_bzero(text, sizeof(text));
	json_free(root);
	/* A gateway that changes the status did not keep to what the service said. */
	if (status && len > 0 && (status == reply->status || reply->status <= 299)) {
		body->author = ERRORBODY_SERVICE;
		body->status = status;
	}
}

struct errorbody errorbody_read(const struct appauth_scheme *scheme, const struct http_reply *reply)
{
	struct errorbody body = {.author = ERRORBODY_UNKNOWN};

	if (is_page(reply))
		body.author = ERRORBODY_PAGE;
	else if (has_json_type(reply) && reply->len > 0)
		read_json(scheme, reply, &body);
	else if (strncasecmp(reply->type, "text/", 5) == 0 && reply->len > 0)
		quote(body.text, sizeof(body.text), reply->body, strcspn(reply->body, "\r\n"));
	return body;
}

bool errorbody_says(const struct errorbody *body, const char *const words[])
{
	for (; *words; words++)
		if (strcasestr(body->text, *words))
			return true;
	return false;
}
