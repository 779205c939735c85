/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A module's question, which goes to the caller's conversation, and the reply. */
#include "config.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "helper/worker/icred-worker.h"
#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/text.h"

enum { TOO_LONG = 1 }; /* the reply, for the module */

static int read_reply(const unsigned char *bytes, size_t len, char *reply, size_t cap)
{
	int code = ICRED_E_INTERNAL;
	const char *text = "";
	struct reader reader;
	struct field field;

	if (frame_read(bytes, len, &reader) != FRAME_REPLY)
		return ICRED_E_INTERNAL;
	while (wire_next(&reader, &field)) {
		if (field.tag == TAG_CODE)
			code = field_int(&reader, &field);
		else if (field.tag == TAG_TEXT)
			text = field_string(&reader, &field);
	}
	if (reader.damaged || code > 0)
		return ICRED_E_INTERNAL;
	/* It is not cut: half a passphrase is none. */
	if (code == ICRED_OK && strlen(text) >= cap)
		return TOO_LONG;
	if (code == ICRED_OK)
		memcpy(reply, text, strlen(text) + 1);
	return code;
}

/* On one line, as icred_open(3) promises the conversation. */
static int send_question(struct job *job, int style, const char *text)
{
	unsigned char bytes[QUESTION_MAX + 64];
	char line[QUESTION_MAX + 1];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	text_clean(line, sizeof(line), text);
	frame_begin(&wire, FRAME_PROMPT);
	wire_put_number(&wire, TAG_STYLE, style);
	wire_put_string(&wire, TAG_TEXT, line);
	return job_send(job, &wire);
}

int ask_user(const struct icred_host *table, int style, const char *text, char *reply, size_t cap)
{
	const struct line *line = host_of(table)->line;
	struct job *job = host_of(table)->request;
	struct pollfd wait = {.fd = job->fd, .events = POLLIN};
	_cleanup_secret_ unsigned char *bytes = NULL;
	int r = ICRED_E_LOCKED;
	ssize_t n;

	if (cap && host_of(table)->may_ask) {
		if (strlen(text) > QUESTION_MAX)
			return table->fail(table, ICRED_E_INTERNAL,
					   "the module's question is longer than %d bytes", QUESTION_MAX);
		bytes = secret_alloc(job->pool, WIRE_MAX);
		r = bytes ? send_question(job, style, text) : ICRED_E_NO_MEMORY;
		if (r == ICRED_OK && poll(&wait, 1, clock_left(job->deadline)) != 1)
			r = ICRED_E_TIMEOUT;
		if (r == ICRED_OK) {
			n = recv(job->fd, bytes, WIRE_MAX, MSG_DONTWAIT);
			r = n <= 0 ? ICRED_E_CANCELLED : read_reply(bytes, (size_t)n, reply, cap);
		}
	}
	switch (r) {
	case ICRED_OK:
		return ICRED_OK;
	case TOO_LONG:
		return table->fail(table, ICRED_E_INVALID, "the answer is longer than %zu bytes", cap - 1);
	case ICRED_E_LOCKED: /* with the module's name: it tells the user which part of the profile asks */
		return table->fail(table, r, "%s %s cannot ask the user: not interactive",
				   line ? facility_name(line->facility) : "a",
				   line ? line->module : "module");
	case ICRED_E_CANCELLED:
		return table->fail(table, r, "the question was dismissed");
	case ICRED_E_TIMEOUT:
		return table->fail(
			table, r,
			"timed out waiting for an answer to the question; raise the setting timeout");
	case ICRED_E_NO_MEMORY:
		return table->fail(table, r, "out of memory");
	default:
		return table->fail(table, r, "cannot ask the user");
	}
}
