/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys in libsecret's own file: by its password API, each call of which is bounded by the deadline. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

static const SecretSchema schema = {
	KEYRING_SCHEMA,
	SECRET_SCHEMA_NONE,
	{
		{"kind", SECRET_SCHEMA_ATTRIBUTE_STRING},
		{"app_id", SECRET_SCHEMA_ATTRIBUTE_STRING},
		{"api_origin", SECRET_SCHEMA_ATTRIBUTE_STRING},
		{"fingerprint", SECRET_SCHEMA_ATTRIBUTE_STRING},
		{"bits", SECRET_SCHEMA_ATTRIBUTE_STRING},
		{"version", SECRET_SCHEMA_ATTRIBUTE_STRING},
		{NULL, 0},
	},
	0,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
	NULL,
};

enum file_action { SEARCH, STORE, REMOVE };

/* All that a call works on belongs to it: it may outlive the caller. */
struct file_job {
	enum file_action action;
	GHashTable *attributes;
	char *label;
	SecretValue *secret;
	GList *items;
	gboolean done;
	bool unreadable;
	GError *error;
};

static struct file_job *job_new(const struct keyring_call *call, enum file_action action,
				const char *fingerprint, unsigned bits)
{
	struct file_job *job = g_new0(struct file_job, 1);
	GVariant *list = g_variant_ref_sink(keyring_attributes(call->query, fingerprint, bits));
	GVariantIter iter;
	char *name, *value;

	job->action = action;
	job->attributes = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	g_variant_iter_init(&iter, list);
	while (g_variant_iter_next(&iter, "{ss}", &name, &value))
		g_hash_table_replace(job->attributes, name, value);
	/* libsecret writes the schema's name itself. */
	g_hash_table_remove(job->attributes, "xdg:schema");
	g_variant_unref(list);
	return job;
}

static void job_free(void *data)
{
	struct file_job *job = data;

	g_hash_table_unref(job->attributes);
	g_free(job->label);
	g_clear_pointer(&job->secret, secret_value_unref);
	g_list_free_full(job->items, g_object_unref);
	g_clear_error(&job->error);
	g_free(job);
}

static void job_run(void *data)
{
	struct file_job *job = data;
	GHashTable *any;

	/* libsecret keeps the file's text, and would not see what another process has written since. */
	if (job->action != STORE)
		secret_service_disconnect();
	switch (job->action) {
	case STORE:
		job->done = secret_password_storev_binary_sync(&schema, job->attributes,
							       SECRET_COLLECTION_DEFAULT, job->label,
							       job->secret, NULL, &job->error);
		if (!job->done && !job->error)
			job->error = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_FAILED, "it was not stored");
		return;
	case REMOVE:
		job->done = secret_password_clearv_sync(&schema, job->attributes, NULL, &job->error);
		break;
	case SEARCH:
		job->items = secret_password_searchv_sync(&schema, job->attributes, SECRET_SEARCH_ALL, NULL,
							  &job->error);
		job->done = job->items != NULL;
		break;
	}
	if (job->done || job->error)
		return;
	/*
	 * With another master password nothing is found, as if there were nothing.  But
	 * every item fits a search without attributes, and then one that cannot be
	 * decrypted is an error.
	 */
	any = g_hash_table_new(g_str_hash, g_str_equal);
	g_list_free_full(secret_password_searchv_sync(NULL, any, SECRET_SEARCH_ALL, NULL, &job->error),
			 g_object_unref);
	job->unreadable = job->error != NULL;
	g_hash_table_unref(any);
}

/* On 0 the job is the caller's to free. */
static int job_do(const struct keyring_call *call, struct file_job *job)
{
	const struct icred_host *host = call->host;
	char text[KEYRING_TEXT_MAX];
	int r;

	r = keyring_bounded_call(call, job_run, job_free, job);
	if (r || !job->error)
		return r;
	keyring_error_text(job->error, text);
	if (job->unreadable)
		r = host->fail(host, ICRED_E_LOCKED,
			       "libsecret's file is encrypted with another master password: %s; use that "
			       "password, or move the file away and import the keys again",
			       text);
	else if (g_error_matches(job->error, SECRET_ERROR, SECRET_ERROR_INVALID_FILE_FORMAT))
		r = host->fail(host, ICRED_E_INVALID,
			       "there is no keyring service, and default.keyring is not a file of libsecret: "
			       "%s; move it away and import the keys again",
			       text);
	else if (g_error_matches(job->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		r = host->fail(host, ICRED_E_CANCELLED,
			       "the secret portal's question was dismissed; try again and answer it");
	else
		r = host->fail(host, ICRED_E_NO_SERVICE,
			       "no keyring service, and libsecret's file cannot be used either: %s; run "
			       "inside a desktop session, or keep the key elsewhere",
			       text);
	job_free(job);
	return r;
}

static gint newest_first(const void *a, const void *b)
{
	guint64 x = secret_retrievable_get_created(SECRET_RETRIEVABLE((void *)(uintptr_t)a));
	guint64 y = secret_retrievable_get_created(SECRET_RETRIEVABLE((void *)(uintptr_t)b));

	return x == y ? 0 : x < y ? 1 : -1;
}

static int search(const struct keyring_call *call, const char *fingerprint, GList **ret_items)
{
	struct file_job *job = job_new(call, SEARCH, fingerprint, 0);
	int r;

	r = job_do(call, job);
	if (r)
		return r;
	/* The file has the oldest first, which decides among those of one second; the sort is stable. */
	*ret_items = g_list_sort(g_list_reverse(g_steal_pointer(&job->items)), newest_first);
	job_free(job);
	return 0;
}

/* Into the host's secret memory. */
static int read_secret(const struct keyring_call *call, void *item, char **ret_text, size_t *ret_len)
{
	SecretValue *value;
	int r;

	/* It is decrypted already, in memory, so this does not block. */
	value = secret_retrievable_retrieve_secret_sync(SECRET_RETRIEVABLE(item), NULL, NULL);
	if (!value)
		return call->host->fail(call->host, ICRED_E_PROTOCOL,
					"libsecret's file default.keyring has an item without a secret; "
					"import the key again");
	r = keyring_copy_secret(call, value, ret_text, ret_len);
	secret_value_unref(value);
	return r;
}

int keyring_file_text(const struct keyring_call *call, unsigned at, struct keyring_text *ret_text)
{
	GList *items = NULL;
	void *item;
	int r;

	r = search(call, NULL, &items);
	if (r)
		return r;
	item = at < KEYRING_ITEMS_MAX ? g_list_nth_data(items, at) : NULL;
	r = item ? read_secret(call, item, &ret_text->pem, &ret_text->len) : keyring_missing(call, at);
	if (!r)
		ret_text->label = secret_retrievable_get_label(SECRET_RETRIEVABLE(item));
	g_list_free_full(items, g_object_unref);
	return r;
}

static int show(const struct keyring_call *call, SecretRetrievable *item, keyring_each_key *each, void *data)
{
	GHashTable *attributes = secret_retrievable_get_attributes(item);
	const char *fingerprint = g_hash_table_lookup(attributes, "fingerprint");
	const char *bits = g_hash_table_lookup(attributes, "bits");
	char *label = secret_retrievable_get_label(item);
	const struct icred_key key = {
		.size = sizeof(key),
		.module = "keyring",
		.where = "libsecret-file",
		.label = label ? label : "",
		.fingerprint = fingerprint ? fingerprint : "",
		.bits = bits ? (unsigned)g_ascii_strtoull(bits, NULL, 10) : 0,
		.app = call->query->app,
		.created_at = (int64_t)MIN(secret_retrievable_get_created(item), G_MAXINT64),
	};
	int r;

	r = each(&key, data);
	g_hash_table_unref(attributes);
	g_free(label);
	return r;
}

int keyring_file_each(const struct keyring_call *call, keyring_each_key *each, void *data)
{
	GList *items = NULL;
	unsigned n = 0;
	int r;

	r = search(call, NULL, &items);
	for (GList *at = items; !r && at && n < KEYRING_ITEMS_MAX; at = at->next, n++)
		r = show(call, SECRET_RETRIEVABLE(at->data), each, data);
	g_list_free_full(items, g_object_unref);
	return r;
}

int keyring_file_store(const struct keyring_call *call, const char *pem, const char *label,
		       const char *fingerprint, unsigned bits)
{
	const struct icred_host *host = call->host;
	GList *items = NULL;
	struct file_job *job;
	char *text = NULL;
	size_t len = 0;
	int r;

	/* This also keeps a key out of a file that is encrypted with another master password. */
	r = search(call, fingerprint, &items);
	if (r)
		return r;
	job = job_new(call, STORE, fingerprint, bits);
	/* The label that it has may be the user's own. */
	if (!label && items)
		job->label = secret_retrievable_get_label(SECRET_RETRIEVABLE(items->data));
	if (!job->label)
		job->label = keyring_make_label(call->query, label, fingerprint);
	job->secret = secret_value_new(pem, -1, "text/plain");
	g_list_free_full(g_steal_pointer(&items), g_object_unref);
	r = job_do(call, job);
	if (r)
		return r;
	job_free(job);
	/* What was stored must be found again, the same. */
	r = search(call, fingerprint, &items);
	if (!r && items)
		r = read_secret(call, items->data, &text, &len);
	if (!r && (!text || strcmp(text, pem) != 0))
		r = host->fail(host, ICRED_E_PROTOCOL,
			       "libsecret's file returned the key changed; use another keyring");
	if (text)
		host->secret_free(host, text);
	g_list_free_full(items, g_object_unref);
	return r;
}

int keyring_file_remove(const struct keyring_call *call, const char *fingerprint)
{
	struct file_job *job = job_new(call, REMOVE, fingerprint, 0);
	int r;

	r = job_do(call, job);
	if (r)
		return r;
	if (!job->done)
		r = call->host->fail(call->host, ICRED_E_NOT_FOUND,
				     "libsecret's file default.keyring has no key %s of app %s; "
				     "list its keys with: icred key list",
				     fingerprint, call->query->app);
	job_free(job);
	return r;
}
