/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A token locks itself after some wrong PINs, for good or until an
 * administrator comes.  So: one try per request, and a file's PIN only while the
 * token knows of no wrong one since its last login; what comes then is a person's.
 */
#include "config.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "plugin/key/pkcs11/pkcs11.h"
#include "plugin/shared/secretfile.h"

static int pin_denied(struct token *token, const char *label)
{
	const struct icred_host *host = token->host;
	const char *file = token->pin_by_file ? token->uri.pin_file : "";

	if (token->pin_by_file)
		token->pin_refused = 1;
	return host->fail(
		host, ICRED_E_DENIED,
		"the token %.64s refused the PIN%s%s; it was tried once, as tokens lock themselves after "
		"some wrong ones: check it with p11tool --login",
		label, file[0] ? " of " : "", file);
}

static int pin_from_file(struct token *token, char *pin, size_t cap)
{
	const struct icred_host *host = token->host;
	const struct secretfile file = {AT_FDCWD, token->uri.pin_file, token->uri.pin_file,
					SECRETFILE_PRIVATE};
	char *line = NULL;
	size_t len;
	int rc;

	rc = secretfile_line(host, &file, &line);
	if (rc)
		return rc;
	len = strlen(line);
	if (len && len < cap)
		memcpy(pin, line, len + 1);
	else
		rc = host->fail(host, ICRED_E_INVALID,
				"%s must have the PIN on its first line, of less than %zu characters",
				file.what, cap);
	host->secret_free(host, line);
	return rc;
}

static int pin_by_person(const struct token *token, const char *label, unsigned flags, char *pin, size_t cap)
{
	const struct icred_host *host = token->host;
	const char *file = token->uri.pin_file;
	char question[256], *reply;
	int rc;

	snprintf(question, sizeof(question), "%sPIN of the token %.64s:",
		 flags & GNUTLS_PIN_FINAL_TRY   ? "LAST TRY before it locks itself. "
		 : flags & GNUTLS_PIN_COUNT_LOW ? "Only a few tries are left. "
						: "",
		 label);
	reply = host->secret_alloc(host, cap);
	if (!reply)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	rc = host->prompt(host, ICRED_PROMPT_ECHO_OFF, question, reply, cap);
	if (!rc)
		memcpy(pin, reply, strlen(reply) + 1);
	host->secret_free(host, reply);
	if (rc == ICRED_E_LOCKED && file[0])
		return host->fail(
			host, ICRED_E_LOCKED,
			"the token %.64s was given a wrong PIN since its last login, so the one of %s is not "
			"tried: check it, and log in once by hand, with p11tool --login or icred on a terminal",
			label, file);
	if (rc == ICRED_E_LOCKED)
		return host->fail(
			host, ICRED_E_LOCKED,
			"the token %.64s wants its PIN, and nobody may be asked here; run it on a terminal "
			"without --no-interactive, give icred --passphrase-fd, or add ?pin-source= and a file "
			"to the URI",
			label);
	return rc;
}

static int pin_get(struct token *token, int attempt, const char *label, unsigned flags, char *pin, size_t cap)
{
	const struct icred_host *host = token->host;
	const char *file = token->uri.pin_file;
	int from_file = file[0] && !(flags & (GNUTLS_PIN_COUNT_LOW | GNUTLS_PIN_FINAL_TRY));

	if (attempt > 0 || (flags & GNUTLS_PIN_WRONG))
		return pin_denied(token, label);
	token->pin_by_file = from_file;
	if (from_file && token->pin_refused)
		return pin_denied(token, label);
	if (flags & GNUTLS_PIN_SO)
		return host->fail(
			host, ICRED_E_DENIED,
			"the token %.64s wants its security officer, who is not needed to sign; see "
			"how the key was made",
			label);
	if (from_file)
		return pin_from_file(token, pin, cap);
	if (!host->interactive && (flags & GNUTLS_PIN_FINAL_TRY))
		return host->fail(
			host, ICRED_E_LOCKED,
			"the token %.64s locks itself at the next wrong PIN, so a person must give it: run "
			"p11tool --login, or icred on a terminal",
			label);
	return pin_by_person(token, label, flags, pin, cap);
}

int token_pin(void *data, int attempt, const char *token_url, const char *token_label, unsigned flags,
	      char *pin, size_t pin_cap)
{
	struct token *token = data;

	(void)token_url;
	if (!token->host)
		return GNUTLS_E_PKCS11_PIN_ERROR; /* a late thought of GnuTLS's, outside of any request */
	token->failure = pin_get(token, attempt, token_label ? token_label : "", flags, pin, pin_cap);
	return token->failure ? GNUTLS_E_PKCS11_PIN_ERROR : 0;
}
