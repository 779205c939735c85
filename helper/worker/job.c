/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/clock.h"
#include "lib/base/deadline.h"
#include "lib/base/error.h"
#include "helper/worker/ask.h"
#include "helper/worker/audit.h"
#include "helper/worker/job.h"
#include "helper/worker/sign.h"

static void send_log(int level, const char *text, void *data)
{
	struct request *request = data;
	unsigned char bytes[1024];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	frame_begin(&wire, FRAME_LOG);
	wire_put_number(&wire, TAG_LOG_LEVEL, level);
	wire_put_string(&wire, TAG_TEXT, text);
	if (!wire.overflow)
		request_send(request, &wire);
}

static void set_due(struct request *request, int64_t due)
{
	request->due = due;
	request->deadline = deadline_inside(due, 1);
}

static _Atomic bool caller_gone;

static int64_t time_left(const struct icred_host *table)
{
	return atomic_load(&caller_gone) ? 0 : clock_left(host_of(table)->deadline);
}

void requests_end(void)
{
	atomic_store(&caller_gone, true);
}

static void read_field(struct request *request, struct reader *reader, const struct field *field)
{
	switch (field->tag) {
	case TAG_TIME_LEFT:
		set_due(request, clock_add(clock_ms(), MAX(field_number(reader, field), 0)));
		break;
	case TAG_DEADLINE: /* what it took to start us counts too */
		set_due(request, MIN(request->due, field_number(reader, field)));
		break;
	case TAG_TARGET_KIND:
		request->target = field_int(reader, field);
		break;
	case TAG_TARGET_ID:
		request->target_id = field_string(reader, field);
		break;
	case TAG_LABEL:
		request->label = field_string(reader, field);
		break;
	case TAG_FINGERPRINT:
		request->fingerprint = field_string(reader, field);
		break;
	case TAG_PEM:
		request->pem = field->value;
		request->pem_len = field->len;
		break;
	default:
		break;
	}
}

int request_new(struct profile *profile, struct secret_pool *pool, const struct hello *hello, int fd,
		unsigned char *bytes, size_t len, struct request **ret_request)
{
	struct request *request = calloc(1, sizeof(*request));
	struct reader reader = {NULL, NULL, false};
	struct field field;

	if (!request) {
		close_keep_errno(fd);
		secret_free(bytes);
		return set_no_memory();
	}
	atomic_init(&request->refs, 1);
	request->fd = fd;
	request->bytes = bytes;
	request->pool = pool;
	request->profile = profile;
	request->target_id = "";
	set_due(request, clock_ms());
	request->log = (struct log){
		.callback = hello->log_level >= 0 ? send_log : NULL, .data = request, .trace = OWNED_NONE};
	request->frame = frame_read(bytes, len, &reader);
	while (wire_next(&reader, &field))
		read_field(request, &reader, &field);
	host_init(&request->host, profile, pool, &request->log, request->deadline);
	request->host.request = request;
	request->host.table.interactive = !!(hello->flags & ICRED_INTERACTIVE);
	request->host.may_ask = !!(hello->flags & MAY_ASK);
	request->host.table.time_left = time_left;
	ask_into(&request->host.table);
	sign_into(&request->host.table);
	if (reader.damaged) {
		request_unref(request);
		return set_error(ICRED_E_PROTOCOL, "a damaged request");
	}
	*ret_request = request;
	return ICRED_OK;
}

struct request *request_ref(struct request *request)
{
	atomic_fetch_add(&request->refs, 1);
	return request;
}

struct request *request_unref(struct request *request)
{
	if (!request || atomic_fetch_sub(&request->refs, 1) != 1)
		return NULL;
	close_keep_errno(request->fd);
	secret_free(request->bytes);
	free(request);
	return NULL;
}

int request_answer(struct request *request, int frame, size_t room, struct wire *ret_wire)
{
	void *bytes = secret_alloc(request->pool, room);

	if (!bytes)
		return set_no_memory();
	*ret_wire = (struct wire){.bytes = bytes, .cap = room};
	frame_begin(ret_wire, frame);
	return ICRED_OK;
}

int request_send(struct request *request, const struct wire *wire)
{
	ssize_t n;

	if (wire->overflow)
		return set_error(ICRED_E_INTERNAL, "the answer is too large");
	do {
		n = send(request->fd, wire->bytes, wire->len, MSG_NOSIGNAL);
	} while (n < 0 && errno == EINTR);
	return n < 0 ? set_error(ICRED_E_CANCELLED, "the caller is gone") : ICRED_OK;
}

int request_done(struct request *request, uint16_t tag, const char *text)
{
	unsigned char bytes[512];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	frame_begin(&wire, FRAME_DONE);
	if (tag)
		wire_put_string(&wire, tag, text);
	return request_send(request, &wire);
}

void request_failed(struct request *request)
{
	unsigned char bytes[2048];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	audit_failed(request, icred_error()->code);
	failed_write(&wire);
	request_send(request, &wire);
}
