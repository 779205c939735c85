/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <string.h>
#include <unistd.h>

#include "plugin/shared/pemkey.h"
#include "plugin/shared/signed.h"

void pemkey_clear(struct pemkey *at_hand)
{
	rsa_free(at_hand->key);
	memset(at_hand, 0, sizeof(*at_hand));
}

static int key_unfit(const struct icred_host *host, int code, const char *what, const char *why)
{
	return host->fail(host, code, "%s: %s", what, why);
}

static int open_encrypted(const struct icred_host *host, const char *pem, size_t len, const char *what,
			  const struct pemkey_passphrase *passphrase, struct rsa_key **ret_key)
{
	char why[RSA_WHY_SIZE] = "";
	char *text;
	int rc;

	for (unsigned attempt = 0;; attempt++) {
		int got = passphrase->get(passphrase->data, host, attempt, &text);
		if (got == ICRED_E_LOCKED && attempt)
			break; /* who had but one answer is told that it was wrong */
		if (got)
			return got;
		rc = rsa_open_encrypted(pem, len, text, ret_key, why, sizeof(why));
		host->secret_free(host, text);
		if (rc != ICRED_E_DENIED || attempt + 1 >= passphrase->tries)
			break;
	}
	return rc ? key_unfit(host, rc, what, why) : 0;
}

int pemkey_open(struct pemkey *at_hand, const struct icred_host *host, const char *pem, size_t len,
		const char *what, const struct pemkey_passphrase *passphrase)
{
	enum pem_encryption encryption = PEM_PLAIN;
	char why[RSA_WHY_SIZE] = "";
	struct rsa_key *key = NULL;
	int rc;

	pemkey_clear(at_hand);
	rc = passphrase ? pem_check_encrypted(pem, len, &encryption, why, sizeof(why)) : 0;
	if (!rc && encryption) {
		rc = open_encrypted(host, pem, len, what, passphrase, &key);
	} else {
		rc = rc ? rc : rsa_open(pem, len, &key, why, sizeof(why));
		if (rc)
			key_unfit(host, rc, what, why);
	}
	at_hand->key = key;
	return rc;
}

static int same_file(const struct stat *a, const struct stat *b)
{
	return a->st_dev == b->st_dev && a->st_ino == b->st_ino && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

int pemkey_load(struct pemkey *at_hand, const struct icred_host *host, const struct secretfile *file,
		const struct pemkey_passphrase *passphrase)
{
	char *pem = NULL;
	struct stat st;
	size_t len = 0;
	int fd = -1, rc;

	rc = secretfile_open(host, file, &fd, &st);
	if (rc) {
		pemkey_clear(at_hand);
		return rc;
	}
	if (at_hand->key && same_file(&at_hand->seen, &st)) {
		close(fd);
		return 0;
	}
	pemkey_clear(at_hand);
	rc = secretfile_read(host, file, fd, PEM_MAX, &pem, &len);
	close(fd);
	if (!rc)
		rc = pemkey_open(at_hand, host, pem, len, file->what, passphrase);
	host->secret_free(host, pem);
	at_hand->seen = st;
	return rc;
}

int pemkey_sign(const struct pemkey *at_hand, const struct icred_host *host, const void *data, size_t len,
		void *signature, size_t cap, size_t *ret_len)
{
	char why[RSA_WHY_SIZE] = "";
	int rc = rsa_sign(at_hand->key, data, len, signature, cap, ret_len, why, sizeof(why));

	if (rc)
		return host->fail(host, rc, "%s", why);
	signed_by(host, at_hand->key);
	return 0;
}

int pemkey_show(const struct pemkey *at_hand, const struct icred_host *host, struct icred_key *shown,
		int (*each)(const struct icred_key *key, void *data), void *data)
{
	struct rsa_info info = {.bits = 0};
	char why[RSA_WHY_SIZE] = "";
	int rc = at_hand->key ? rsa_describe(at_hand->key, &info, why, sizeof(why)) : 0;

	if (rc)
		return host->fail(host, rc, "%s", why);
	shown->size = sizeof(*shown);
	shown->fingerprint = info.fingerprint;
	shown->bits = info.bits;
	shown->locked = !at_hand->key;
	return each(shown, data);
}
