/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/base/error.h"
#include "lib/base/suggest.h"
#include "lib/base/system-words.h"
#include "lib/module/built-in.h"
#include "lib/module/loader.h"

/* "file:line:column: " of the module's name; "" for a line that stands in no file. */
static void line_position(char text[POSITION_MAX], const struct line *line)
{
	position_format(text,
			(struct position){line->number ? line->file : NULL, line->number, line->column});
}

/* A fault of the profile, so the message begins with the position, as the parser's do. */
static int bad_module(struct line *line, const char *why)
{
	char name[LINE_NAME_MAX], where[POSITION_MAX];

	line->faulty = true;
	line_position(where, line);
	note_error(ICRED_E_INVALID, "%smodule %s %s", where, line_name(line, name), why);
	set_error_where(name, line->file, line->number);
	return ICRED_E_INVALID;
}

/* What open() refuses is usually an argument, so a fault of the profile as well. */
static void add_position(const struct line *line)
{
	struct failure failure;
	char where[POSITION_MAX];

	failure_save(&failure);
	if (failure.code != ICRED_E_INVALID || !line->number)
		return;
	line_position(where, line);
	note_error(failure.code, "%s%s", where, failure.message);
	set_error_where(failure.module, line->file, line->number);
}

static const char *module_directory(void)
{
	const char *directory = secure_getenv("ICRED_MODULE_DIR");

	return directory && directory[0] == '/' ? directory : MODULE_DIR;
}

/* False if it does not fit: a cut path would be another path. */
static bool module_path(const struct line *line, char path[PATH_MAX])
{
	int n = snprintf(path, PATH_MAX, "%s/%s-%s.so", module_directory(), facility_name(line->facility),
			 line->module);

	return n >= 0 && n < PATH_MAX;
}

bool module_is_skipped(const struct line *line)
{
	char path[PATH_MAX];

	if (!line->optional_module || built_in(line->facility, line->module) || !module_path(line, path))
		return false;
	return access(path, F_OK) < 0 && errno == ENOENT;
}

/* The module of this facility whose name is closest to one that does not exist. */
static struct suggestion similar_module(const struct line *line)
{
	struct suggestion similar = suggest_for(line->module, strlen(line->module));
	const char *facility = facility_name(line->facility);
	size_t prefix = strlen(facility) + 1, len;
	struct dirent **entries = NULL;
	int count = scandir(module_directory(), &entries, NULL, alphasort);

	built_in_suggest(line->facility, &similar);
	for (int i = 0; i < count; i++) {
		const char *name = entries[i]->d_name;
		len = strlen(name);
		if (len > prefix + 3 && strncmp(name, facility, prefix - 1) == 0 && name[prefix - 1] == '-' &&
		    strcmp(name + len - 3, ".so") == 0)
			suggest_name(&similar, name + prefix, len - prefix - 3);
		free(entries[i]);
	}
	free(entries);
	return similar;
}

/* The limit that was reached, by the loader's message; 0 if that is about the file. */
static int load_errno(const char *said)
{
	static const int limits[] = {EMFILE, ENFILE, ENOMEM};

	for (size_t i = 0; i < ARRAY_SIZE(limits); i++)
		if (strstr(said, strerror(limits[i])))
			return limits[i];
	return strstr(said, "failed to map segment") || strstr(said, "cannot allocate") ? ENOMEM : 0;
}

/* The one symbol of the module's file. */
static int find_entry(struct line *line, module_entry_fn **ret_entry)
{
	struct suggestion similar;
	char path[PATH_MAX], why[600], name[LINE_NAME_MAX];
	const char *said;
	int error;
	void *handle, *symbol;

	if (!module_path(line, path))
		return bad_module(line,
				  "cannot be loaded: the value of ICRED_MODULE_DIR is too long; unset it");
	handle = dlopen(path, RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
	if (!handle) {
		said = dlerror();
		error = load_errno(said);
		if (error) {
			note_error(ICRED_E_NO_MEMORY, "module %s cannot be loaded: %s", line_name(line, name),
				   errno_words(error));
			set_error_where("", line->file, line->number);
			return ICRED_E_NO_MEMORY;
		}
		similar = similar_module(line);
		snprintf(why, sizeof(why),
			 "cannot be loaded: %.440s; install what is missing, or name another one%s", said,
			 suggest_text(&similar));
		return bad_module(line, why);
	}
	symbol = dlsym(handle, "icred_module_1");
	if (!symbol && dlsym(handle, "icred_module_2"))
		return bad_module(
			line,
			"has no icred_module_1, but icred_module_2: it is for a later libicred, with the ABI's major version 2");
	if (!symbol)
		return bad_module(line, "has no icred_module_1: it was not built for this libicred");
	memcpy(ret_entry, &symbol, sizeof(*ret_entry));
	return ICRED_OK;
}

/* The first capability that is claimed without its callback, by the callback's name; or NULL. */
static const char *missing_callback(const struct module *module)
{
	const struct icred_key_ops *key = &module->ops.key;
	const struct icred_cache_ops *cache = &module->ops.cache;
	unsigned can = module->table.can;

	switch (module->table.facility) {
	case ICRED_KEY:
		return (can & ICRED_CAN_SIGN) && !key->sign       ? "sign"
		       : (can & ICRED_CAN_LIST) && !key->each     ? "each"
		       : (can & ICRED_CAN_STORE) && !key->store   ? "store"
		       : (can & ICRED_CAN_REMOVE) && !key->remove ? "remove"
								  : NULL;
	case ICRED_CACHE:
		return !cache->load   ? "load"
		       : !cache->save ? "save"
		       : !cache->drop ? "drop"
		       : !cache->each ? "each"
				      : NULL;
	default:
		return (can & ICRED_CAN_MINT) && !module->ops.issuer.mint ? "mint" : NULL;
	}
}

/* A SERIAL module has one lock for all lines and handles of the process; `loading` is held. */
static struct serial *find_serial(const struct icred_module *table)
{
	static struct serial *list;
	struct serial *serial;

	for (serial = list; serial; serial = serial->next)
		if (serial->table == table)
			return serial;
	serial = calloc(1, sizeof(*serial));
	if (!serial)
		return NULL;
	serial->table = table;
	serial->next = list;
	list = serial;
	return serial;
}

/* An argument that the module does not know may be mistyped: it must not go unnoticed. */
static int check_arguments(struct line *line, const char *known)
{
	char why[360];

	for (size_t i = 0; known && line->arguments[i]; i++) {
		size_t len = strcspn(line->arguments[i], "=");
		const char *at = known;
		for (; *at; at += strspn(at, " ")) {
			size_t word = strcspn(at, " ");
			if (word == len && memcmp(at, line->arguments[i], len) == 0)
				break;
			at += word;
		}
		if (*at)
			continue;
		struct suggestion similar = suggest_for(line->arguments[i], len);
		suggest_names(&similar, known);
		snprintf(why, sizeof(why), "does not know the argument \"%.*s\"; it takes %.160s%s",
			 (int)MIN(len, 60), line->arguments[i], *known ? known : "none",
			 suggest_text(&similar));
		return bad_module(line, why);
	}
	return ICRED_OK;
}

static int check_module(struct line *line, struct module *module, const struct icred_module *table)
{
	static const size_t ops_size[] = {[ICRED_KEY] = sizeof(struct icred_key_ops),
					  [ICRED_CACHE] = sizeof(struct icred_cache_ops),
					  [ICRED_ISSUER] = sizeof(struct icred_issuer_ops)};
	const char *missing;
	char why[80];

	copy_sized(&module->table, sizeof(module->table), table);
	if (table->size < offsetof(struct icred_module, ops) + sizeof(table->ops))
		return bad_module(line, "has a table that is too short: it ends without open or without ops");
	if (!module->table.ops || !module->table.open)
		return bad_module(line, "has a table without open or without ops");
	if (module->table.facility != line->facility)
		return bad_module(line, "serves another facility than its name says");
	if (line->facility == ICRED_CACHE && !(module->table.can & ICRED_CAN_CACHE))
		return bad_module(line, "does not claim ICRED_CAN_CACHE, as every cache must");
	if (line->facility == ICRED_ISSUER && !(module->table.can & ICRED_CAN_MINT))
		return bad_module(line, "does not claim ICRED_CAN_MINT, as every issuer must");
	copy_sized(&module->ops, ops_size[line->facility], module->table.ops);
	missing = missing_callback(module);
	if (missing) {
		snprintf(why, sizeof(why), "claims a capability without its callback: %s is missing",
			 missing);
		return bad_module(line, why);
	}
	if (check_arguments(line, module->table.arguments) < 0)
		return ICRED_E_INVALID;
	if (module->table.threads == ICRED_THREADS_PARALLEL)
		return ICRED_OK;
	module->serial = find_serial(table);
	return module->serial ? ICRED_OK : set_no_memory();
}

static struct lock loading; /* of the process, as modules are */

/* `loading` is held. */
static int load(struct line *line)
{
	module_entry_fn *entry = built_in(line->facility, line->module);
	const struct icred_module *table;
	struct module *module;
	int r;

	if (line->checked)
		return ICRED_OK;
	if (module_is_skipped(line))
		return STACK_SKIP;
	r = entry ? ICRED_OK : find_entry(line, &entry);
	if (r < 0)
		return r;
	table = entry();
	if (!table)
		return bad_module(line, "returned no table");
	module = calloc(1, sizeof(*module));
	r = module ? check_module(line, module, table) : set_no_memory();
	if (r < 0) {
		free(module);
		return r;
	}
	/* Only now, as another thread may not yet have weighed a failure that it got before. */
	line->faulty = false;
	line->checked = module;
	return ICRED_OK;
}

int module_check(struct line *line)
{
	int r;

	if (line->checked)
		return ICRED_OK;
	lock_take(&loading);
	r = load(line);
	lock_give(&loading);
	return r;
}

int module_get(struct line *line, const struct host *host, struct module **ret_module)
{
	struct module *module = line->opened;
	int r = ICRED_OK;

	if (module) {
		*ret_module = module;
		return ICRED_OK;
	}
	lock_take(&loading);
	if (!line->opened)
		r = load(line);
	if (!line->opened && r == ICRED_OK) {
		struct host own = host_for_line(host, line);
		module = line->checked;
		clear_error(); /* a failure without a message would be taken for an earlier one */
		r = module->table.open(&own.table, &module->self);
		if (r == ICRED_OK)
			line->opened = module;
		else
			r = line_failure(line, r);
		if (r == ICRED_E_INVALID)
			add_position(line);
	}
	module = line->opened;
	lock_give(&loading);
	if (r == ICRED_OK)
		*ret_module = module;
	return r;
}

void module_enter(struct module *module)
{
	if (module->serial)
		lock_take(&module->serial->lock);
}

void module_leave(struct module *module)
{
	if (module->serial)
		lock_give(&module->serial->lock);
}

void modules_close(struct stack *stack, const struct host *host)
{
	for (size_t i = 0; i < stack->count; i++) {
		struct line *line = &stack->lines[i];
		struct module *module = line->opened;
		struct host own = host_for_line(host, line);
		if (module && module->table.close)
			module->table.close(module->self, &own.table);
		free(line->checked);
		line->checked = line->opened = NULL;
	}
}
