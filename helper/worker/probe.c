/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include "lib/base/error.h"
#include "lib/module/loader.h"
#include "helper/worker/inside.h"
#include "helper/worker/probe.h"

static int load_line(struct request *request, struct line *line)
{
	struct host host = host_for_line(&request->host, line);
	struct module *module;
	int r;

	inside_enter(request, INSIDE_CALL, line);
	r = module_get(line, &host, &module);
	return inside_leave(request, INSIDE_CALL, r);
}

int probe(struct request *request)
{
	struct stack *stack = &request->profile->stack;
	unsigned char bytes[2048];
	struct wire wire = {.bytes = bytes, .cap = sizeof(bytes)};

	for (size_t i = 0; i < stack->count; i++) {
		if (load_line(request, &stack->lines[i]) >= 0)
			continue;
		fault_write(&wire, FRAME_FAULT);
		if (request_send(request, &wire) < 0)
			return ICRED_E_CANCELLED;
	}
	return request_done(request, 0, NULL);
}
