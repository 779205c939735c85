/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>

#include "helper/common/keylist.h"
#include "lib/base/clock.h"
#include "lib/base/language.h"

#define KEYLIST_WIDTH_BASE64 46
#define KEYLIST_WIDTH_HEX    66
#define KEYLIST_WIDTH_BITS   7 /* with the mark of a locked one */
#define KEYLIST_WIDTH_DATE   12
#define KEYLIST_WIDTH_MODULE 10
#define KEYLIST_WIDTH_WHERE  24

static const char *keylist_text(const char *text)
{
	return text ? text : "";
}

static void keylist_row(const struct keylist *list, const char *const column[6])
{
	const size_t widths[6] = {
		list->hex ? KEYLIST_WIDTH_HEX : KEYLIST_WIDTH_BASE64,
		KEYLIST_WIDTH_BITS,
		KEYLIST_WIDTH_DATE,
		KEYLIST_WIDTH_MODULE,
		KEYLIST_WIDTH_WHERE,
		0,
	};
	size_t i;

	for (i = 0; i < 6; i++) {
		output_clean(list->out, column[i], widths[i] ? widths[i] - 2 : 0);
		output_text(list->out, i < 5 ? "  " : "\n");
	}
}

/* What a locked keyring hides is a dash. */
static void keylist_table(struct keylist *list, const struct icred_key *key, const char *fingerprint)
{
	static const char *const heading[6] = {"FINGERPRINT", "BITS", "SINCE", "MODULE", "WHERE", "LABEL"};
	char date[CLOCK_TEXT] = "-", digits[16];
	struct output bits = {digits, 0, sizeof(digits), 0, 0};
	const char *row[6] = {fingerprint[0] ? fingerprint : "-",
			      digits,
			      date,
			      keylist_text(key->module),
			      keylist_text(key->where),
			      keylist_text(key->label)};

	if (key->created_at > 0)
		clock_format_utc(key->created_at, date);
	date[MIN(strlen(date), sizeof("2026-01-01") - 1)] = '\0'; /* the day is enough */
	if (key->bits)
		output_number(&bits, key->bits);
	else
		output_text(&bits, "-");
	output_bytes(&bits, key->locked ? "!" : "", 2 - !key->locked);
	if (list->count == 1)
		keylist_row(list, heading);
	keylist_row(list, row);
}

static int keylist_each(const struct icred_key *key, void *data)
{
	struct keylist *list = data;
	struct json *j = &list->writer;
	const char *fingerprint = keylist_text(key->fingerprint);
	char hex[FINGERPRINT_HEX], date[CLOCK_TEXT];

	if (list->hex && fingerprint_hex(fingerprint, hex) == 0)
		fingerprint = hex;
	list->count++;
	if (!list->json) {
		keylist_table(list, key, fingerprint);
		return 0;
	}
	json_open(j, NULL, '{');
	json_string(j, "fingerprint", fingerprint);
	json_string(j, "app", keylist_text(key->app));
	json_string(j, "label", keylist_text(key->label));
	json_string(j, "module", keylist_text(key->module));
	json_string(j, "where", keylist_text(key->where));
	json_string(j, "createdAt", key->created_at > 0 ? clock_format_utc(key->created_at, date) : NULL);
	json_number(j, "bits", key->bits);
	json_bool(j, "locked", key->locked != 0);
	json_close(j, '}');
	return 0;
}

int keylist_print(struct keylist *list, icred_t *handle)
{
	int r;

	list->writer = (struct json){list->out, false};
	if (list->json)
		json_open(&list->writer, NULL, '[');
	r = icred_key_each(handle, keylist_each, list);
	if (list->json)
		json_close(&list->writer, ']');
	return r;
}
