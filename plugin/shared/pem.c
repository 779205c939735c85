/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether a text is one PEM of one private key, and whether it is encrypted: pem_check() of rsa.h. */
#include "config.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include <icred/icred.h>
#include "lib/base/language.h"
#include "plugin/shared/rsa.h"

#define BEGIN "-----BEGIN "
#define END   "-----END "
#define DASH  "-----"

/* Nothing is copied out of the text, so there is nothing to wipe here. */
struct span {
	const char *at;
	const char *end;
};

struct block {
	struct span label;
	struct span body;
};

struct advice {
	const char *pattern; /* '*' at its beginning or end stands for anything */
	const char *what;    /* NULL: nothing is wrong */
};

#define EC_KEY \
	"this is an EC key; the server takes RSA keys only: generate an RSA key of 2048 bits or more for the app"
#define DSA_KEY \
	"this is a DSA key; the server takes RSA keys only: generate an RSA key of 2048 bits or more for the app"
#define ENCRYPTED                                                                                         \
	"the key is encrypted with a passphrase; remove that on the way, so that no plain copy is left: " \
	"openssl rsa -in app.pem | icred key import -"
#define NAME_PRIVATE "name the file that begins with BEGIN RSA PRIVATE KEY or BEGIN PRIVATE KEY"
#define OPENSSH_PUBLIC \
	"this is a public key in OpenSSH's format; the private key is needed: name the app's private key file"

static const struct advice labels[] = {
	{"EC *", EC_KEY},
	{"DSA *", DSA_KEY},
	{"ENCRYPTED PRIVATE KEY", ENCRYPTED},
	{"OPENSSH PRIVATE KEY",
	 "the key is in OpenSSH's own format; convert a copy of the file with: ssh-keygen -p "
	 "-N '' -m PEM -f copy.pem"},
	{"CERTIFICATE REQUEST", "this is a certificate request, not a private key; " NAME_PRIVATE},
	{"*CERTIFICATE", "this is a certificate, not a private key; " NAME_PRIVATE},
	{"*PUBLIC KEY", "this is a public key; the private key is needed: " NAME_PRIVATE},
	{"RSA PRIVATE KEY", NULL},
	{"PRIVATE KEY", NULL},
	{"*", "this PEM is not a private key; " NAME_PRIVATE},
};

/* How a file begins that has no PEM block. */
static const struct advice beginnings[] = {
	{"ssh-*", OPENSSH_PUBLIC},
	{"ecdsa-*", OPENSSH_PUBLIC},
	{"PuTTY-User-Key-File*",
	 "the key is in PuTTY's format; convert it with: puttygen app.ppk -O private-openssh "
	 "-o app.pem"},
};

static const char *find(struct span text, const char *what)
{
	return text.at ? memmem(text.at, (size_t)(text.end - text.at), what, strlen(what)) : NULL;
}

static bool begins(struct span text, const char *what, size_t len)
{
	return (size_t)(text.end - text.at) >= len && memcmp(text.at, what, len) == 0;
}

static bool fits(struct span text, const char *pattern)
{
	size_t len = strlen(pattern), text_len = (size_t)(text.end - text.at);

	if (pattern[0] == '*')
		return text_len >= len - 1 && memcmp(text.end - (len - 1), pattern + 1, len - 1) == 0;
	if (pattern[len - 1] == '*')
		return begins(text, pattern, len - 1);
	return text_len == len && memcmp(text.at, pattern, len) == 0;
}

static const char *advice_for(struct span text, const struct advice *advices, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (fits(text, advices[i].pattern))
			return advices[i].what;
	return NULL;
}

/* The next block; 0 at the end, -1 if it has no END line.  *text moves to what comes after it. */
static int next_block(struct span *text, struct block *ret_block)
{
	struct span rest = *text, tail;
	struct block block;
	size_t len;

	rest.at = find(rest, BEGIN);
	if (!rest.at)
		return 0;
	block.label.at = rest.at += strlen(BEGIN);
	block.label.end = find(rest, DASH);
	if (!block.label.end)
		return -1;
	rest.at = block.body.at = block.label.end + strlen(DASH);
	block.body.end = find(rest, END);
	if (!block.body.end)
		return -1;
	tail = (struct span){block.body.end + strlen(END), rest.end};
	len = (size_t)(block.label.end - block.label.at);
	if (!begins(tail, block.label.at, len))
		return -1;
	tail.at += len;
	if (!begins(tail, DASH, strlen(DASH)))
		return -1;
	text->at = tail.at + strlen(DASH);
	*ret_block = block;
	return 1;
}

/* What is wrong with the file as a whole; or NULL. */
static const char *file_fault(struct span text)
{
	const unsigned char *byte = (const unsigned char *)text.at;
	size_t len = (size_t)(text.end - text.at), blank = 0, head;

	while (blank < len && text.at[blank] && strchr(" \t\r\n", text.at[blank]))
		blank++;
	if (blank == len)
		return "the key file is empty; download the app's private key again";
	if (len > PEM_MAX)
		return "the file is larger than 32 KiB, so it is not a private key in PEM format; name the "
		       "app's private key file";
	/* SEQUENCE { INTEGER 3 ...: a key in DER has 0 or 1 there.  The length may be indefinite. */
	head = len > 1 && (byte[1] & 0x80) ? 2 + (byte[1] & 0x7fu) : 2;
	if (len >= head + 3 && byte[0] == 0x30 && memcmp(byte + head, "\2\1\3", 3) == 0)
		return "this is a PKCS#12 file; extract the key on the way, so that no plain copy is left: "
		       "openssl pkcs12 -in app.p12 -nocerts -nodes | openssl rsa | icred key import -";
	if (len > 1 && byte[0] == 0x30 && (byte[1] & 0x80) && !find(text, BEGIN))
		return "the key is in DER format; convert it to PEM with: openssl rsa -inform DER -in "
		       "app.der -out app.pem";
	if (memchr(text.at, 0, len))
		return "the file has NUL bytes, so it is not plain text; save the PEM as ASCII or UTF-8";
	if (find(text, BEGIN) && find(text, "\\n"))
		return "the key has a literal \\n where a line should end; repair it with: "
		       "sed 's/\\\\r//g; s/\\\\n/\\n/g' app.pem > repaired.pem";
	if (find(text, BEGIN) && memchr(text.at, '\r', len))
		return "the key has Windows line ends (CRLF); repair it with: tr -d '\\r' < app.pem > "
		       "repaired.pem";
	return NULL;
}

/* Judges the first key, or if there is no key the first block; NULL if that is what is wanted. */
static const char *check(struct span text, enum pem_encryption *ret_encryption)
{
	struct block best = {text, text}, block = best;
	int keys = 0, blocks = 0, is_key, more;
	enum pem_encryption encryption = PEM_PLAIN;
	const char *fault = file_fault(text);

	if (fault)
		return fault;
	while ((more = next_block(&text, &block)) > 0) {
		is_key = fits(block.label, "*PRIVATE KEY");
		if (!blocks++ || (is_key && !keys))
			best = block;
		keys += is_key;
	}
	if (more < 0)
		return "the key is truncated: its END line is missing; copy the whole file again";
	if (!blocks) {
		fault = advice_for(text, beginnings, ARRAY_SIZE(beginnings));
		if (fault)
			return fault;
		return find(text, END)
			       ? "the key is truncated: its BEGIN line is missing; copy the whole file again"
			       : "this is not a key in PEM format: there is no line that begins with "
				 "-----BEGIN; name the app's private key file";
	}
	if (keys > 1)
		return "the file holds several keys; keep one in a file of its own, from its BEGIN line to "
		       "its END line";
	if (fits(best.label, "ENCRYPTED PRIVATE KEY"))
		encryption = PEM_ENCRYPTED_PKCS8;
	else if (fits(best.label, "RSA PRIVATE KEY") && find(best.body, "DEK-Info:"))
		encryption = PEM_ENCRYPTED_OPENSSL;
	if (!ret_encryption || !encryption) {
		fault = advice_for(best.label, labels, ARRAY_SIZE(labels));
		if (!fault && (find(best.body, "DEK-Info:") || find(best.body, "ENCRYPTED")))
			fault = ENCRYPTED;
	}
	if (!fault && blocks > 1)
		fault = "the file holds more than the key; keep only the private key, from its BEGIN line to "
			"its END line";
	if (!fault && ret_encryption)
		*ret_encryption = encryption;
	return fault;
}

int pem_check(const char *pem, size_t len, enum pem_encryption *ret_encryption, char *why, size_t why_cap)
{
	const char *fault = check((struct span){pem, pem ? pem + len : NULL}, ret_encryption);

	if (!fault)
		return 0;
	if (why && why_cap)
		snprintf(why, why_cap, "%s", fault);
	return ICRED_E_INVALID;
}
