/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <icred/icred.h>
#include "plugin/shared/pem.h"

#define BEGIN "-----BEGIN "
#define END   "-----END "
#define DASH  "-----"

/* Nothing is copied out of the text, so there is nothing to wipe here. */
struct text {
	const char *at;
	const char *end;
};

struct block {
	struct text label;
	struct text body;
};

struct advice {
	const char *label; /* of the PEM block; '*' at its beginning or end stands for anything */
	const char *what;
};

#define EC_KEY \
	"this is an EC key; the server takes RSA keys only: generate an RSA key of 2048 bits or more for the app"
#define DSA_KEY \
	"this is a DSA key; the server takes RSA keys only: generate an RSA key of 2048 bits or more for the app"
#define EMPTY "the key file is empty; download the app's private key again"
#define ENCRYPTED                                                                                           \
	"the key is encrypted with a passphrase; take that off on the way, so that no plain copy is left: " \
	"openssl rsa -in app.pem | icred key import -"

static const struct advice advices[] = {
	{"EC *", EC_KEY},
	{"DSA *", DSA_KEY},
	{"ENCRYPTED PRIVATE KEY", ENCRYPTED},
	{"OPENSSH PRIVATE KEY",
	 "the key is in OpenSSH's own format; convert a copy of the file with: ssh-keygen -p "
	 "-N '' -m PEM -f copy.pem"},
	{"CERTIFICATE REQUEST",
	 "this is a certificate request, not a private key; name the file that begins with "
	 "BEGIN RSA PRIVATE KEY or BEGIN PRIVATE KEY"},
	{"*CERTIFICATE",
	 "this is a certificate, not a private key; name the file that begins with BEGIN RSA PRIVATE "
	 "KEY or BEGIN PRIVATE KEY"},
	{"*PUBLIC KEY",
	 "this is a public key; the private key is needed: name the file that begins with BEGIN RSA "
	 "PRIVATE KEY or BEGIN PRIVATE KEY"},
};

static int pem_refuse(char *why, size_t cap, const char *what)
{
	if (why && cap)
		snprintf(why, cap, "%s", what);
	return ICRED_E_INVALID;
}

static const char *text_find(struct text text, const char *what)
{
	return text.at ? memmem(text.at, (size_t)(text.end - text.at), what, strlen(what)) : NULL;
}

static int text_has(struct text text, const char *what)
{
	return text_find(text, what) != NULL;
}

static int text_is(struct text text, const char *what)
{
	size_t len = strlen(what);

	return (size_t)(text.end - text.at) == len && memcmp(text.at, what, len) == 0;
}

static int text_begins(struct text text, const char *what, size_t len)
{
	return (size_t)(text.end - text.at) >= len && memcmp(text.at, what, len) == 0;
}

static int text_ends(struct text text, const char *what)
{
	size_t len = strlen(what);

	return (size_t)(text.end - text.at) >= len && memcmp(text.end - len, what, len) == 0;
}

static int text_blank(struct text text)
{
	while (text.at < text.end && strchr(" \t\r\n", *text.at) && *text.at)
		text.at++;
	return text.at == text.end;
}

static int label_fits(struct text label, const char *pattern)
{
	size_t len = strlen(pattern);

	if (pattern[0] == '*')
		return text_ends(label, pattern + 1);
	if (pattern[len - 1] == '*')
		return text_begins(label, pattern, len - 1);
	return text_is(label, pattern);
}

/* The next block; 0 at the end, -1 if it has no END line.  *text moves behind it. */
static int next_block(struct text *text, struct block *ret_block)
{
	struct text rest = *text, tail;
	struct block block;

	rest.at = text_find(rest, BEGIN);
	if (!rest.at)
		return 0;
	block.label.at = rest.at += strlen(BEGIN);
	block.label.end = text_find(rest, DASH);
	if (!block.label.end)
		return -1;
	rest.at = block.body.at = block.label.end + strlen(DASH);
	block.body.end = text_find(rest, END);
	if (!block.body.end)
		return -1;
	tail.at = block.body.end + strlen(END);
	tail.end = rest.end;
	if (!text_begins(tail, block.label.at, (size_t)(block.label.end - block.label.at)))
		return -1;
	tail.at += block.label.end - block.label.at;
	if (!text_begins(tail, DASH, strlen(DASH)))
		return -1;
	tail.at += strlen(DASH);
	*text = tail;
	*ret_block = block;
	return 1;
}

/* SEQUENCE { INTEGER 3 ...: a key in DER has 0 or 1 there.  The length may be indefinite. */
static int is_pkcs12(struct text text)
{
	const unsigned char *at = (const unsigned char *)text.at;
	size_t len = (size_t)(text.end - text.at);
	size_t head = len > 1 && (at[1] & 0x80) ? 2 + (at[1] & 0x7fu) : 2;

	return len >= head + 3 && at[0] == 0x30 && memcmp(at + head, "\2\1\3", 3) == 0;
}

static int not_text(struct text text, char *why, size_t cap)
{
	size_t len = (size_t)(text.end - text.at);

	if (text_blank(text))
		return pem_refuse(why, cap, EMPTY);
	if (len > PEM_MAX)
		return pem_refuse(why, cap,
				  "the file is larger than 32 KiB, so it is no private key in PEM format");
	if (is_pkcs12(text))
		return pem_refuse(
			why, cap,
			"this is a PKCS#12 file; take the key out on the way, so that no plain copy is left: "
			"openssl pkcs12 -in app.p12 -nocerts -nodes | openssl rsa | icred key import -");
	if (len > 1 && text.at[0] == 0x30 && (text.at[1] & 0x80) && !text_has(text, BEGIN))
		return pem_refuse(
			why, cap,
			"the key is in DER format; convert it to PEM with: openssl rsa -inform DER -in "
			"app.der -out app.pem");
	if (memchr(text.at, 0, len))
		return pem_refuse(
			why, cap,
			"the file has NUL bytes, so it is no plain text; save the PEM as ASCII or UTF-8");
	return 0;
}

static int bad_line_ends(struct text text, char *why, size_t cap)
{
	if (text_has(text, BEGIN) && text_has(text, "\\n"))
		return pem_refuse(why, cap,
				  "the key has a literal \\n where a line should end; mend it with: "
				  "sed 's/\\\\r//g; s/\\\\n/\\n/g' app.pem > mended.pem");
	if (text_has(text, BEGIN) && memchr(text.at, '\r', (size_t)(text.end - text.at)))
		return pem_refuse(
			why, cap,
			"the key has Windows line ends (CRLF); mend it with: tr -d '\\r' < app.pem > mended.pem");
	return 0;
}

static int no_block(struct text text, char *why, size_t cap)
{
	if (text_begins(text, "ssh-", 4) || text_begins(text, "ecdsa-", 6))
		return pem_refuse(why, cap,
				  "this is a public key in OpenSSH's format; the private key is needed");
	if (text_begins(text, "PuTTY-User-Key-File", 19))
		return pem_refuse(
			why, cap,
			"the key is in PuTTY's format; convert it with: puttygen app.ppk -O private-openssh "
			"-o app.pem");
	if (text_has(text, END))
		return pem_refuse(
			why, cap,
			"the key is truncated: its BEGIN line is missing; copy the whole file again");
	return pem_refuse(
		why, cap,
		"this is no key in PEM format: there is no line that begins with -----BEGIN; name the app's "
		"private key file");
}

static enum pem_encryption encryption_of(const struct block *block)
{
	if (text_is(block->label, "ENCRYPTED PRIVATE KEY"))
		return PEM_ENCRYPTED_PKCS8;
	if (text_is(block->label, "RSA PRIVATE KEY") && text_has(block->body, "DEK-Info:"))
		return PEM_ENCRYPTED_OPENSSL;
	return PEM_PLAIN;
}

static int bad_kind(const struct block *block, char *why, size_t cap)
{
	for (size_t i = 0; i < sizeof(advices) / sizeof(advices[0]); i++)
		if (label_fits(block->label, advices[i].label))
			return pem_refuse(why, cap, advices[i].what);
	if (!text_is(block->label, "RSA PRIVATE KEY") && !text_is(block->label, "PRIVATE KEY"))
		return pem_refuse(
			why, cap,
			"this PEM is no private key; name the file that begins with BEGIN RSA PRIVATE KEY or "
			"BEGIN PRIVATE KEY");
	if (text_has(block->body, "DEK-Info:") || text_has(block->body, "ENCRYPTED"))
		return pem_refuse(why, cap, ENCRYPTED);
	return 0;
}

/* The first key is what the file is about.  ret_encryption: NULL where an encrypted one is of no use. */
static int check(const char *pem, size_t len, enum pem_encryption *ret_encryption, char *why, size_t why_cap)
{
	enum pem_encryption encryption;
	struct text text = {pem, pem + len};
	struct block best = {text, text}, block = best;
	int keys = 0, blocks = 0, is_key, more, rc;

	if (!pem)
		return pem_refuse(why, why_cap, EMPTY);
	rc = not_text(text, why, why_cap);
	if (!rc)
		rc = bad_line_ends(text, why, why_cap);
	if (rc)
		return rc;
	while ((more = next_block(&text, &block)) > 0) {
		is_key = text_ends(block.label, "PRIVATE KEY");
		if (!blocks++ || (is_key && !keys))
			best = block;
		keys += is_key;
	}
	if (more < 0)
		return pem_refuse(why, why_cap,
				  "the key is truncated: its END line is missing; copy the whole file again");
	if (!blocks)
		return no_block(text, why, why_cap);
	if (keys > 1)
		return pem_refuse(
			why, why_cap,
			"the file holds several keys; keep one in a file of its own, from its BEGIN line to its "
			"END line");
	encryption = encryption_of(&best);
	rc = ret_encryption && encryption ? 0 : bad_kind(&best, why, why_cap);
	if (!rc && blocks > 1)
		rc = pem_refuse(
			why, why_cap,
			"the file holds more than the key; keep only the private key, from its BEGIN line to its "
			"END line");
	if (!rc && ret_encryption)
		*ret_encryption = encryption;
	return rc;
}

int pem_check(const char *pem, size_t len, char *why, size_t why_cap)
{
	return check(pem, len, NULL, why, why_cap);
}

int pem_check_encrypted(const char *pem, size_t len, enum pem_encryption *ret_encryption, char *why,
			size_t why_cap)
{
	return check(pem, len, ret_encryption, why, why_cap);
}
