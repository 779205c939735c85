/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <poll.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/base/clock.h"
#include "lib/base/error.h"
#include "lib/base/text.h"
#include "helper/worker/ask.h"
#include "helper/worker/job.h"

enum { TOO_LONG = 1 }; /* the reply, for the module */

/* One line, as the conversation is promised. */
static int send_question(struct request *request, int style, const char *text)
{
	unsigned char bytes[QUESTION_MAX + 64];
	char line[QUESTION_MAX + 1];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	text_clean(line, sizeof(line), text);
	frame_begin(&wire, FRAME_PROMPT);
	wire_put_number(&wire, TAG_STYLE, style);
	wire_put_string(&wire, TAG_TEXT, line);
	return request_send(request, &wire);
}

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
	if (code == ICRED_OK && strlen(text) >= cap)
		return TOO_LONG;
	if (code == ICRED_OK)
		memcpy(reply, text, strlen(text) + 1);
	return code;
}

static int wait_reply(struct request *request, char *reply, size_t cap)
{
	_cleanup_secret_ unsigned char *bytes = secret_alloc(request->pool, WIRE_MAX);
	struct pollfd wait = {.fd = request->fd, .events = POLLIN};
	ssize_t n;

	if (!bytes)
		return set_no_memory();
	if (poll(&wait, 1, clock_left(request->deadline)) != 1)
		return ICRED_E_TIMEOUT;
	n = recv(request->fd, bytes, WIRE_MAX, MSG_DONTWAIT);
	return n <= 0 ? ICRED_E_CANCELLED : read_reply(bytes, (size_t)n, reply, cap);
}

/* With its name, as it is for the module to see that nobody is there. */
static int may_not(const struct icred_host *table)
{
	const struct line *line = host_of(table)->line;

	return table->fail(
		table, ICRED_E_LOCKED,
		"%s %s has a question, and nobody may be asked here; run icred in a terminal, without --no-interactive",
		line ? facility_name(line->facility) : "a", line ? line->module : "module");
}

/* What does not fit is not cut: half a passphrase is none. */
static int too_long(const struct icred_host *table, int code, const char *what, size_t most)
{
	return table->fail(table, code, "%s is longer than %zu bytes, which is all that it may have", what,
			   most);
}

static int ask(const struct icred_host *table, int style, const char *text, char *reply, size_t cap)
{
	struct request *request = host_of(table)->request;
	int r;

	if (!cap || !host_of(table)->may_ask)
		return may_not(table);
	if (strlen(text) > QUESTION_MAX)
		return too_long(table, ICRED_E_INTERNAL, "the module's question", QUESTION_MAX);
	r = send_question(request, style, text);
	if (r == ICRED_OK)
		r = wait_reply(request, reply, cap);
	if (r == TOO_LONG)
		return too_long(table, ICRED_E_INVALID, "the answer", cap - 1);
	return r < 0 ? table->fail(table, r, "%s",
				   r == ICRED_E_CANCELLED ? "the question was dismissed"
				   : r == ICRED_E_TIMEOUT
					   ? "timed out waiting for an answer to the question; "
					     "raise the setting timeout"
				   : r == ICRED_E_LOCKED ? "nobody may be asked here; run icred in a terminal"
							 : "the question could not be asked")
		     : ICRED_OK;
}

void ask_into(struct icred_host *table)
{
	table->prompt = ask;
}
