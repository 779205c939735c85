/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which of the keyring's items belong to the app. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

/*
 * Attributes are stored in the clear and are how an item is found; they hold no
 * secret.  Some services do not keep xdg:schema faithfully (KWallet, KeePassXC),
 * so a search goes by the attribute `kind` and leaves the schema's name out.
 */
#define SCHEMA_VERSION "1"
#define KIND           "app-key"

#define COLLECTIONS_MAX 64u /* that are considered */

struct dated {
	const char *path;
	guint64 created;
};

/* For a search, of any origin if there is none; with `bits` the full set, for an item to be stored. */
GVariant *keyring_attributes(const struct icred_key_query *query, const char *fingerprint, unsigned bits)
{
	char number[16];
	GVariantBuilder list;

	g_variant_builder_init(&list, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&list, "{ss}", "kind", KIND);
	g_variant_builder_add(&list, "{ss}", "app_id", query->app);
	if (query->origin)
		g_variant_builder_add(&list, "{ss}", "api_origin", query->origin);
	if (fingerprint)
		g_variant_builder_add(&list, "{ss}", "fingerprint", fingerprint);
	if (bits) {
		g_snprintf(number, sizeof(number), "%u", bits);
		g_variant_builder_add(&list, "{ss}", "bits", number);
		g_variant_builder_add(&list, "{ss}", "version", SCHEMA_VERSION);
		g_variant_builder_add(&list, "{ss}", "xdg:schema", KEYRING_SCHEMA);
	}
	return g_variant_builder_end(&list);
}

void keyring_found_clear(struct keyring_found *found)
{
	g_clear_pointer(&found->unlocked, g_variant_unref);
	g_clear_pointer(&found->locked, g_variant_unref);
}

/* Into *found, in place of what an earlier search found. */
int keyring_search(const struct keyring_call *call, const char *fingerprint, struct keyring_found *found)
{
	GVariant *answer = NULL;
	int r;

	keyring_found_clear(found);
	r = keyring_request(call, SERVICE_PATH, SERVICE_IFACE, "SearchItems",
			    g_variant_new("(@a{ss})", keyring_attributes(call->query, fingerprint, 0)),
			    "(aoao)", &answer);
	if (r)
		return r;
	g_variant_get(answer, "(@ao@ao)", &found->unlocked, &found->locked);
	g_variant_unref(answer);
	return 0;
}

/* The default collection's path; NULL if there is none yet. */
int keyring_default(const struct keyring_call *call, char **ret_path)
{
	GVariant *answer = NULL;
	char *path;
	int r;

	r = keyring_request(call, SERVICE_PATH, SERVICE_IFACE, "ReadAlias", g_variant_new("(s)", "default"),
			    "(o)", &answer);
	if (r)
		return r;
	g_variant_get(answer, "(o)", &path);
	g_variant_unref(answer);
	if (strcmp(path, NO_OBJECT) == 0)
		g_clear_pointer(&path, g_free);
	*ret_path = path;
	return 0;
}

/* A locked collection that shows no items at all may hide the app's (KeePassXC). */
static int may_hide(const struct keyring_call *call, const char *path, bool *ret_hides)
{
	GVariant *locked = NULL, *items = NULL;
	int r;

	*ret_hides = false;
	r = keyring_property(call, path, COLLECTION_IFACE, "Locked", "b", &locked);
	if (!r && g_variant_get_boolean(locked)) {
		r = keyring_property(call, path, COLLECTION_IFACE, "Items", "ao", &items);
		*ret_hides = !r && !g_variant_n_children(items);
	}
	g_clear_pointer(&locked, g_variant_unref);
	g_clear_pointer(&items, g_variant_unref);
	return r;
}

static int read_collections(const struct keyring_call *call, GVariant **ret_paths)
{
	g_clear_pointer(ret_paths, g_variant_unref);
	return keyring_property(call, SERVICE_PATH, SERVICE_IFACE, "Collections", "ao", ret_paths);
}

/*
 * KeePassXC asks for a password as soon as it is searched with all locked, and
 * has no collections while no database is open.  So the module looks before it
 * searches: if all collections may hide items, it asks for the default one itself, or
 * fails.  Then it reads *collections again, as the service may have replaced them.
 */
static int unlock_if_all_hide(const struct keyring_call *call, GVariant **collections)
{
	gsize n = MIN(g_variant_n_children(*collections), COLLECTIONS_MAX);
	char *path = NULL;
	bool hides = true;
	int r = 0;

	for (gsize i = 0; !r && hides && i < n; i++) {
		const char *each;

		g_variant_get_child(*collections, i, "&o", &each);
		r = may_hide(call, each, &hides);
	}
	if (r || !hides)
		return r;
	r = keyring_default(call, &path);
	if (!r && !path)
		r = call->host->fail(call->host, ICRED_E_LOCKED,
				     "no keyring is open, so a key might not be seen; log in to your "
				     "desktop, or open your database in KeePassXC");
	if (!r)
		r = keyring_unlock_path(call, path);
	if (!r)
		r = read_collections(call, collections);
	g_free(path);
	return r;
}

/*
 * The app's items.  If a search finds none, a locked collection that may hide them is
 * unlocked first: "locked" must not look like "missing".
 */
int keyring_find(const struct keyring_call *call, const char *fingerprint, struct keyring_found *ret_found)
{
	struct keyring_found found = {NULL, NULL};
	GVariant *collections = NULL;
	int r;

	r = read_collections(call, &collections);
	if (!r)
		r = unlock_if_all_hide(call, &collections);
	if (!r)
		r = keyring_search(call, fingerprint, &found);
	for (gsize i = 0; !r && i < MIN(g_variant_n_children(collections), COLLECTIONS_MAX); i++) {
		const char *path;
		bool hides;

		if (g_variant_n_children(found.unlocked) || g_variant_n_children(found.locked))
			break;
		g_variant_get_child(collections, i, "&o", &path);
		r = may_hide(call, path, &hides);
		if (!r && hides) {
			r = keyring_unlock_path(call, path);
			if (!r)
				r = keyring_search(call, fingerprint, &found);
		}
	}
	g_clear_pointer(&collections, g_variant_unref);
	if (r)
		keyring_found_clear(&found);
	else
		*ret_found = found;
	return r;
}

/* Newest first; of the same second, the one whose number is higher. */
static int by_date(const void *a, const void *b)
{
	const struct dated *x = a, *y = b;
	size_t m = strlen(x->path), n = strlen(y->path);

	if (x->created != y->created)
		return x->created < y->created ? 1 : -1;
	if (m != n)
		return m < n ? 1 : -1;
	return strcmp(y->path, x->path);
}

/* The paths, newest item first, NULL at the end; to be freed with g_strfreev. */
int keyring_by_date(const struct keyring_call *call, GVariant *paths, char ***ret_paths)
{
	unsigned n = (unsigned)MIN(g_variant_n_children(paths), KEYRING_ITEMS_MAX);
	struct dated items[KEYRING_ITEMS_MAX] = {{.path = NULL}};
	GVariant *created;
	char **sorted;
	int r;

	for (unsigned i = 0; i < n; i++) {
		g_variant_get_child(paths, i, "&o", &items[i].path);
		if (n == 1) /* one item needs no order, and a date costs a round trip */
			break;
		r = keyring_property(call, items[i].path, ITEM_IFACE, "Created", "t", &created);
		if (r)
			return r;
		items[i].created = g_variant_get_uint64(created);
		g_variant_unref(created);
	}
	qsort(items, n, sizeof(items[0]), by_date);
	sorted = g_new0(char *, n + 1);
	for (unsigned i = 0; i < n; i++)
		sorted[i] = g_strdup(items[i].path);
	*ret_paths = sorted;
	return 0;
}

int keyring_nth(const struct keyring_call *call, GVariant *paths, unsigned nth, char **ret_path)
{
	char **sorted = NULL;
	int r;

	if (nth >= MIN(g_variant_n_children(paths), KEYRING_ITEMS_MAX))
		return keyring_missing(call, nth);
	r = keyring_by_date(call, paths, &sorted);
	if (!r)
		*ret_path = g_strdup(sorted[nth]);
	g_strfreev(sorted);
	return r;
}
