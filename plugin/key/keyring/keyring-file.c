/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keys in libsecret's own file: by its password API, each call of which runs aside. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

#define WHERE         "libsecret-file"
#define FILE_TEXT_MAX 200

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

/* All that a call works on is its own: it may outlive who asked. */
struct job {
	GHashTable *attributes;
	char *label;
	SecretValue *secret;
	GList *items;
	gboolean done;
	gboolean unreadable;
	GError *error;
};

static GHashTable *attributes(const struct keyring_call *call, const char *fingerprint, unsigned bits)
{
	GHashTable *table = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
	GVariant *list = g_variant_ref_sink(keyring_attributes(call->query, fingerprint, bits));
	GVariantIter iter;
	char *name, *value;

	g_variant_iter_init(&iter, list);
	while (g_variant_iter_next(&iter, "{ss}", &name, &value))
		g_hash_table_replace(table, name, value);
	g_variant_unref(list);
	/* libsecret writes the schema's name itself. */
	g_hash_table_remove(table, "xdg:schema");
	return table;
}

static struct job *job_new(const struct keyring_call *call, const char *fingerprint, unsigned bits)
{
	struct job *job = g_new0(struct job, 1);

	job->attributes = attributes(call, fingerprint, bits);
	return job;
}

static void free_items(GList *items)
{
	g_list_free_full(items, g_object_unref);
}

static void job_free(void *data)
{
	struct job *job = data;

	g_hash_table_unref(job->attributes);
	g_free(job->label);
	g_clear_pointer(&job->secret, secret_value_unref);
	free_items(job->items);
	g_clear_error(&job->error);
	g_free(job);
}

static void job_error(const struct job *job, char text[FILE_TEXT_MAX])
{
	GError *bare = job->error ? g_error_copy(job->error) : NULL;

	if (bare)
		g_dbus_error_strip_remote_error(bare);
	g_strlcpy(text, bare && bare->message ? bare->message : "no reason given", FILE_TEXT_MAX);
	g_clear_error(&bare);
	for (char *p = text; *p; p++)
		if (g_ascii_iscntrl(*p))
			*p = ' ';
}

static int job_failed(const struct keyring_call *call, const struct job *job)
{
	const struct icred_host *host = call->host;
	char text[FILE_TEXT_MAX];

	job_error(job, text);
	if (job->unreadable)
		return host->fail(
			host, ICRED_E_LOCKED,
			"libsecret's file is encrypted with another master password (%s); give that "
			"one, or move the file away and import the keys again",
			text);
	if (g_error_matches(job->error, SECRET_ERROR, SECRET_ERROR_INVALID_FILE_FORMAT))
		return host->fail(
			host, ICRED_E_INVALID,
			"there is no keyring service, and default.keyring is no file of libsecret's "
			"(%s); move it away and import the keys again",
			text);
	if (g_error_matches(job->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
		return host->fail(host, ICRED_E_CANCELLED,
				  "the secret portal's question was dismissed; try again and answer it");
	return host->fail(host, ICRED_E_NO_SERVICE,
			  "no keyring service, and libsecret's file can't be used either (%s); "
			  "run inside a desktop session, or keep the key elsewhere",
			  text);
}

/* On 0 the job is the caller's to free. */
static int job_do(const struct keyring_call *call, void (*run)(void *job), struct job *job)
{
	int rc = keyring_aside(call, run, job_free, job);

	if (rc || !job->error)
		return rc;
	rc = job_failed(call, job);
	job_free(job);
	return rc;
}

/* Another process may have written since: the instance that libsecret keeps would not see it. */
static void read_anew(void)
{
	secret_service_disconnect();
}

/*
 * Another master password finds nothing, as if there were nothing.  But every
 * item fits no attributes at all, and then one that can't be decrypted is an error.
 */
static void look_behind(struct job *job)
{
	GHashTable *any = g_hash_table_new(g_str_hash, g_str_equal);

	free_items(secret_password_searchv_sync(NULL, any, SECRET_SEARCH_ALL, NULL, &job->error));
	job->unreadable = job->error != NULL;
	g_hash_table_unref(any);
}

static void run_search(void *data)
{
	struct job *job = data;

	read_anew();
	job->items =
		secret_password_searchv_sync(&schema, job->attributes, SECRET_SEARCH_ALL, NULL, &job->error);
	if (!job->items && !job->error)
		look_behind(job);
}

static void run_store(void *data)
{
	struct job *job = data;

	job->done = secret_password_storev_binary_sync(&schema, job->attributes, SECRET_COLLECTION_DEFAULT,
						       job->label, job->secret, NULL, &job->error);
	if (!job->done && !job->error)
		job->error = g_error_new_literal(G_IO_ERROR, G_IO_ERROR_FAILED, "it was not stored");
}

static void run_remove(void *data)
{
	struct job *job = data;

	read_anew();
	job->done = secret_password_clearv_sync(&schema, job->attributes, NULL, &job->error);
	if (!job->done && !job->error)
		look_behind(job);
}

static gint newest_first(const void *a, const void *b)
{
	guint64 x = secret_retrievable_get_created(SECRET_RETRIEVABLE((void *)(uintptr_t)a));
	guint64 y = secret_retrievable_get_created(SECRET_RETRIEVABLE((void *)(uintptr_t)b));

	return x == y ? 0 : x < y ? 1 : -1;
}

static int search(const struct keyring_call *call, const char *fingerprint, GList **ret_items)
{
	struct job *job = job_new(call, fingerprint, 0);
	int rc;

	rc = job_do(call, run_search, job);
	if (rc)
		return rc;
	/* The file has the oldest first, which decides among those of one second; the sort is stable. */
	*ret_items = g_list_sort(g_list_reverse(g_steal_pointer(&job->items)), newest_first);
	job_free(job);
	return 0;
}

static int copy_secret(const struct keyring_call *call, SecretValue *value, char **ret_text, size_t *ret_len)
{
	const struct icred_host *host = call->host;
	const char *inside;
	gsize len = 0;
	char *text;

	inside = secret_value_get(value, &len);
	text = host->secret_alloc(host, len + 1);
	if (!text)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	memcpy(text, inside, len);
	text[len] = 0;
	*ret_text = text;
	*ret_len = len;
	return 0;
}

/* In the host's secret memory. */
static int read_item(const struct keyring_call *call, void *item, char **ret_text, size_t *ret_len)
{
	SecretValue *value;
	int rc;

	/* It is decrypted already, in memory; nothing is waited for. */
	value = secret_retrievable_retrieve_secret_sync(SECRET_RETRIEVABLE(item), NULL, NULL);
	if (!value)
		return call->host->fail(call->host, ICRED_E_PROTOCOL,
					"libsecret's file default.keyring has an item without a secret; "
					"import the key again");
	rc = copy_secret(call, value, ret_text, ret_len);
	secret_value_unref(value);
	return rc;
}

int keyring_file_text(const struct keyring_call *call, unsigned at, struct keyring_text *ret_text)
{
	GList *items = NULL;
	void *item;
	int rc;

	rc = search(call, NULL, &items);
	if (rc)
		return rc;
	item = at < KEYRING_ITEMS_MAX ? g_list_nth_data(items, at) : NULL;
	rc = item ? read_item(call, item, &ret_text->pem, &ret_text->len) : keyring_missing(call, at);
	if (!rc)
		ret_text->label = secret_retrievable_get_label(SECRET_RETRIEVABLE(item));
	free_items(items);
	return rc;
}

static const char *value_of(GHashTable *table, const char *name)
{
	const char *value = table ? g_hash_table_lookup(table, name) : NULL;

	return value ? value : "";
}

static int show(const struct keyring_call *call, void *item,
		int (*each)(const struct icred_key *key, void *data), void *data)
{
	GHashTable *table = secret_retrievable_get_attributes(SECRET_RETRIEVABLE(item));
	char *label = secret_retrievable_get_label(SECRET_RETRIEVABLE(item));
	struct icred_key key = {.size = sizeof(key), .module = "keyring", .where = WHERE};
	int rc;

	key.label = label ? label : "";
	key.fingerprint = value_of(table, "fingerprint");
	key.bits = (unsigned)g_ascii_strtoull(value_of(table, "bits"), NULL, 10);
	key.app = call->query->app;
	key.created_at = (int64_t)MIN(secret_retrievable_get_created(SECRET_RETRIEVABLE(item)), G_MAXINT64);
	rc = each(&key, data);
	g_clear_pointer(&table, g_hash_table_unref);
	g_free(label);
	return rc;
}

int keyring_file_each(const struct keyring_call *call, int (*each)(const struct icred_key *key, void *data),
		      void *data)
{
	GList *items = NULL;
	unsigned n = 0;
	int rc;

	rc = search(call, NULL, &items);
	for (GList *at = items; !rc && at && n < KEYRING_ITEMS_MAX; at = at->next, n++)
		rc = show(call, at->data, each, data);
	free_items(items);
	return rc;
}

/* What was stored must be found again, the same. */
static int read_back(const struct keyring_call *call, const char *pem, const char *fingerprint)
{
	GList *items = NULL;
	char *text = NULL;
	size_t len = 0;
	int rc;

	rc = search(call, fingerprint, &items);
	if (!rc && items)
		rc = read_item(call, items->data, &text, &len);
	if (!rc && (!text || strcmp(text, pem) != 0))
		rc = call->host->fail(call->host, ICRED_E_PROTOCOL,
				      "libsecret's file does not give the key back as it was; use another "
				      "keyring");
	if (text)
		call->host->secret_free(call->host, text);
	free_items(items);
	return rc;
}

int keyring_file_store(const struct keyring_call *call, const char *pem, const char *label,
		       const char *fingerprint, unsigned bits)
{
	GList *items = NULL;
	struct job *job;
	int rc;

	/* This also keeps a key out of a file that is encrypted with another master password. */
	rc = search(call, fingerprint, &items);
	if (rc)
		return rc;
	job = job_new(call, fingerprint, bits);
	/* The label that it has already may be the user's own words. */
	if (!label && items)
		job->label = secret_retrievable_get_label(SECRET_RETRIEVABLE(items->data));
	if (!job->label)
		job->label = keyring_label(call->query, label, fingerprint);
	job->secret = secret_value_new(pem, -1, "text/plain");
	free_items(items);
	rc = job_do(call, run_store, job);
	if (rc)
		return rc;
	job_free(job);
	return read_back(call, pem, fingerprint);
}

int keyring_file_remove(const struct keyring_call *call, const char *fingerprint)
{
	struct job *job = job_new(call, fingerprint, 0);
	int rc;

	rc = job_do(call, run_remove, job);
	if (rc)
		return rc;
	if (!job->done)
		rc = call->host->fail(call->host, ICRED_E_NOT_FOUND,
				      "libsecret's file default.keyring has no key %s of app %s; "
				      "icred key list shows those it has",
				      fingerprint, call->query->app);
	job_free(job);
	return rc;
}
