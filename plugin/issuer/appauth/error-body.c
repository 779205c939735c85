/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The body of an answer that is not a success. */
#include "config.h"

#include <string.h>
#include <strings.h>

#include "plugin/issuer/appauth/answer.h"
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

static void read_json(const struct appauth_scheme *scheme, const struct http_reply *reply,
		      struct error_body *body)
{
	struct json_object *root = json_read(reply->body, reply->len);
	struct json_object *member = json_member(root, scheme->error_status);
	int64_t status = json_object_is_type(member, json_type_int) ? json_object_get_int64(member) : 0;
	char text[MESSAGE_SIZE];
	size_t len = join(json_member(root, "message"), text, sizeof(text));

	if (len == 0)
		len = join(json_member(root, "error"), text, sizeof(text));
	quote(body->text, sizeof(body->text), text, len);
	explicit_bzero(text, sizeof(text));
	json_free(root);
	/*
	 * The service repeats the status in its errors, and no other program does.  A gateway that changes the
	 * status did not keep to what the service said.
	 */
	if (status >= 400 && status <= 599 && len > 0 && (status == reply->status || reply->status <= 299)) {
		body->author = ERROR_AUTHOR_SERVICE;
		body->status = (long)status;
	}
}

struct error_body error_body_read(const struct appauth_scheme *scheme, const struct http_reply *reply)
{
	struct error_body body = {.author = ERROR_AUTHOR_UNKNOWN};
	const char *text = reply->body ? reply->body : "";
	size_t type = strcspn(reply->type, "; \t");

	if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
		text += 3;
	if (text[strspn(text, " \t\r\n")] == '<')
		body.author = ERROR_AUTHOR_PAGE;
	else if (reply->len == 0)
		return body;
	else if ((type == 16 && strncasecmp(reply->type, "application/json", type) == 0) ||
		 (type > 5 && strncasecmp(reply->type + type - 5, "+json", 5) == 0))
		read_json(scheme, reply, &body);
	else if (strncasecmp(reply->type, "text/", 5) == 0)
		quote(body.text, sizeof(body.text), reply->body, strcspn(reply->body, "\r\n"));
	return body;
}

bool error_body_mentions(const struct error_body *body, const char *const words[])
{
	for (; *words; words++)
		if (strcasestr(body->text, *words))
			return true;
	return false;
}
