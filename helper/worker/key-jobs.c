/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "lib/base/error.h"
#include "lib/base/key-limits.h"
#include "lib/module/loader.h"
#include "plugin/shared/rsa.h"
#include "helper/worker/inside.h"
#include "helper/worker/key-jobs.h"

#define WHERE_MAX 4096 /* of a listed key's place, which may be a file's name */

static const char CUT[] = "...";

/* What the key lines are asked, and what came of it. */
struct job {
	struct request *request;
	const struct line *line; /* that is asked for its keys */
	struct icred_key_query query;
	const char *pem;
	struct rsa_info info;
	unsigned count; /* of keys listed, stored or removed */
	unsigned able;  /* lines that could store */
};

static int job_init(struct job *job, struct request *request)
{
	const struct profile *profile = request->profile;

	*job = (struct job){.request = request};
	job->query = (struct icred_key_query){
		.size = sizeof(job->query),
		.app = settings_get(&profile->settings, "app", 0),
		.origin = profile->api_origin,
	};
	return job->query.app ? ICRED_OK
			      : set_error(ICRED_E_INVALID, "no app: its ID says whose key is meant");
}

/* The PEM as a string in secret memory, checked. */
static int check_pem(struct request *request, char **ret_pem, struct rsa_info *ret_info)
{
	_cleanup_secret_ char *pem = NULL;
	char why[RSA_WHY_SIZE] = "";
	int r;

	if (!request->pem)
		return set_error(ICRED_E_INVALID, "a request without a PEM");
	r = rsa_check((const char *)request->pem, request->pem_len, ret_info, why, sizeof(why));
	if (r < 0)
		return set_error(r, "%s", why);
	pem = secret_alloc(request->pool, request->pem_len + 1);
	if (!pem)
		return set_no_memory();
	memcpy(pem, request->pem, request->pem_len);
	*ret_pem = pem;
	pem = NULL;
	return ICRED_OK;
}

int keys_check(struct request *request)
{
	_cleanup_secret_ char *pem = NULL;
	struct rsa_info info;
	int r = check_pem(request, &pem, &info);

	return r < 0 ? r : request_done(request, TAG_FINGERPRINT, info.fingerprint);
}

static int store_in(struct line *line, struct job *job)
{
	struct host host = host_for_line(&job->request->host, line);
	struct module *module;
	int r = module_get(line, &host, &module);

	if (r != ICRED_OK || job->count)
		return r;
	if (!(module->table.can & ICRED_CAN_STORE))
		return STACK_SKIP; /* whatever its control, it has no say in this */
	job->able++;
	module_enter(module);
	r = module->ops.key.store(module->self, &host.table, &job->query, job->pem, job->request->label,
				  job->info.fingerprint);
	module_leave(module);
	job->count += r == ICRED_OK;
	return r;
}

static int store_line(struct line *line, void *data)
{
	struct job *job = data;
	unsigned before = job->count;
	int r;

	inside_enter(job->request, INSIDE_CALL, line);
	r = inside_leave(job->request, INSIDE_CALL, store_in(line, job));
	if (r != ICRED_OK)
		job->count = before; /* the next line is to store it */
	return r;
}

int keys_store(struct request *request)
{
	_cleanup_secret_ char *pem = NULL;
	struct job job;
	int r = job_init(&job, request);

	if (r == ICRED_OK)
		r = check_pem(request, &pem, &job.info);
	job.pem = pem;
	if (r == ICRED_OK)
		r = stack_run(&request->profile->stack, ICRED_KEY, &request->log, store_line, &job, 0, NULL);
	if (r == ICRED_E_NOT_FOUND && !job.able)
		r = set_error(
			ICRED_E_UNSUPPORTED,
			"no key line of the profile can store a key: give it a line \"key sufficient keyring\"");
	return r < 0 ? r : request_done(request, TAG_FINGERPRINT, job.info.fingerprint);
}

enum { CANNOT = 2 }; /* the module can't do that, which is nobody's failure */

typedef int ask_fn(struct module *module, struct host *host, struct job *job);

static int ask_in(struct job *job, struct line *line, unsigned can, ask_fn *ask)
{
	struct host host = host_for_line(&job->request->host, line);
	struct module *module;
	int r = module_get(line, &host, &module);

	if (r == ICRED_OK && !(module->table.can & can))
		return CANNOT;
	if (r != ICRED_OK)
		return r;
	job->line = line;
	module_enter(module);
	r = ask(module, &host, job);
	module_leave(module);
	return r;
}

static int ask_line(struct job *job, struct line *line, unsigned can, ask_fn *ask)
{
	int r;

	inside_enter(job->request, INSIDE_CALL, line);
	r = inside_leave(job->request, INSIDE_CALL, ask_in(job, line, can, ask));
	line_explain(&job->request->log, line, r == CANNOT ? ICRED_E_UNSUPPORTED : r,
		     "and every line is asked");
	return r == CANNOT ? ICRED_OK : r;
}

/*
 * Ask every key line, whatever the controls say: a list shows all, and what is
 * to be removed goes everywhere.  The first failure is kept, but a line that
 * has no such key, or can't do it, is none if another one fails worse.
 */
static void ask_all(struct job *job, unsigned can, ask_fn *ask, struct failure *failure)
{
	struct stack *stack = &job->request->profile->stack;

	*failure = (struct failure){.code = ICRED_OK};
	for (size_t i = 0; i < stack->count; i++) {
		int r = ICRED_OK;
		if (stack->lines[i].facility == ICRED_KEY)
			r = ask_line(job, &stack->lines[i], can, ask);
		if (r < 0 && r != ICRED_E_NOT_FOUND &&
		    (!failure->code || failure->code == ICRED_E_UNSUPPORTED))
			failure_save(failure);
	}
}

/* Cut where a character ends: a label or a place of any length must not spoil the list. */
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
	struct job *job = data;
	struct icred_key key = {.size = 0};
	unsigned char bytes[WHERE_MAX + 4 * LABEL_MAX + 256];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	memcpy(&key, given, MIN(given->size, sizeof(key)));
	frame_begin(&wire, FRAME_KEY);
	put_cut(&wire, TAG_FINGERPRINT, key.fingerprint, LABEL_MAX);
	put_cut(&wire, TAG_APP_ID, key.app, LABEL_MAX);
	put_cut(&wire, TAG_LABEL, key.label, LABEL_MAX);
	put_cut(&wire, TAG_MODULE, job->line->module, LABEL_MAX); /* whatever it calls itself */
	put_cut(&wire, TAG_WHERE, key.where, WHERE_MAX);
	wire_put_number(&wire, TAG_CREATED, key.created_at);
	wire_put_number(&wire, TAG_BITS, key.bits);
	wire_put_number(&wire, TAG_LOCKED, key.locked);
	job->count++;
	return request_send(job->request, &wire);
}

static int list_line(struct module *module, struct host *host, struct job *job)
{
	return module->ops.key.each(module->self, &host->table, &job->query, send_key, job);
}

/* What can be listed is, and a failure beside it is a warning. */
int keys_list(struct request *request)
{
	struct failure failure;
	struct job job;
	int r = job_init(&job, request);

	if (r < 0)
		return r;
	ask_all(&job, ICRED_CAN_LIST, list_line, &failure);
	if (failure.code && !job.count)
		return failure_restore(&failure);
	if (failure.code)
		log_line(&request->log, ICRED_LOG_WARNING, "%s", failure.message);
	return request_done(request, 0, NULL);
}

static int remove_line(struct module *module, struct host *host, struct job *job)
{
	int r = module->ops.key.remove(module->self, &host->table, &job->query, job->request->fingerprint);

	job->count += r == ICRED_OK;
	return r;
}

/* A key that may live on in one module is not removed, wherever else it was. */
int keys_remove(struct request *request)
{
	struct failure failure;
	struct job job;
	int r = job_init(&job, request);

	if (r == ICRED_OK && !request->fingerprint)
		r = set_error(ICRED_E_INVALID, "a request without a fingerprint");
	if (r < 0)
		return r;
	ask_all(&job, ICRED_CAN_REMOVE, remove_line, &failure);
	if (failure.code && job.count && failure.code != ICRED_E_UNSUPPORTED)
		log_line(&request->log, ICRED_LOG_WARNING,
			 "the key was removed from one place, and may still be in another");
	if (failure.code && (!job.count || failure.code != ICRED_E_UNSUPPORTED))
		return failure_restore(&failure);
	if (!job.count)
		return set_error(ICRED_E_NOT_FOUND,
				 "app %s has no key with the fingerprint %s; icred key list shows them",
				 job.query.app, request->fingerprint);
	return request_done(request, 0, NULL);
}
