/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The requests about keys: check, store, list, remove. */
#include "config.h"

#include <string.h>

#include "helper/worker/icred-worker.h"
#include "lib/base/error.h"
#include "lib/base/key-limits.h"
#include "lib/module/loader.h"
#include "plugin/shared/rsa.h"

#define WHERE_MAX 4096 /* of a listed key's place, which may be a file's name */

static const char CUT[] = "...";

/* A job for the key lines, and what came of it. */
struct key_job {
	struct job *job;
	const struct line *line; /* that is asked for its keys */
	struct icred_key_query query;
	const char *pem;
	struct rsa_info info;
	unsigned count; /* of keys listed, stored or removed */
	unsigned able;  /* lines that could store */
};

/* The PEM as a string in secret memory, checked. */
static int check_pem(struct job *job, char **ret_pem, struct rsa_info *ret_info)
{
	char why[RSA_WHY_SIZE] = "";
	int r;

	if (!job->pem)
		return set_error(ICRED_E_INVALID, "the request has no PEM");
	r = rsa_check((const char *)job->pem, job->pem_len, ret_info, why, sizeof(why));
	if (r < 0)
		return set_error(r, "%s", why);
	*ret_pem = secret_alloc(job->pool, job->pem_len + 1);
	if (!*ret_pem)
		return set_no_memory();
	memcpy(*ret_pem, job->pem, job->pem_len);
	return ICRED_OK;
}

int keys_check(struct job *job)
{
	_cleanup_secret_ char *pem = NULL;
	struct rsa_info info;
	int r = check_pem(job, &pem, &info);

	return r < 0 ? r : job_done(job, TAG_FINGERPRINT, info.fingerprint);
}

static int store_line(struct line *line, void *data)
{
	struct key_job *key = data;
	struct host host = host_for_line(&key->job->host, line);
	struct module *module;
	int r;

	inside_enter(key->job, INSIDE_CALL, line);
	r = module_get(line, &host, &module);
	if (r == ICRED_OK && !key->count) { /* no line before this one has stored it */
		if (module->table.can & ICRED_CAN_STORE) {
			key->able++;
			module_enter(module);
			r = module->ops.key.store(module->self, &host.table, &key->query, key->pem,
						  key->job->label, key->info.fingerprint);
			module_leave(module);
			key->count += r == ICRED_OK;
		} else {
			r = STACK_SKIP; /* whatever its control says */
		}
	}
	inside_leave(key->job, INSIDE_CALL);
	return r;
}

int keys_store(struct job *job)
{
	_cleanup_secret_ char *pem = NULL;
	struct key_job key = {.job = job};
	int r = job_key_query(job, &key.query);

	if (r == ICRED_OK)
		r = check_pem(job, &pem, &key.info);
	key.pem = pem;
	if (r == ICRED_OK)
		r = stack_run(&job->profile->stack, ICRED_KEY, &job->log, store_line, &key, 0, NULL);
	if (r == ICRED_E_NOT_FOUND && !key.able)
		r = set_error(ICRED_E_UNSUPPORTED, "no key line of the profile can store a key; "
						   "add the line \"key sufficient keyring\"");
	return r < 0 ? r : job_done(job, TAG_FINGERPRINT, key.info.fingerprint);
}

/*
 * Ask every key line, whatever the controls say: a list shows all, and what is
 * to be removed goes everywhere.  The first failure is kept, but a line that
 * has no such key has not failed, and any other failure counts more than
 * "unsupported".
 */
static void ask_all(struct key_job *key, unsigned can,
		    int (*ask)(struct module *module, struct host *host, struct key_job *key),
		    struct failure *ret_failure)
{
	struct stack *stack = &key->job->profile->stack;

	*ret_failure = (struct failure){.code = ICRED_OK};
	for (size_t i = 0; i < stack->count; i++) {
		struct line *line = &stack->lines[i];
		struct host host = host_for_line(&key->job->host, line);
		struct module *module;
		bool unable = false;
		int r;
		if (line->facility != ICRED_KEY)
			continue;
		clear_error();
		inside_enter(key->job, INSIDE_CALL, line);
		r = module_get(line, &host, &module);
		unable = r == ICRED_OK && !(module->table.can & can);
		if (r == ICRED_OK && !unable) {
			key->line = line;
			module_enter(module);
			r = ask(module, &host, key);
			module_leave(module);
		}
		inside_leave(key->job, INSIDE_CALL);
		if (r != ICRED_OK && r != STACK_SKIP)
			r = line_failure(line, r);
		line_explain(&key->job->log, line, unable ? ICRED_E_UNSUPPORTED : r,
			     "and every line is asked");
		if (r < 0 && r != ICRED_E_NOT_FOUND &&
		    (!ret_failure->code || ret_failure->code == ICRED_E_UNSUPPORTED))
			failure_save(ret_failure);
	}
}

/* Cut where a character ends, so that a label or a place of any length leaves the list whole. */
static void put_cut(struct wire *wire, uint16_t tag, const char *text, size_t max)
{
	size_t len = text ? strnlen(text, max + 1) : 0;
	char cut[WHERE_MAX + 1];

	if (len <= max) {
		wire_put_string(wire, tag, text);
		return;
	}
	for (len = max - strlen(CUT); len && ((unsigned char)text[len] & 0xc0) == 0x80;)
		len--;
	memcpy(cut, text, len);
	memcpy(cut + len, CUT, sizeof(CUT));
	wire_put_string(wire, tag, cut);
}

static int send_key(const struct icred_key *given, void *data)
{
	struct key_job *key = data;
	struct icred_key found = {.size = 0};
	unsigned char bytes[WHERE_MAX + 4 * LABEL_MAX + 256];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	copy_sized(&found, sizeof(found), given);
	frame_begin(&wire, FRAME_KEY);
	put_cut(&wire, TAG_FINGERPRINT, found.fingerprint, LABEL_MAX);
	put_cut(&wire, TAG_APP_ID, found.app, LABEL_MAX);
	put_cut(&wire, TAG_LABEL, found.label, LABEL_MAX);
	put_cut(&wire, TAG_MODULE, key->line->module, LABEL_MAX); /* whatever it calls itself */
	put_cut(&wire, TAG_WHERE, found.where, WHERE_MAX);
	wire_put_number(&wire, TAG_CREATED, found.created_at);
	wire_put_number(&wire, TAG_BITS, found.bits);
	wire_put_number(&wire, TAG_LOCKED, found.locked);
	key->count++;
	return job_send(key->job, &wire);
}

static int list_keys(struct module *module, struct host *host, struct key_job *key)
{
	return module->ops.key.each(module->self, &host->table, &key->query, send_key, key);
}

/* What can be listed is, and a failure beside it is a warning. */
int keys_list(struct job *job)
{
	struct key_job key = {.job = job};
	struct failure failure;
	int r = job_key_query(job, &key.query);

	if (r < 0)
		return r;
	ask_all(&key, ICRED_CAN_LIST, list_keys, &failure);
	if (failure.code && !key.count)
		return failure_restore(&failure);
	if (failure.code)
		log_line(&job->log, ICRED_LOG_WARNING, "%s", failure.message);
	return job_done(job, 0, NULL);
}

static int remove_key(struct module *module, struct host *host, struct key_job *key)
{
	int r = module->ops.key.remove(module->self, &host->table, &key->query, key->job->fingerprint);

	key->count += r == ICRED_OK;
	return r;
}

/* A key that may live on in one module is not removed, wherever else it was. */
int keys_remove(struct job *job)
{
	struct key_job key = {.job = job};
	struct failure failure;
	int r = job_key_query(job, &key.query);

	if (r == ICRED_OK && !job->fingerprint)
		r = set_error(ICRED_E_INVALID, "the request has no fingerprint");
	if (r < 0)
		return r;
	ask_all(&key, ICRED_CAN_REMOVE, remove_key, &failure);
	if (failure.code && key.count && failure.code != ICRED_E_UNSUPPORTED)
		log_line(&job->log, ICRED_LOG_WARNING,
			 "the key was removed from one place, and may still be in another");
	if (failure.code && (!key.count || failure.code != ICRED_E_UNSUPPORTED))
		return failure_restore(&failure);
	if (!key.count)
		return set_error(ICRED_E_NOT_FOUND,
				 "app %s has no key with the fingerprint %s; icred key list shows them",
				 key.query.app, job->fingerprint);
	return job_done(job, 0, NULL);
}
