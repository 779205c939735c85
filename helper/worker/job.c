/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A job: one request of the library, from its packet to its answer. */
#include "config.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "helper/worker/icred-worker.h"
#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/base/descriptor.h"
#include "lib/base/error.h"

static void send_log(int level, const char *text, void *data)
{
	struct job *job = data;
	unsigned char bytes[1024];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	frame_begin(&wire, FRAME_LOG);
	wire_put_number(&wire, TAG_LOG_LEVEL, level);
	wire_put_string(&wire, TAG_TEXT, text);
	if (!wire.overflow)
		job_send(job, &wire);
}

/* Returns false if the packet is damaged. */
static bool read_fields(struct job *job, size_t len)
{
	struct reader reader = {NULL, NULL, false};
	struct field field;

	job->frame = frame_read(job->bytes, len, &reader);
	while (wire_next(&reader, &field))
		switch (field.tag) {
		case TAG_TIME_LEFT:
			job->due = clock_add(clock_ms(), MAX(field_number(&reader, &field), 0));
			break;
		case TAG_DEADLINE: /* the time that we took to start counts too */
			job->due = MIN(job->due, field_number(&reader, &field));
			break;
		case TAG_TARGET_KIND:
			job->target = field_int(&reader, &field);
			break;
		case TAG_TARGET_ID:
			job->target_id = field_string(&reader, &field);
			break;
		case TAG_LABEL:
			job->label = field_string(&reader, &field);
			break;
		case TAG_FINGERPRINT:
			job->fingerprint = field_string(&reader, &field);
			break;
		case TAG_PEM:
			job->pem = field.value;
			job->pem_len = field.len;
			break;
		default:
			break;
		}
	return !reader.damaged;
}

int job_new(const struct hello *hello, struct secret_pool *pool, int fd, unsigned char *bytes, size_t len,
	    struct job **ret_job)
{
	struct job *job = calloc(1, sizeof(*job));

	if (!job) {
		close_keep_errno(fd);
		secret_free(bytes);
		return set_no_memory();
	}
	atomic_init(&job->refs, 1);
	job->fd = fd;
	job->bytes = bytes;
	job->pool = pool;
	job->profile = hello->profile;
	job->target_id = "";
	atomic_init(&job->key, "");
	job->due = clock_ms();
	job->log = (struct log){
		.callback = hello->log_level >= 0 ? send_log : NULL, .data = job, .trace = OWNED_NONE};
	if (!read_fields(job, len)) {
		job_unref(job);
		return set_error(ICRED_E_PROTOCOL, "damaged request");
	}
	job->deadline = deadline_inside(job->due, 1);
	host_init(&job->host, job->profile, pool, &job->log, job->deadline);
	job->host.request = job;
	job->host.table.interactive = !!(hello->flags & ICRED_INTERACTIVE);
	job->host.may_ask = !!(hello->flags & MAY_ASK);
	*ret_job = job;
	return ICRED_OK;
}

struct job *job_ref(struct job *job)
{
	atomic_fetch_add(&job->refs, 1);
	return job;
}

struct job *job_unref(struct job *job)
{
	if (!job || atomic_fetch_sub(&job->refs, 1) != 1)
		return NULL;
	close_keep_errno(job->fd);
	secret_free(job->bytes);
	free(job);
	return NULL;
}

int job_key_query(const struct job *job, struct icred_key_query *ret_query)
{
	*ret_query = (struct icred_key_query){
		.size = sizeof(*ret_query),
		.app = settings_get(&job->profile->settings, "app", 0),
		.origin = job->profile->api_origin,
	};
	return ret_query->app
		       ? ICRED_OK
		       : set_error(ICRED_E_INVALID, "the setting app is missing: it says whose key to use");
}

int job_thread(void *(*run)(void *data), void *data)
{
	pthread_attr_t attributes;
	pthread_t thread;
	int error;

	pthread_attr_init(&attributes);
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	error = pthread_create(&thread, &attributes, run, data);
	pthread_attr_destroy(&attributes);
	return error;
}

int job_send(struct job *job, const struct wire *wire)
{
	ssize_t n;

	if (wire->overflow)
		return set_error(ICRED_E_INTERNAL, "the answer is too large");
	do {
		n = send(job->fd, wire->bytes, wire->len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? set_error(ICRED_E_CANCELLED, "the caller is gone") : ICRED_OK;
}

int job_done(struct job *job, uint16_t tag, const char *text)
{
	unsigned char bytes[512];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	frame_begin(&wire, FRAME_DONE);
	if (tag)
		wire_put_string(&wire, tag, text);
	return job_send(job, &wire);
}

void job_failed(struct job *job)
{
	unsigned char bytes[2048];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	failure_write(&wire, FRAME_FAILED);
	job_send(job, &wire);
}
