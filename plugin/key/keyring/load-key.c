/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nth key: of the items that hold one, as another program may have left some that don't. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"
#include "plugin/shared/quote.h"

/* Beside the codes of failures: */
#define UNLOCKED 1 /* items were unlocked, so there may be others, in another order: start again */
#define UNFIT    2 /* there is an item, but it holds no usable key */

bool keyring_recent_fits(const struct keyring_recent *recent, const struct icred_key_query *query,
			 unsigned nth)
{
	return recent->key && recent->nth == nth && g_get_monotonic_time() < recent->until &&
	       strcmp(recent->app, query->app) == 0 && strcmp(recent->origin, query->origin) == 0;
}

/* There is no key for this origin: has the app one for another, as after a change of the setting api? */
static int missing(const struct keyring_call *call)
{
	const struct icred_key_query any = {.size = sizeof(any), .app = call->query->app};
	const struct keyring_call wider = {call->self, call->host, &any};
	struct keyring_found found = {NULL, NULL};
	GVariant *attributes = NULL;
	const char *path = NULL, *origin = NULL;
	char other[QUOTE_SIZE];
	int r;

	if (!keyring_search(&wider, NULL, &found)) {
		if (g_variant_n_children(found.unlocked))
			g_variant_get_child(found.unlocked, 0, "&o", &path);
		else if (g_variant_n_children(found.locked))
			g_variant_get_child(found.locked, 0, "&o", &path);
	}
	if (path && !keyring_property(call, path, ITEM_IFACE, "Attributes", "a{ss}", &attributes))
		g_variant_lookup(attributes, "api_origin", "&s", &origin);
	if (origin && strcmp(origin, call->query->origin) != 0) {
		quote(other, sizeof(other), origin, strlen(origin));
		r = call->host->fail(call->host, ICRED_E_NOT_FOUND,
				     "the keyring has a key of app %s, but for %s, not for %s; correct the "
				     "setting api, or import a key with: icred key import app.pem",
				     call->query->app, other, call->query->origin);
	} else {
		r = keyring_missing(call, 0);
	}
	g_clear_pointer(&attributes, g_variant_unref);
	keyring_found_clear(&found);
	return r;
}

/* The text of the item at this position.  The user is asked to unlock items only if the unlocked ones are not enough. */
static int read_item(const struct keyring_call *call, unsigned at, struct keyring_text *ret_text)
{
	struct keyring_found found = {NULL, NULL};
	int r;

	if (call->self->by_file)
		return keyring_file_text(call, at, ret_text);
	r = keyring_find(call, NULL, &found);
	if (!r && g_variant_n_children(found.unlocked) <= at && g_variant_n_children(found.locked)) {
		r = keyring_unlock(call, found.locked);
		r = r ? r : UNLOCKED;
	}
	if (!r && !at && !g_variant_n_children(found.unlocked))
		r = missing(call);
	if (!r)
		r = keyring_nth(call, found.unlocked, at, &ret_text->path);
	keyring_found_clear(&found);
	if (r)
		return r;
	r = keyring_secret(call, ret_text->path, &ret_text->pem, &ret_text->len);
	/* KeePassXC may ask for one item, though it is not locked otherwise. */
	if (r == ICRED_E_LOCKED && call->host->interactive) {
		r = keyring_unlock_path(call, ret_text->path);
		if (!r)
			r = keyring_secret(call, ret_text->path, &ret_text->pem, &ret_text->len);
	}
	return r;
}

/* With UNFIT, *unfit has one more text about it, the beginning of a message. */
static int open_item(const struct keyring_call *call, unsigned at, GPtrArray *unfit, struct rsa_key **ret_key)
{
	const struct icred_host *host = call->host;
	struct keyring_text text = {.pem = NULL};
	char why[RSA_WHY_SIZE] = "";
	int r, opened = 0;

	r = read_item(call, at, &text);
	if (!r)
		opened = rsa_open(text.pem, text.len, ret_key, why, sizeof(why));
	if (opened == ICRED_E_INVALID) {
		if (!text.label)
			text.label = keyring_label_of(call, text.path, ITEM_IFACE);
		/* Without the remedy, which is one for a file. */
		g_ptr_array_add(unfit,
				g_strdup_printf("the keyring's item \"%.80s\" for app %s is not usable: %.*s",
						text.label ? text.label : "", call->query->app,
						(int)strcspn(why, ";"), why));
		r = UNFIT;
	} else if (opened) {
		r = host->fail(host, opened, "%s", why);
	}
	if (text.pem)
		host->secret_free(host, text.pem);
	g_free(text.path);
	g_free(text.label);
	return r;
}

int keyring_load(const struct keyring_call *call, unsigned nth, struct keyring_recent *found)
{
	const struct icred_host *host = call->host;
	const struct keyring_recent *recent = &call->self->recent;
	/* If the key before this one is at hand, start after it: what it needed is not asked again. */
	bool is_next = nth && keyring_recent_fits(recent, call->query, nth - 1);
	unsigned at = is_next ? recent->at + 1 : 0, keys = is_next ? nth : 0;
	GPtrArray *unfit = g_ptr_array_new_with_free_func(g_free);
	bool has_restarted = false;
	int r;

	for (;;) {
		r = open_item(call, at, unfit, &found->key);
		if (r == UNLOCKED && !has_restarted) {
			has_restarted = true;
			g_ptr_array_set_size(unfit, 0);
			at = keys = 0;
			continue;
		}
		if ((r && r != UNFIT) || (!r && keys == nth))
			break;
		keys += !r;
		found->key = rsa_free(found->key);
		at++;
	}
	found->at = at;
	if (r == UNLOCKED)
		r = keyring_locked(call);
	else if (r == ICRED_E_NOT_FOUND && !nth && unfit->len)
		r = host->fail(host, ICRED_E_INVALID,
			       "%s; import the key again, or remove the item with the keyring's own program",
			       (const char *)unfit->pdata[0]);
	for (guint i = 0; !r && i < unfit->len; i++)
		host->log(host, ICRED_LOG_WARNING,
			  "%s, so it is skipped; remove it with the keyring's own program",
			  (const char *)unfit->pdata[i]);
	g_ptr_array_unref(unfit);
	return r;
}
