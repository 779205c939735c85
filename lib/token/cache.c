/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/module/loader.h"
#include "lib/token/cache.h"
#include "lib/token/life.h"

#define NAME_SIZE (ICRED_NAME_MAX + 1)
#define NAMES_MAX 100000

/* What a walk over the cache lines is about. */
struct walk {
	struct context *context;
	struct host host;
	const struct identity *identity;
	const char *secret;
	const struct token_body *save;
	struct token_body *found;
	bool strict;            /* each cache has to work */
	struct failure failure; /* the first one that counts, whatever the other lines do */
	char name[IDENTITY_NAME_MAX];
};

static void walk_init(struct walk *walk, struct context *context, const struct identity *identity)
{
	*walk = (struct walk){.context = context, .identity = identity};
	context_host(context, &walk->host);
	if (identity)
		identity_name(identity, walk->name);
}

/*
 * What a line has come to.  A cache that cannot be used is not used, and the
 * user hears of it once; only where the control wants this cache it is a failure.
 */
static int used(struct walk *walk, const struct line *line, int r)
{
	/* Not here, or not on this machine: nothing that a user would have to know or mend. */
	if (r == ICRED_OK || r == STACK_SKIP || r == ICRED_E_NOT_FOUND || r == ICRED_E_UNSUPPORTED)
		return r;
	r = line_failure(line, r);
	if ((walk->strict || line_fails_stack(line, r)) && !walk->failure.code)
		failure_save(&walk->failure);
	else if (!walk->failure.code)
		log_caution(&walk->context->log, "cache %s is not used: %s", line->module,
			    icred_error()->message);
	return r;
}

/* A record of a neighbouring version as one of ours; NULL, with the old one freed, if it cannot be. */
static void *convert(struct context *context, void *blob, size_t *len)
{
	void *bytes = secret_alloc(context->pool, ICRED_BLOB_MAX);
	struct wire ours = {.bytes = bytes, .cap = ICRED_BLOB_MAX};
	bool converted = bytes && record_convert(blob, *len, &ours);

	secret_free(blob);
	if (!converted) {
		secret_free(bytes);
		return NULL;
	}
	*len = ours.len;
	return bytes;
}

/* With any_version, also a record of a neighbouring version of libicred, which for all others is not here. */
static int load_entry(struct context *context, struct module *module, const struct host *host,
		      const char *name, bool any_version, struct token_body **ret_body)
{
	void *blob = secret_alloc(context->pool, ICRED_BLOB_MAX);
	struct token_body *body;
	size_t len = 0;
	int r;

	if (!blob)
		return set_no_memory();
	module_enter(module);
	r = module->ops.cache.load(module->self, &host->table, name, blob, ICRED_BLOB_MAX, &len);
	module_leave(module);
	if (r < 0 || len > ICRED_BLOB_MAX) {
		secret_free(blob);
		return r < 0 ? r : set_error(ICRED_E_INTERNAL, "the cache returned an impossible size");
	}
	if (record_is_foreign(blob, len)) {
		blob = any_version ? convert(context, blob, &len) : secret_free(blob);
		if (!blob)
			return set_error(ICRED_E_NOT_FOUND,
					 "the cache entry is of another version of libicred");
	}
	body = token_body_new(secret_trim(blob, len), len);
	if (!body) {
		log_caution(&context->log, "a damaged cache entry is ignored");
		return set_error(ICRED_E_NOT_FOUND, "no valid cache entry");
	}
	*ret_body = body;
	return ICRED_OK;
}

static int load_line(struct line *line, void *data)
{
	struct walk *walk = data;
	struct host host = host_for_line(&walk->host, line);
	int64_t now = clock_utc();
	struct token_body *body;
	struct module *module;
	int r = module_get(line, &host, &module);

	if (r == ICRED_OK)
		r = load_entry(walk->context, module, &host, walk->name, false, &body);
	if (r != ICRED_OK)
		return used(walk, line, r);
	/* A line whose entry is of no use makes way for the next one. */
	if (!life_within(body->record.minted_at, now, INT64_MAX))
		r = set_error(ICRED_E_NOT_FOUND,
			      "the entry was minted in the future, so the clock was set back since");
	else if (!life_left(body->record.minted_at, body->record.expires_at, now))
		r = set_error(ICRED_E_NOT_FOUND, "the entry has expired");
	else if (!walk->found && !identity_equal(&body->record.identity, walk->identity))
		r = set_error(ICRED_E_NOT_FOUND, "the entry is another token's");
	if (r != ICRED_OK || walk->found) {
		token_body_unref(body);
		return r;
	}
	log_line(&walk->context->log, ICRED_LOG_DEBUG, "cache %s has the token", line->module);
	walk->found = body;
	return ICRED_OK;
}

int cache_load(struct context *context, const struct identity *identity, struct token_body **ret_body)
{
	struct walk walk;
	int r;

	if (context->flags & ICRED_NO_CACHE)
		return set_error(ICRED_E_NOT_FOUND, "the caches are not used");
	walk_init(&walk, context, identity);
	r = stack_run(&context->profile->stack, ICRED_CACHE, &context->log, load_line, &walk,
		      ICRED_E_NOT_FOUND, NULL);
	if (r == ICRED_OK && walk.found)
		*ret_body = walk.found;
	else
		token_body_unref(walk.found);
	return r == ICRED_OK && !walk.found ? ICRED_E_NOT_FOUND : r;
}

static int save_line(struct line *line, void *data)
{
	struct walk *walk = data;
	struct host host = host_for_line(&walk->host, line);
	struct module *module;
	int r = module_get(line, &host, &module);

	if (r != ICRED_OK)
		return used(walk, line, r);
	module_enter(module);
	r = module->ops.cache.save(module->self, &host.table, walk->name, walk->save->blob,
				   walk->save->blob_len, walk->save->record.expires_at);
	module_leave(module);
	return used(walk, line, r);
}

int cache_save(struct context *context, const struct token_body *body)
{
	struct walk walk;
	int r;

	if (context->flags & ICRED_NO_CACHE)
		return ICRED_OK;
	walk_init(&walk, context, &body->record.identity);
	walk.save = body;
	r = stack_run(&context->profile->stack, ICRED_CACHE, &context->log, save_line, &walk, 0, NULL);
	if (walk.failure.code)
		return failure_restore(&walk.failure);
	if (r == ICRED_OK)
		return r;
	log_caution(&context->log, "the token was not cached: %s", icred_error()->message);
	return ICRED_OK;
}

/*
 * Every line is asked, whatever the controls say: a token that is to go must go
 * everywhere.  The first line that could not be asked, and whose control wants
 * it, is reported in the end.
 */
static int each_line(struct walk *walk, int (*call)(struct walk *, struct module *, struct host *, void *),
		     void *data)
{
	struct stack *stack = &walk->context->profile->stack;

	for (size_t i = 0; i < stack->count; i++) {
		struct line *line = &stack->lines[i];
		struct host host = host_for_line(&walk->host, line);
		struct module *module;
		int r;
		if (line->facility != ICRED_CACHE)
			continue;
		clear_error();
		r = module_get(line, &host, &module);
		if (r == ICRED_OK)
			r = call(walk, module, &host, data);
		line_explain(&walk->context->log, line, r, "and every line is asked");
		(void)used(walk, line, r);
	}
	return walk->failure.code ? failure_restore(&walk->failure) : ICRED_OK;
}

/* An entry that is there and stays would be handed out again, so that counts whatever the control says. */
static int drop_entry(struct walk *walk, struct module *module, struct host *host)
{
	int r;

	module_enter(module);
	r = module->ops.cache.drop(module->self, &host->table, walk->name);
	module_leave(module);
	if (r != ICRED_OK && r != ICRED_E_NOT_FOUND && !walk->failure.code) {
		(void)line_failure(host->line, r);
		failure_save(&walk->failure);
	}
	return r;
}

static int drop_line(struct walk *walk, struct module *module, struct host *host, void *data)
{
	struct token_body *body = NULL;
	int r = load_entry(walk->context, module, host, walk->name, true, &body);

	(void)data;
	if (r < 0)
		return r;
	if (identity_equal(&body->record.identity, walk->identity) &&
	    (!walk->secret || secret_equal(body->record.secret, walk->secret)))
		r = drop_entry(walk, module, host);
	token_body_unref(body);
	return r;
}

int cache_drop(struct context *context, const struct identity *identity, const char *secret)
{
	struct walk walk;

	walk_init(&walk, context, identity);
	walk.secret = secret;
	return each_line(&walk, drop_line, NULL);
}

struct each {
	bool any_version;
	int (*each)(struct token_body *body, const char *module, void *data);
	void *data;
	int result;
	char (*names)[NAME_SIZE]; /* of the module at hand */
	size_t count, cap;
};

/* Names first, entries later: a SERIAL module must not be called from within its own call. */
static int note_name(const char *name, void *data)
{
	struct each *each = data;
	size_t cap = MAX(each->cap * 2, 64);
	void *grown;

	if (strlen(name) >= NAME_SIZE || each->count == NAMES_MAX)
		return 0;
	if (each->count == each->cap) {
		grown = reallocarray(each->names, cap, NAME_SIZE);
		if (!grown)
			return ICRED_E_NO_MEMORY;
		each->names = grown;
		each->cap = cap;
	}
	memcpy(each->names[each->count++], name, strlen(name) + 1);
	return 0;
}

static int each_module(struct walk *walk, struct module *module, struct host *host, void *data)
{
	struct each *each = data;
	int r;

	each->count = 0;
	module_enter(module);
	r = module->ops.cache.each(module->self, &host->table, note_name, each);
	module_leave(module);
	for (size_t i = 0; i < each->count && !each->result; i++) {
		struct token_body *body;
		if (load_entry(walk->context, module, host, each->names[i], each->any_version, &body) < 0)
			continue;
		each->result = each->each(body, host->line->module, each->data);
		token_body_unref(body);
	}
	return r;
}

int cache_each(struct context *context, bool strict,
	       int (*each)(struct token_body *body, const char *module, void *data), void *data)
{
	struct each all = {.any_version = !strict, .each = each, .data = data};
	struct walk walk;
	int r;

	walk_init(&walk, context, NULL);
	walk.strict = strict;
	r = each_line(&walk, each_module, &all);
	free(all.names);
	return all.result ? all.result : r;
}
