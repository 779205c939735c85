/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Answers of success: a token, an installation, a page of installations. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <string.h>
#include <strings.h>

#include "lib/base/clock.h"
#include "lib/base/language.h"
#include "lib/base/text.h"
#include "plugin/issuer/appauth/answer.h"
#include "plugin/issuer/appauth/json-read.h"

static const char NO_OBJECT[] = "the answer is empty, cut short, or not a JSON object";

static int wrong(const char **ret_reason, const char *reason)
{
	*ret_reason = reason;
	return ICRED_E_PROTOCOL;
}

/* The answer cannot be read as a whole: json_read sets errno where that is a lack of memory. */
static int no_document(const char **ret_reason, const char *reason)
{
	if (errno != ENOMEM)
		return wrong(ret_reason, reason);
	*ret_reason = "out of memory";
	return ICRED_E_NO_MEMORY;
}

/* An ID or a name that can be shown: without blanks and control characters, and not long. */
static bool is_plain(const char *text, size_t len, size_t max)
{
	if (!text || len == 0 || len > max)
		return false;
	for (size_t i = 0; i < len; i++)
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	return true;
}

/* A member that is an ID: a string, or a whole number, which is taken as it is written. */
static const char *plain_id(struct json_object *object, const char *name)
{
	struct json_object *member = json_member(object, name);
	size_t len = 0;
	const char *text;

	if (json_object_is_type(member, json_type_int))
		return json_object_get_string(member);
	text = json_text(object, name, &len);
	return is_plain(text, len, ANSWER_ID_SIZE - 1) ? text : NULL;
}

static bool is_uuid(const char *text)
{
	static const char form[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

	if (strlen(text) != sizeof(form) - 1)
		return false;
	for (size_t i = 0; form[i]; i++)
		if (form[i] == '-' ? text[i] != '-' : !isxdigit((unsigned char)text[i]))
			return false;
	return true;
}

bool answer_same_id(const char *a, const char *b)
{
	return strcmp(a, b) == 0 || (is_uuid(a) && is_uuid(b) && strcasecmp(a, b) == 0);
}

/* Unknown names and levels are taken as they are; what is not a name and a level is left out. */
static void read_permissions(const struct appauth_scheme *scheme, struct answer_token *token)
{
	struct json_object *all = json_member(token->root, scheme->permissions);
	size_t n = 0;

	if (!json_object_is_type(all, json_type_object))
		return;
	json_object_object_foreach(all, name, value)
	{
		size_t len = 0;
		const char *level = json_text(all, name, &len);

		(void)value;
		if (!is_plain(name, strlen(name), ICRED_PERMISSION_MAX) ||
		    !is_plain(level, len, ICRED_PERMISSION_MAX))
			continue;
		token->has_more_permissions = n == (size_t)2 * ICRED_PERMISSIONS_MAX;
		if (token->has_more_permissions)
			return;
		token->permissions[n++] = name;
		token->permissions[n++] = level;
	}
}

/* Whose token it is: an ID; "" for what is there and is not one; NULL for what is missing. */
static const char *owner_id(const struct answer_token *token, const char *name)
{
	const char *id = plain_id(token->root, name);

	return id ? id : json_member(token->root, name) ? "" : NULL;
}

int answer_token(const struct appauth_scheme *scheme, const char *body, size_t len, int64_t now,
		 struct answer_token *ret_token, const char **ret_reason)
{
	_cleanup_json_ struct json_object *root = json_read(body, len);
	struct answer_token token = {.root = root, .expires_at = now + ANSWER_LIFE - ANSWER_MARGIN};
	struct json_object *member;
	const char *text;

	if (!json_object_is_type(root, json_type_object))
		return no_document(ret_reason, NO_OBJECT);
	member = json_member(root, scheme->is_active);
	if (member && !json_object_is_type(member, json_type_boolean))
		return wrong(ret_reason, "the answer does not clearly say whether the token is active");
	if (member && !json_object_get_boolean(member)) {
		*ret_reason = "the token in the answer is not active";
		return ICRED_E_SUSPENDED;
	}
	member = json_member(root, scheme->token);
	if (!member)
		return wrong(ret_reason, "there is no token in the answer");
	if (!json_object_is_type(member, json_type_string))
		return wrong(ret_reason, "the token in the answer is not a string");
	if (json_object_get_string_len(member) > ICRED_TOKEN_MAX)
		return wrong(ret_reason, "the token in the answer is longer than 4096 bytes");
	token.token = json_text(root, scheme->token, &len);
	if (!token.token || !is_b64token(token.token))
		return wrong(ret_reason,
			     "the token in the answer is not one that a header can carry (RFC 6750)");
	if (json_member(root, scheme->expires_at)) {
		text = json_text(root, scheme->expires_at, &len);
		if (!text || !clock_parse_utc(text, len, &token.expires_at))
			return wrong(ret_reason,
				     "the time at which the token expires is not a time (RFC 3339)");
		if (token.expires_at <= now)
			return wrong(ret_reason, "the new token has already expired by this machine's clock");
	}
	/* If a server says too much, a dead token would be served for as long. */
	token.expires_at = MIN(token.expires_at, now + ANSWER_LIFE_MAX);
	token.installation = owner_id(&token, scheme->installation_id);
	token.organization = owner_id(&token, scheme->organization_id);
	token.app = owner_id(&token, scheme->app_id);
	read_permissions(scheme, &token);
	*ret_token = token;
	root = NULL;
	return 0;
}

void answer_token_free(struct answer_token *token)
{
	json_free(token->root);
	token->root = NULL;
}

static int copy_id(struct json_object *installation, char id[ANSWER_ID_SIZE])
{
	const char *text = plain_id(installation, "id");

	if (!text)
		return ICRED_E_PROTOCOL;
	memcpy(id, text, strlen(text) + 1);
	return 0;
}

static bool is_of(const struct appauth_scheme *scheme, struct json_object *installation,
		  const char *organization)
{
	const char *id = plain_id(json_member(installation, scheme->owner), "id");

	return id && answer_same_id(id, organization);
}

int answer_installation(const struct appauth_scheme *scheme, const char *body, size_t len,
			const char *organization, char ret_id[ANSWER_ID_SIZE], const char **ret_reason)
{
	_cleanup_json_ struct json_object *root = json_read(body, len);

	if (!json_object_is_type(root, json_type_object))
		return no_document(ret_reason, NO_OBJECT);
	if (json_member(root, scheme->owner) && !is_of(scheme, root, organization))
		return wrong(ret_reason, "the answer is about another organization's installation");
	if (copy_id(root, ret_id) < 0)
		return wrong(ret_reason, "the answer has no ID of an installation");
	return 0;
}

static int64_t page_number(struct json_object *pagination, const char *name)
{
	struct json_object *member = json_member(pagination, name);
	int64_t n = json_object_is_type(member, json_type_int) ? json_object_get_int64(member) : -1;

	return n >= 0 && n <= INT_MAX ? n : -1;
}

int answer_page(const struct appauth_scheme *scheme, const char *body, size_t len, unsigned page,
		const char *organization, struct answer_page *ret_page, const char **ret_reason)
{
	_cleanup_json_ struct json_object *root = json_read(body, len);
	struct json_object *list = scheme->list ? json_member(root, scheme->list) : root;
	struct json_object *pagination = scheme->list ? json_member(root, "pagination") : NULL;
	struct answer_page found = {.next = page + 1, .more = true};

	if (!json_object_is_type(list, json_type_array))
		return no_document(ret_reason, "the answer is not a list of installations");
	for (size_t i = 0; i < json_object_array_length(list) && !found.found[0]; i++) {
		struct json_object *installation = json_object_array_get_idx(list, i);

		if (i == 0)
			(void)copy_id(installation, found.first);
		if (is_of(scheme, installation, organization))
			(void)copy_id(installation, found.found);
	}
	/* If the answer does not mention pages, the caller asks for the next one until it is empty or the same. */
	if (pagination) {
		int64_t next = page_number(pagination, "nextPage");
		int64_t count = page_number(pagination, "pageCount");

		found.more = next > (int64_t)page &&
			     (count < 0 || (int64_t)(page - scheme->first_page) + 1 < count);
		if (found.more)
			found.next = (unsigned)next;
	}
	if (json_object_array_length(list) == 0)
		found.more = false;
	*ret_page = found;
	return 0;
}
