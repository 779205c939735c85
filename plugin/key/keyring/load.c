/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The nth key: of the items that hold one, as another program may have left some that don't. */
#include "config.h"

#include "plugin/key/keyring/keyring.h"

/* Beside the codes of failures: */
#define LOOK_ANEW 1 /* something was unlocked, so the items may be others, in another order */
#define UNFIT     2 /* there is an item, but it holds no usable key */

/* Which item is looked at, and how many keys there were in those before it. */
struct place {
	unsigned at;
	unsigned keys;
};

/* The item at this place, unlocked; only if the unlocked ones are not enough is its owner asked. */
static int find_item(const struct keyring_call *call, unsigned at, char **ret_path)
{
	struct keyring_found found = {NULL, NULL};
	int rc;

	rc = keyring_find(call, NULL, &found);
	if (!rc && g_variant_n_children(found.unlocked) <= at && g_variant_n_children(found.locked)) {
		rc = keyring_unlock(call, found.locked);
		rc = rc ? rc : LOOK_ANEW;
	}
	if (!rc)
		rc = keyring_nth(call, found.unlocked, at, ret_path);
	keyring_found_clear(&found);
	return rc;
}

/* KeePassXC may ask its owner for one item, though it is not locked otherwise. */
static int read_secret(const struct keyring_call *call, const char *path, struct keyring_text *ret_text)
{
	int rc;

	rc = keyring_secret(call, path, &ret_text->pem, &ret_text->len);
	if (rc != ICRED_E_LOCKED || !call->host->interactive)
		return rc;
	rc = keyring_unlock(call, g_variant_new_objv(&path, 1));
	return rc ? rc : keyring_secret(call, path, &ret_text->pem, &ret_text->len);
}

/* The caller has to clear the text, even after a failure. */
static int load_text(const struct keyring_call *call, unsigned at, struct keyring_text *ret_text)
{
	int rc;

	if (call->self->by_file)
		return keyring_file_text(call, at, ret_text);
	rc = find_item(call, at, &ret_text->path);
	return rc ? rc : read_secret(call, ret_text->path, ret_text);
}

static void text_clear(const struct keyring_call *call, struct keyring_text *text)
{
	if (text->pem)
		call->host->secret_free(call->host, text->pem);
	g_free(text->path);
	g_free(text->label);
}

/* What the owner knows the item by; a message begins with it. */
static char *describe(const struct keyring_call *call, const struct keyring_text *text, const char *why)
{
	char *label = text->label ? g_strdup(text->label) : keyring_item_label(call, text->path);
	/* What would mend a file is of no use to an item. */
	char *words = g_strdup_printf("the keyring's item \"%.80s\" for app %s is not usable: %.*s",
				      label ? label : "", call->query->app, (int)strcspn(why, ";"), why);

	g_free(label);
	return words;
}

/* With UNFIT, *unfit has one more line about it. */
static int open_item(const struct keyring_call *call, unsigned at, GPtrArray *unfit, struct rsa_key **ret_key)
{
	struct keyring_text text = {.pem = NULL};
	char why[RSA_WHY_SIZE] = "";
	int rc, opened = 0;

	rc = load_text(call, at, &text);
	if (!rc)
		opened = rsa_open(text.pem, text.len, ret_key, why, sizeof(why));
	if (opened == ICRED_E_INVALID) {
		g_ptr_array_add(unfit, describe(call, &text, why));
		rc = UNFIT;
	} else if (opened) {
		rc = call->host->fail(call->host, opened, "%s", why);
	}
	text_clear(call, &text);
	return rc;
}

/* Behind the key before this one, if it is at hand: nobody is asked for that again. */
static struct place begin_at(const struct keyring_call *call, unsigned nth)
{
	const struct keyring_recent *recent = &call->self->recent;
	struct place first = {0, 0};
	struct place next = {recent->at + 1, nth};

	return nth && keyring_recent_fits(recent, call->query, nth - 1) ? next : first;
}

static int walk(const struct keyring_call *call, unsigned nth, GPtrArray *unfit, struct keyring_recent *found)
{
	struct place place = begin_at(call, nth);
	struct rsa_key *key = NULL;
	unsigned unlocked = 0;
	int rc;

	for (;;) {
		rc = open_item(call, place.at, unfit, &key);
		if (!rc && place.keys == nth)
			break;
		if (rc == LOOK_ANEW && !unlocked++) {
			g_ptr_array_set_size(unfit, 0);
			place.at = place.keys = 0;
			continue;
		}
		if (rc == LOOK_ANEW)
			return keyring_locked(call);
		if (rc && rc != UNFIT)
			return rc;
		place.keys += !rc;
		key = rsa_free(key);
		place.at++;
	}
	found->key = key;
	found->at = place.at;
	return 0;
}

static int none_usable(const struct keyring_call *call, const GPtrArray *unfit)
{
	return call->host->fail(call->host, ICRED_E_INVALID,
				"%s; import the key again, or remove the item with the keyring's own program",
				(const char *)unfit->pdata[0]);
}

static void tell_unfit(const struct keyring_call *call, const GPtrArray *unfit)
{
	for (guint i = 0; i < unfit->len; i++)
		call->host->log(call->host, ICRED_LOG_WARNING,
				"%s; the next is used: remove it with the keyring's own program",
				(const char *)unfit->pdata[i]);
}

int keyring_load(const struct keyring_call *call, unsigned nth, struct keyring_recent *found)
{
	GPtrArray *unfit = g_ptr_array_new_with_free_func(g_free);
	int rc;

	rc = walk(call, nth, unfit, found);
	if (!rc)
		tell_unfit(call, unfit);
	else if (rc == ICRED_E_NOT_FOUND && !nth && unfit->len)
		rc = none_usable(call, unfit);
	g_ptr_array_unref(unfit);
	return rc;
}
