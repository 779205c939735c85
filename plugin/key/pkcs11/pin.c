/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A token locks itself after some wrong PINs, for good or until an administrator
 * unlocks it.  So: one try per request, and the PIN of a file only while the token
 * knows of no wrong one since its last login; after that the user is asked.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>

#include "lib/base/clock.h"
#include "lib/base/descriptor.h"
#include "plugin/key/pkcs11/pkcs11.h"
#include "plugin/shared/secretfile.h"

#define LOCK_LOOK_MS 5

/*
 * A token reports a wrong PIN only after it was tried, so each of several programs
 * that look at the same moment would try it, and the token would count all of them.
 * A file that cannot be opened or locked is not waited for: reading it says what is wrong.
 */
int pin_lock(const struct token *token, int64_t left)
{
	const struct icred_host *host = token->host;
	int fd = -1;

	if (token->uri.pin_file[0])
		fd = open(token->uri.pin_file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	while (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && (errno == EWOULDBLOCK || errno == EINTR)) {
		if (host->time_left(host) <= left) {
			close_keep_errno(fd);
			return PIN_BUSY;
		}
		clock_sleep(LOCK_LOOK_MS);
	}
	return fd;
}

static int pin_denied(struct token *token, const char *label)
{
	const struct icred_host *host = token->host;
	const char *file = token->pin_by_file ? token->uri.pin_file : "";

	if (token->pin_by_file)
		token->pin_refused = true;
	return host->fail(
		host, ICRED_E_DENIED,
		"the token %.64s refused the PIN%s%s; it was tried once, as tokens lock themselves after "
		"some wrong ones: check it with p11tool --login",
		label, file[0] ? " of " : "", file);
}

static int ask_pin(const struct token *token, const char *label, unsigned flags, size_t cap, char **ret_pin)
{
	const struct icred_host *host = token->host;
	const char *file = token->uri.pin_file;
	char question[256];
	int r;

	snprintf(question, sizeof(question), "%sPIN of the token %.64s:",
		 flags & GNUTLS_PIN_FINAL_TRY   ? "LAST TRY before it locks itself. "
		 : flags & GNUTLS_PIN_COUNT_LOW ? "Only a few tries are left. "
						: "",
		 label);
	r = secret_ask(host, question, cap, ret_pin);
	if (r == ICRED_E_LOCKED && file[0])
		return host->fail(
			host, r,
			"the token %.64s was given a wrong PIN since its last login, so the one of %s is not "
			"tried: check it, and log in once by hand, with p11tool --login or icred in a terminal",
			label, file);
	if (r == ICRED_E_LOCKED)
		return host->fail(
			host, r,
			"cannot ask for the PIN of the token %.64s: not interactive; add ?pin-source= and a "
			"file to the URI",
			label);
	return r;
}

static int get_pin(struct token *token, int attempt, const char *label, unsigned flags, char *pin, size_t cap)
{
	const struct icred_host *host = token->host;
	const char *path = token->uri.pin_file;
	const struct secretfile file = {AT_FDCWD, path, path, SECRETFILE_PRIVATE};
	bool from_file = path[0] && !(flags & (GNUTLS_PIN_COUNT_LOW | GNUTLS_PIN_FINAL_TRY));
	char *text = NULL;
	size_t len;
	int r;

	if (attempt > 0 || (flags & GNUTLS_PIN_WRONG))
		return pin_denied(token, label);
	token->pin_by_file = from_file;
	if (from_file && token->pin_refused)
		return pin_denied(token, label);
	if (flags & GNUTLS_PIN_SO)
		return host->fail(host, ICRED_E_DENIED,
				  "the token %.64s asks for its security officer's PIN, which is not needed "
				  "to sign; check how the key was made",
				  label);
	if (!from_file && !host->interactive && (flags & GNUTLS_PIN_FINAL_TRY))
		return host->fail(
			host, ICRED_E_LOCKED,
			"the token %.64s locks itself at the next wrong PIN, so it must be typed: run p11tool "
			"--login, or icred in a terminal",
			label);
	r = from_file ? secretfile_line(host, &file, &text) : ask_pin(token, label, flags, cap, &text);
	if (r)
		return r;
	len = strlen(text);
	if (from_file && (!len || len >= cap))
		r = host->fail(host, ICRED_E_INVALID,
			       "%s must have the PIN on its first line, of less than %zu characters", path,
			       cap);
	else
		memcpy(pin, text, len + 1);
	host->secret_free(host, text);
	return r;
}

int token_pin(void *data, int attempt, const char *token_url, const char *token_label, unsigned flags,
	      char *pin, size_t pin_cap)
{
	struct token *token = data;

	(void)token_url;
	if (!token->host)
		return GNUTLS_E_PKCS11_PIN_ERROR; /* GnuTLS asks outside of any request */
	token->failure = get_pin(token, attempt, token_label ? token_label : "", flags, pin, pin_cap);
	return token->failure ? GNUTLS_E_PKCS11_PIN_ERROR : 0;
}
