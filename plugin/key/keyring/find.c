/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

/*
 * Attributes are stored in the clear and are how an item is found; they hold no
 * secret.  Some services do not keep xdg:schema faithfully (KWallet, KeePassXC),
 * so a search goes by our own `kind` and leaves the schema's name out.
 */
#define SCHEMA_VERSION "1"
#define KIND           "app-key"

#define COLLECTIONS_MAX 64u /* more are not looked at */

struct dated {
	const char *path;
	guint64 created;
};

/* For a search; with `bits` the full set, for an item to be stored. */
GVariant *keyring_attributes(const struct icred_key_query *query, const char *fingerprint, unsigned bits)
{
	char number[16];
	GVariantBuilder list;

	g_variant_builder_init(&list, G_VARIANT_TYPE("a{ss}"));
	g_variant_builder_add(&list, "{ss}", "kind", KIND);
	g_variant_builder_add(&list, "{ss}", "app_id", query->app);
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

int keyring_search(const struct keyring_call *call, const char *fingerprint, struct keyring_found *ret_found)
{
	GVariant *answer = NULL;
	int rc;

	rc = keyring_request(call, SERVICE_PATH, SERVICE_IFACE, "SearchItems",
			     g_variant_new("(@a{ss})", keyring_attributes(call->query, fingerprint, 0)),
			     "(aoao)", &answer);
	if (rc)
		return rc;
	g_variant_get(answer, "(@ao@ao)", &ret_found->unlocked, &ret_found->locked);
	g_variant_unref(answer);
	return 0;
}

/* The default collection's path; NULL if there is none yet. */
int keyring_default(const struct keyring_call *call, char **ret_path)
{
	GVariant *answer = NULL;
	char *path;
	int rc;

	rc = keyring_request(call, SERVICE_PATH, SERVICE_IFACE, "ReadAlias", g_variant_new("(s)", "default"),
			     "(o)", &answer);
	if (rc)
		return rc;
	g_variant_get(answer, "(o)", &path);
	g_variant_unref(answer);
	if (strcmp(path, NO_OBJECT) == 0)
		g_clear_pointer(&path, g_free);
	*ret_path = path;
	return 0;
}

/* A locked collection that shows no items at all may hide ours (KeePassXC). */
static int may_hide(const struct keyring_call *call, const char *path, int *ret_hides)
{
	GVariant *locked = NULL, *items = NULL;
	int rc;

	*ret_hides = 0;
	rc = keyring_property(call, path, COLLECTION_IFACE, "Locked", "b", &locked);
	if (!rc && g_variant_get_boolean(locked)) {
		rc = keyring_property(call, path, COLLECTION_IFACE, "Items", "ao", &items);
		*ret_hides = !rc && !g_variant_n_children(items);
	}
	g_clear_pointer(&locked, g_variant_unref);
	g_clear_pointer(&items, g_variant_unref);
	return rc;
}

static int unlock_one(const struct keyring_call *call, const char *path)
{
	return keyring_unlock(call, g_variant_new_objv(&path, 1));
}

static int collections(const struct keyring_call *call, GVariant **ret_paths)
{
	return keyring_property(call, SERVICE_PATH, SERVICE_IFACE, "Collections", "ao", ret_paths);
}

/* Is there a collection that can be searched?  That is known at the first one, as a rule. */
static int all_hidden(const struct keyring_call *call, GVariant *paths, int *ret_hidden)
{
	gsize n = MIN(g_variant_n_children(paths), COLLECTIONS_MAX);
	const char *path;
	int rc = 0;

	*ret_hidden = 1;
	for (gsize i = 0; !rc && *ret_hidden && i < n; i++) {
		g_variant_get_child(paths, i, "&o", &path);
		rc = may_hide(call, path, ret_hidden);
	}
	return rc;
}

/*
 * KeePassXC asks for a password as soon as it is searched with all locked, and
 * has no collections while no database is open.  So look before searching, and
 * what has to be asked is asked by us, or not at all.
 */
static int look_before(const struct keyring_call *call)
{
	GVariant *paths = NULL;
	char *path = NULL;
	int hidden = 0;
	int rc;

	rc = collections(call, &paths);
	if (rc)
		return rc;
	rc = all_hidden(call, paths, &hidden);
	if (!rc && hidden)
		rc = keyring_default(call, &path);
	if (!rc && path)
		rc = unlock_one(call, path);
	else if (!rc && hidden)
		rc = call->host->fail(call->host, ICRED_E_LOCKED,
				      "no keyring is open, so a key might not be seen; log in to your "
				      "desktop, or open your database in KeePassXC");
	g_variant_unref(paths);
	g_free(path);
	return rc;
}

static int found_nothing(const struct keyring_found *found)
{
	return !g_variant_n_children(found->unlocked) && !g_variant_n_children(found->locked);
}

/* Ask for this collection, if it may hide something, and search again. */
static int look_into(const struct keyring_call *call, const char *path, const char *fingerprint,
		     struct keyring_found *found)
{
	int hides = 0;
	int rc;

	rc = may_hide(call, path, &hides);
	if (rc || !hides)
		return rc;
	rc = unlock_one(call, path);
	if (rc)
		return rc;
	keyring_found_clear(found);
	return keyring_search(call, fingerprint, found);
}

/* "Locked" must never look like "missing": if nothing was found, is it certain? */
static int look_behind(const struct keyring_call *call, const char *fingerprint, struct keyring_found *found)
{
	GVariant *paths = NULL;
	const char *path;
	gsize n;
	int rc;

	rc = collections(call, &paths);
	if (rc)
		return rc;
	n = MIN(g_variant_n_children(paths), COLLECTIONS_MAX);
	for (gsize i = 0; !rc && found_nothing(found) && i < n; i++) {
		g_variant_get_child(paths, i, "&o", &path);
		rc = look_into(call, path, fingerprint, found);
	}
	g_variant_unref(paths);
	return rc;
}

/* The app's items; both lists may be empty, but then there is really nothing. */
int keyring_find(const struct keyring_call *call, const char *fingerprint, struct keyring_found *ret_found)
{
	struct keyring_found found = {NULL, NULL};
	int rc;

	rc = look_before(call);
	if (!rc)
		rc = keyring_search(call, fingerprint, &found);
	if (!rc && found_nothing(&found))
		rc = look_behind(call, fingerprint, &found);
	if (rc) {
		keyring_found_clear(&found);
		return rc;
	}
	*ret_found = found;
	return 0;
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

static int read_dates(const struct keyring_call *call, GVariant *paths, struct dated *items, unsigned n)
{
	GVariant *created;
	int rc;

	for (unsigned i = 0; i < n; i++) {
		items[i].created = 0;
		g_variant_get_child(paths, i, "&o", &items[i].path);
		if (n == 1) /* one item needs no order, and a date costs a round trip */
			break;
		rc = keyring_property(call, items[i].path, ITEM_IFACE, "Created", "t", &created);
		if (rc)
			return rc;
		items[i].created = g_variant_get_uint64(created);
		g_variant_unref(created);
	}
	return 0;
}

/* The paths, newest item first, NULL at the end; to be freed with g_strfreev. */
int keyring_by_date(const struct keyring_call *call, GVariant *paths, char ***ret_paths)
{
	unsigned n = (unsigned)MIN(g_variant_n_children(paths), KEYRING_ITEMS_MAX);
	struct dated items[KEYRING_ITEMS_MAX];
	char **sorted;
	int rc;

	rc = read_dates(call, paths, items, n);
	if (rc)
		return rc;
	qsort(items, n, sizeof(items[0]), by_date);
	sorted = g_new0(char *, n + 1);
	for (unsigned i = 0; i < n; i++)
		sorted[i] = g_strdup(items[i].path);
	*ret_paths = sorted;
	return 0;
}

int keyring_missing(const struct keyring_call *call, unsigned nth)
{
	return call->host->fail(call->host, ICRED_E_NOT_FOUND,
				"%s has no%s key of app %s for %s; import it with: icred key import "
				"app.pem --app %s",
				call->self->by_file ? "libsecret's file default.keyring" : "the keyring",
				nth ? " other" : "", call->query->app, call->query->origin, call->query->app);
}

int keyring_nth(const struct keyring_call *call, GVariant *paths, unsigned nth, char **ret_path)
{
	char **sorted = NULL;
	int rc;

	if (nth >= MIN(g_variant_n_children(paths), KEYRING_ITEMS_MAX))
		return keyring_missing(call, nth);
	rc = keyring_by_date(call, paths, &sorted);
	if (!rc)
		*ret_path = g_strdup(sorted[nth]);
	g_strfreev(sorted);
	return rc;
}
