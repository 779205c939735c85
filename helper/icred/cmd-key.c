/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* icred key: the app's private keys, in whatever the profile's key stack keeps them. */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <icred/icred.h>

#include "helper/common/asking.h"
#include "helper/common/fail.h"
#include "helper/common/help.h"
#include "helper/common/keylist.h"
#include "helper/common/output.h"
#include "helper/common/session.h"
#include "helper/icred/commands.h"

static const char key_help[] =
	"Usage: icred [OPTIONS] key import FILE|- [--label TEXT]\n"
	"       icred [OPTIONS] key list\n"
	"       icred [OPTIONS] key remove FINGERPRINT\n"
	"       icred [OPTIONS] key fingerprint FILE|-\n"
	"\n"
	"Manage the app's private keys with the key modules of the profile.  A\n"
	"fingerprint is the base64 SHA-256 of the public key's DER SubjectPublicKeyInfo.\n"
	"\n"
	"      --label TEXT         import: the name that the keyring's own programs show\n"
	"      --hex                fingerprints in hex instead of base64\n"
	"\n" HELP_OPTIONS_OPEN "\n"
	"Examples:\n"
	"  icred --app 12345 key import app.pem --label 'Registry app'\n"
	"  icred key fingerprint --hex app.pem\n"
	"  icred key remove SHA256:1f2OEbZ5...\n";

static int key_print_fingerprint(const struct options *o, const char *fingerprint)
{
	struct output *out = output_stdout();
	struct json j = {out, false};
	char hex[FINGERPRINT_HEX];

	if (o->seen & OPTION_HEX) {
		if (fingerprint_hex(fingerprint, hex) < 0)
			return fail(o, FAIL_OTHER, "internal", "the fingerprint is malformed");
		fingerprint = hex;
	}
	if (o->json) {
		json_open(&j, NULL, '{');
		json_string(&j, "fingerprint", fingerprint);
		json_close(&j, '}');
	} else {
		output_clean(out, fingerprint, 0);
	}
	output_text(out, "\n");
	return 0;
}

/* The key in a file: stored, or only looked at. */
static int key_with_file(const struct options *o, const char *name, bool store)
{
	struct input pem = {NULL, 0};
	icred_t *handle = NULL;
	char *fingerprint = NULL;
	int r, status = session_open_timed(o, store ? 0 : SESSION_SILENT, &handle);

	if (status)
		return status;
	status = input_read(o, name, &pem);
	if (status == 0) {
		r = store ? icred_key_import(handle, pem.data, pem.len, o->label, &fingerprint)
			  : icred_key_fingerprint(handle, pem.data, pem.len, &fingerprint);
		status = r < 0 ? fail_library(o, r) : key_print_fingerprint(o, fingerprint);
	}
	input_wipe(&pem);
	free(fingerprint);
	icred_close(handle);
	return status;
}

static int key_import(const struct options *o, char **words)
{
	int status = key_with_file(o, words[0], true);

	/* The step that is easily forgotten, for a person who reads it. */
	if (status || !isatty(STDERR_FILENO))
		return status;
	if (strcmp(words[0], "-") != 0)
		fail_note(
			o,
			"the key is stored, and %s still holds it too: when \"icred token\" works, remove it (shred -u)",
			words[0]);
	else
		fail_note(o, "the key is stored; now try \"icred token\"");
	return 0;
}

static int key_fingerprint(const struct options *o, char **words)
{
	return key_with_file(o, words[0], false);
}

static int key_remove(const struct options *o, char **words)
{
	char fingerprint[FINGERPRINT_BASE64];
	icred_t *handle = NULL;
	int r, status;

	if (fingerprint_base64(words[0], fingerprint) < 0)
		return fail(o, FAIL_USAGE, "usage", "not a fingerprint: %s; icred key list shows them",
			    words[0]);
	status = session_open_timed(o, 0, &handle);
	if (status)
		return status;
	r = icred_key_remove(handle, fingerprint);
	if (r < 0)
		status = fail_library(o, r);
	else if (o->json)
		status = key_print_fingerprint(o, fingerprint);
	icred_close(handle);
	return status;
}

static int key_list(const struct options *o, char **words)
{
	struct output *out = output_stdout();
	struct keylist list = {.out = out, .json = o->json, .hex = (o->seen & OPTION_HEX) != 0};
	icred_t *handle = NULL;
	int r, status = session_open_timed(o, 0, &handle);

	(void)words;
	if (status)
		return status;
	output_text(out, o->json ? "{\"keys\":" : "");
	r = keylist_print(&list, handle);
	output_text(out, o->json ? "}\n" : "");
	if (r < 0 && r != ICRED_E_NOT_FOUND)
		status = fail_library(o, r);
	else if (list.count == 0)
		fail_note(o, "no keys; \"icred key import FILE\" stores one");
	icred_close(handle);
	return status;
}

const struct command cmd_key = {"key", key_help, 0, 0, 0, NULL};
const struct command cmd_key_import = {"key import", key_help, OPTIONS_OPEN | OPTION_LABEL | OPTION_HEX, 1, 1,
				       key_import};
const struct command cmd_key_list = {"key list", key_help, OPTIONS_OPEN | OPTION_HEX, 0, 0, key_list};
const struct command cmd_key_remove = {"key remove", key_help, OPTIONS_OPEN | OPTION_HEX, 1, 1, key_remove};
const struct command cmd_key_fingerprint = {"key fingerprint", key_help, OPTIONS_OPEN | OPTION_HEX, 1, 1,
					    key_fingerprint};
