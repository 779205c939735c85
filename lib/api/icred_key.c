/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Requests to the worker, where the key modules are. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/api/handle.h"
#include "lib/base/error.h"
#include "lib/base/key-limits.h"
#include "lib/base/secret.h"
#include "lib/base/text.h"

static int take_fingerprint(int frame, struct reader *reader, void *data)
{
	char **fingerprint = data;
	struct field field;

	while (frame == FRAME_DONE && wire_next(reader, &field))
		if (field.tag == TAG_FINGERPRINT && !*fingerprint)
			*fingerprint = dup_string(field_string(reader, &field));
	return *fingerprint ? ICRED_OK
			    : set_error(ICRED_E_INTERNAL, "icred-worker answered without a fingerprint");
}

/* The worker keeps opened keys for a while: after a change it must look anew. */
static void forget_opened_keys(icred_t *handle)
{
	struct failure failure;

	failure_save(&failure);
	worker_stop(&handle->worker);
	failure_restore(&failure);
}

static int send_pem(icred_t *handle, int frame, const void *pem, size_t len, const char *label,
		    char **ret_fingerprint)
{
	_cleanup_free_ char *fingerprint = NULL;
	_cleanup_secret_ void *bytes = NULL;
	struct wire request;
	int r;

	if (!handle || !pem)
		return set_error(ICRED_E_INVALID, "icred_key: handle and pem must not be NULL");
	if (len > PEM_MAX)
		return set_error(ICRED_E_INVALID,
				 "the PEM is larger than any key (%d KiB): it must be some other file",
				 PEM_MAX / 1024);
	if (label && strlen(label) > LABEL_MAX)
		return set_error(ICRED_E_INVALID, "the label is longer than %d bytes; give a shorter one",
				 LABEL_MAX);
	r = worker_request(&handle->worker, frame, len + REQUEST_ROOM, &request);
	if (r < 0)
		return r;
	bytes = request.bytes;
	wire_put(&request, TAG_PEM, pem, len);
	wire_put_string(&request, TAG_LABEL, label);
	r = worker_call(&handle->worker, &request, context_deadline(&handle->context), take_fingerprint,
			&fingerprint);
	wipe_traces();
	if (r == ICRED_OK && ret_fingerprint) {
		*ret_fingerprint = fingerprint;
		fingerprint = NULL;
	}
	return r;
}

static int need_app(icred_t *handle)
{
	if (handle && !settings_get(&handle->context.profile->settings, "app", 0))
		return set_error(ICRED_E_INVALID, "the profile has no app; write \"app ID\" in it");
	return ICRED_OK;
}

_export_ int icred_key_import(icred_t *handle, const void *pem, size_t len, const char *label,
			      char **ret_fingerprint)
{
	int r = need_app(handle);

	if (r < 0)
		return r;
	r = send_pem(handle, FRAME_KEY_STORE, pem, len, label, ret_fingerprint);
	if (handle)
		forget_opened_keys(handle);
	return r;
}

_export_ int icred_key_fingerprint(icred_t *handle, const void *pem, size_t len, char **ret_fingerprint)
{
	if (!ret_fingerprint)
		return set_error(ICRED_E_INVALID, "icred_key_fingerprint: ret_fingerprint must not be NULL");
	return send_pem(handle, FRAME_KEY_CHECK, pem, len, NULL, ret_fingerprint);
}

struct each_key {
	int (*each)(const struct icred_key *key, void *data);
	void *data;
	int result;
};

static int take_key(int frame, struct reader *reader, void *data)
{
	struct icred_key key = {
		.size = sizeof(key), .fingerprint = "", .app = "", .label = "", .module = "", .where = ""};
	struct each_key *each = data;
	struct field field;

	if (frame != FRAME_KEY)
		return ICRED_OK;
	while (wire_next(reader, &field)) {
		switch (field.tag) {
		case TAG_FINGERPRINT:
			key.fingerprint = field_string(reader, &field);
			break;
		case TAG_APP_ID:
			key.app = field_string(reader, &field);
			break;
		case TAG_LABEL:
			key.label = field_string(reader, &field);
			break;
		case TAG_MODULE:
			key.module = field_string(reader, &field);
			break;
		case TAG_WHERE:
			key.where = field_string(reader, &field);
			break;
		case TAG_CREATED:
			key.created_at = field_number(reader, &field);
			break;
		case TAG_BITS:
			key.bits = field_unsigned(reader, &field);
			break;
		case TAG_LOCKED:
			key.locked = field_number(reader, &field) != 0;
			break;
		default:
			break;
		}
	}
	if (reader->damaged)
		return ICRED_OK; /* worker_call() reports it */
	each->result = each->each(&key, each->data);
	return each->result ? 1 : ICRED_OK;
}

_export_ int icred_key_each(icred_t *handle, int (*each)(const struct icred_key *key, void *data), void *data)
{
	struct each_key all = {each, data, 0};
	_cleanup_secret_ void *bytes = NULL;
	struct wire request;
	int r;

	if (!handle || !each)
		return set_error(ICRED_E_INVALID, "icred_key_each: handle and each must not be NULL");
	r = need_app(handle);
	if (r == ICRED_OK)
		r = worker_request(&handle->worker, FRAME_KEY_LIST, REQUEST_ROOM, &request);
	if (r < 0)
		return r;
	bytes = request.bytes;
	r = worker_call(&handle->worker, &request, context_deadline(&handle->context), take_key, &all);
	return r < 0 ? r : all.result;
}

_export_ int icred_key_remove(icred_t *handle, const char *fingerprint)
{
	_cleanup_secret_ void *bytes = NULL;
	struct wire request;
	int r;

	if (!handle || !fingerprint)
		return set_error(ICRED_E_INVALID,
				 "icred_key_remove: handle and fingerprint must not be NULL");
	r = need_app(handle);
	if (r == ICRED_OK)
		r = worker_request(&handle->worker, FRAME_KEY_REMOVE, REQUEST_ROOM, &request);
	if (r < 0)
		return r;
	bytes = request.bytes;
	wire_put_string(&request, TAG_FINGERPRINT, fingerprint);
	r = worker_call(&handle->worker, &request, context_deadline(&handle->context), NULL, NULL);
	forget_opened_keys(handle);
	return r;
}
