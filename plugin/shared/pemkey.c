/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "plugin/shared/pemkey.h"

void pemkey_clear(struct pemkey *at_hand)
{
	at_hand->key = rsa_free(at_hand->key);
	memset(&at_hand->seen, 0, sizeof(at_hand->seen));
}

void pemkey_close(void *self, const struct icred_host *host)
{
	(void)host;
	if (self)
		pemkey_clear(self);
	free(self);
}

int pemkey_open(struct pemkey *at_hand, const struct icred_host *host, const char *pem, size_t len,
		const char *what, const struct pemkey_passphrase *passphrase)
{
	enum pem_encryption encryption = PEM_PLAIN;
	char why[RSA_WHY_SIZE] = "", *text;
	int r = 0, got;

	pemkey_clear(at_hand);
	if (passphrase)
		r = pem_check(pem, len, &encryption, why, sizeof(why));
	if (!r && !encryption)
		r = rsa_open(pem, len, &at_hand->key, why, sizeof(why));
	for (unsigned attempt = 0; encryption && attempt < passphrase->tries; attempt++) {
		got = passphrase->get(passphrase->data, host, attempt, &text);
		/* It can be asked only once; report that the answer was wrong. */
		if (got == ICRED_E_LOCKED && attempt)
			break;
		if (got)
			return got;
		r = rsa_open_encrypted(pem, len, text, &at_hand->key, why, sizeof(why));
		host->secret_free(host, text);
		if (r != ICRED_E_DENIED)
			break;
	}
	return r ? host->fail(host, r, "%s: %s", what, why) : 0;
}

int pemkey_read(struct pemkey *at_hand, const struct icred_host *host, const struct secretfile *file,
		const struct pemkey_passphrase *passphrase)
{
	const struct stat *seen = &at_hand->seen;
	char *pem = NULL;
	struct stat st;
	size_t len = 0;
	int fd = -1, r;

	r = secretfile_open(host, file, &fd, &st);
	if (!r && at_hand->key && st.st_dev == seen->st_dev && st.st_ino == seen->st_ino &&
	    st.st_size == seen->st_size && st.st_mtim.tv_sec == seen->st_mtim.tv_sec &&
	    st.st_mtim.tv_nsec == seen->st_mtim.tv_nsec && st.st_ctim.tv_sec == seen->st_ctim.tv_sec &&
	    st.st_ctim.tv_nsec == seen->st_ctim.tv_nsec) {
		close(fd);
		return 0;
	}
	pemkey_clear(at_hand);
	if (r)
		return r;
	r = secretfile_read(host, file, fd, PEM_MAX, &pem, &len);
	close(fd);
	if (!r)
		r = pemkey_open(at_hand, host, pem, len, file->what, passphrase);
	host->secret_free(host, pem);
	at_hand->seen = st;
	return r;
}

static int pemkey_sign(void *self, const struct icred_host *host, const struct icred_key_query *query,
		       unsigned nth, const void *data, size_t len, void *signature, size_t cap,
		       size_t *ret_len)
{
	struct pemkey *at_hand = self;
	int r;

	if (nth)
		return host->fail(host, ICRED_E_NOT_FOUND, "%s has no second key", at_hand->where);
	r = at_hand->load(at_hand, host, query, false);
	return r ? r : rsa_sign_for(at_hand->key, host, data, len, signature, cap, ret_len);
}

static int pemkey_each(void *self, const struct icred_host *host, const struct icred_key_query *query,
		       int (*each)(const struct icred_key *key, void *data), void *data)
{
	struct pemkey *at_hand = self;
	struct rsa_info info = {.bits = 0};
	char why[RSA_WHY_SIZE] = "";
	int r = at_hand->load(at_hand, host, query, true);

	if (r && r != ICRED_E_LOCKED && r != ICRED_E_CANCELLED)
		return r;
	r = at_hand->key ? rsa_describe(at_hand->key, &info, why, sizeof(why)) : 0;
	if (r)
		return host->fail(host, r, "%s", why);
	return each(
		&(struct icred_key){
			.size = sizeof(struct icred_key),
			.fingerprint = info.fingerprint,
			.app = query->app,
			.label = at_hand->label,
			.module = at_hand->module,
			.where = at_hand->where,
			.bits = info.bits,
			.created_at = at_hand->seen.st_mtim.tv_sec,
			.locked = !at_hand->key,
		},
		data);
}

const struct icred_key_ops pemkey_ops = {
	.size = sizeof(pemkey_ops),
	.sign = pemkey_sign,
	.each = pemkey_each,
};
