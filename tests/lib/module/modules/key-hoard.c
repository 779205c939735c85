/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tells of its key at great length, and does not let go of it. */
#include <string.h>
#include "tests/lib/module/modules/key.h"

#define LENGTH 5000 /* bytes, of two-byte characters */

static int hoard_each(void *self, const struct icred_host *host, const struct icred_key_query *query,
		      int (*each)(const struct icred_key *key, void *data), void *data)
{
	static char text[LENGTH + 2];
	struct icred_key key = {.size = sizeof(key),
				.fingerprint = "hoard",
				.app = query->app,
				.module = "hoard",
				.label = text,
				.where = text + 1};

	(void)self;
	(void)host;
	text[0] = 'x'; /* so that a cut by bytes would hit the middle of a character */
	for (size_t i = 1; i < LENGTH; i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	return each(&key, data);
}

static int hoard_remove(void *self, const struct icred_host *host, const struct icred_key_query *query,
			const char *fingerprint)
{
	(void)self;
	(void)query;
	(void)fingerprint;
	return host->fail(host, ICRED_E_LOCKED, "the hoard is locked; unlock it");
}

static const struct icred_key_ops ops = {
	.size = sizeof(ops), .sign = test_key_sign, .each = hoard_each, .remove = hoard_remove};
static const struct icred_module table = {
	.size = sizeof(table),
	.facility = ICRED_KEY,
	.name = "hoard",
	.can = ICRED_CAN_SIGN | ICRED_CAN_LIST | ICRED_CAN_REMOVE,
	.open = test_key_open,
	.close = test_key_close,
	.ops = &ops,
};

const struct icred_module *icred_module_1(void)
{
	return &table;
}
