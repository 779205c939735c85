/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* key pkcs11: an app's RSA key on an HSM, a TPM, a smart card: it signs there, and never leaves. */
#include "config.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/base/deadline.h"
#include "lib/base/descriptor.h"
#include "lib/base/language.h"
#include "lib/base/trust.h"
#include "plugin/key/pkcs11/pkcs11.h"

#define LABEL_CAP        128
#define LOAD_PATIENCE_MS 2000

/*
 * One library if the line names it, else all that p11-kit is configured for; open() runs one at a time.
 * Under the PIN's lock, too: SoftHSM reads its tokens once, and misses one that another program's login is
 * just writing to.  But not for longer than a login takes: a call that needs no PIN must not wait for it.
 */
static int load_libraries(const struct token *token)
{
	static bool loaded;
	const struct icred_host *host = token->host;
	const char *library = token->uri.module;
	int64_t left = host->time_left(host);
	char why[TRUST_WHY_SIZE] = "";
	struct stat st;
	int r = 0, lock;

	/* GnuTLS says only that something failed, and waits for ever on a pipe. */
	if (library[0] && (access(library, R_OK) < 0 || stat(library, &st) < 0))
		snprintf(why, sizeof(why), "%s", strerror(errno));
	else if (library[0] && !S_ISREG(st.st_mode))
		snprintf(why, sizeof(why), "it is not a regular file");
	else if (library[0] && !trust_program(library, why, sizeof(why)))
		return host->fail(host, ICRED_E_INVALID, "%s", why);
	lock = why[0] ? -1 : pin_lock(token, MAX(left / 2, left - LOAD_PATIENCE_MS));
	if (library[0] && !why[0]) {
		gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_MANUAL, NULL);
		r = gnutls_pkcs11_add_provider(library, NULL);
		if (r < 0)
			snprintf(why, sizeof(why),
				 "it is not a library of this kind for this machine, or it failed (%s)",
				 gnutls_strerror(r));
	} else if (!library[0] && !loaded) {
		r = gnutls_pkcs11_init(GNUTLS_PKCS11_FLAG_AUTO, NULL);
		loaded = r >= 0;
	}
	close_keep_errno(lock);
	if (why[0])
		return host->fail(
			host, ICRED_E_INVALID,
			"the PKCS#11 library %.300s cannot be loaded: %s; install it, or name another "
			"file with module-path",
			library, why);
	if (r < 0)
		return host->fail(
			host, ICRED_E_INVALID,
			"the PKCS#11 libraries of p11-kit's configuration cannot be loaded: %s; see "
			"p11-kit(8)",
			gnutls_strerror(r));
	return 0;
}

static int token_open(const struct icred_host *host, void **ret_self)
{
	struct token *token = calloc(1, sizeof(*token));
	char why[RSA_WHY_SIZE] = "";
	int r;

	if (!token)
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	r = token_uri_parse(host->argument(host, "uri"), &token->uri, why, sizeof(why));
	token->host = host;
	r = r ? host->fail(host, r, "key pkcs11: uri=: %s", why) : load_libraries(token);
	token->host = NULL;
	if (r)
		free(token);
	else
		*ret_self = token;
	return r;
}

static void token_forget(struct token *token)
{
	token->key = rsa_free(token->key);
	token->private = NULL;
}

static void token_close(void *self, const struct icred_host *host)
{
	struct token *token = self;

	(void)host;
	if (!token)
		return;
	token_forget(token);
	free(token);
}

/* Every call begins here, and ends in leave(): the PIN function needs the call's host. */
static void enter(struct token *token, const struct icred_host *host)
{
	token->host = host;
	token->failure = 0;
}

static int leave(struct token *token, int r)
{
	token->host = NULL;
	return r;
}

/* A wrapper takes the PKCS#11 key over only when it succeeds. */
static int import(struct token *token, gnutls_pkcs11_privkey_t *key, gnutls_privkey_t *private)
{
	int r = gnutls_pkcs11_privkey_init(key);

	if (r >= 0) {
		gnutls_pkcs11_privkey_set_pin_function(*key, token_pin, token);
		r = gnutls_pkcs11_privkey_import_url(*key, token->uri.private, 0);
	}
	if (r >= 0)
		r = gnutls_privkey_init(private);
	if (r >= 0) {
		gnutls_privkey_set_pin_function(*private, token_pin, token);
		r = gnutls_privkey_import_pkcs11(*private, *key, GNUTLS_PRIVKEY_IMPORT_AUTO_RELEASE);
	}
	if (r >= 0)
		*key = NULL;
	return r;
}

static int token_load(struct token *token)
{
	gnutls_pkcs11_privkey_t key = NULL;
	gnutls_privkey_t private = NULL;
	char why[RSA_WHY_SIZE] = "";
	const struct icred_host *host = token->host;
	int r, lock;

	if (token->key)
		return 0;
	lock = pin_lock(token, deadline_margin(host->time_left(host)));
	if (lock == PIN_BUSY)
		return host->fail(
			host, ICRED_E_TIMEOUT,
			"timed out: another program is logging in with the PIN of %s; check which one has the "
			"file open",
			token->uri.pin_file);
	r = import(token, &key, &private);
	close_keep_errno(lock);
	if (r < 0) {
		r = token_failed(token, r);
	} else {
		r = rsa_adopt(private, &token->key, why, sizeof(why));
		if (r)
			host->fail(host, r, "%.200s: %s", token->uri.base, why);
	}
	if (!r)
		token->private = private;
	else if (private)
		gnutls_privkey_deinit(private);
	if (key)
		gnutls_pkcs11_privkey_deinit(key);
	return r;
}

static int sign_once(struct token *token, const gnutls_datum_t *text, gnutls_datum_t *ret_made)
{
	int r = token_load(token);

	if (r)
		return r;
	r = gnutls_privkey_sign_data2(token->private, GNUTLS_SIGN_RSA_SHA256, 0, text, ret_made);
	if (r >= 0)
		return 0;
	token_forget(token);
	return token_failed(token, r);
}

static int token_sign(void *self, const struct icred_host *host, const struct icred_key_query *query,
		      unsigned nth, const void *data, size_t len, void *signature, size_t cap,
		      size_t *ret_len)
{
	const gnutls_datum_t text = {(unsigned char *)(uintptr_t)data, (unsigned)len};
	gnutls_datum_t made = {NULL, 0};
	struct token *token = self;
	bool known = token->key;
	int r;

	(void)query;
	if (nth)
		return host->fail(host, ICRED_E_NOT_FOUND, "%.300s has no second key", token->uri.base);
	enter(token, host);
	r = sign_once(token, &text, &made);
	/* The session of an earlier request may have ended, as when the token was pulled out: try once more. */
	if (r && known && !token->failure)
		r = sign_once(token, &text, &made);
	if (!r && made.size > cap)
		r = host->fail(host, ICRED_E_INTERNAL, "the signature is too long");
	if (!r) {
		memcpy(signature, made.data, made.size);
		*ret_len = made.size;
		rsa_signed(token->key, host);
	}
	gnutls_free(made.data);
	return leave(token, r);
}

/* What a token shows of its public keys without a PIN. */
static int describe_public(const struct token *token, struct rsa_info *ret_info, char *label, size_t cap)
{
	gnutls_pkcs11_obj_t object = NULL;
	gnutls_pubkey_t public = NULL;
	char why[RSA_WHY_SIZE];
	int r;

	r = gnutls_pkcs11_obj_init(&object);
	if (r >= 0)
		r = gnutls_pkcs11_obj_import_url(object, token->uri.public, 0);
	if (r >= 0)
		r = gnutls_pubkey_init(&public);
	if (r >= 0)
		r = gnutls_pubkey_import_pkcs11(public, object, 0);
	if (r >= 0)
		r = rsa_describe_public(public, ret_info, why, sizeof(why));
	if (r >= 0 && gnutls_pkcs11_obj_get_info(object, GNUTLS_PKCS11_OBJ_LABEL, label, &cap) < 0)
		label[0] = '\0';
	gnutls_pubkey_deinit(public);
	if (object)
		gnutls_pkcs11_obj_deinit(object);
	return r < 0 ? r : 0;
}

static int token_each(void *self, const struct icred_host *host, const struct icred_key_query *query,
		      int (*each)(const struct icred_key *key, void *data), void *data)
{
	struct token *token = self;
	struct rsa_info info = {.bits = 0};
	char label[LABEL_CAP] = "";
	struct icred_key key = {.size = sizeof(key),
				.fingerprint = info.fingerprint,
				.app = query->app,
				.label = label,
				.module = "pkcs11",
				.where = token->uri.base};
	char why[RSA_WHY_SIZE] = "";
	int r = 0;

	enter(token, host);
	if (token->key || describe_public(token, &info, label, sizeof(label)) != 0) {
		label[0] = '\0';
		r = token_load(token);
		if (!r) {
			r = rsa_describe(token->key, &info, why, sizeof(why));
			if (r)
				host->fail(host, r, "%.200s: %s", token->uri.base, why);
		}
	}
	if (r && r != ICRED_E_LOCKED && r != ICRED_E_CANCELLED)
		return leave(token, r);
	key.bits = info.bits;
	key.locked = r != 0;
	return leave(token, each(&key, data));
}

static const struct icred_key_ops token_ops = {
	.size = sizeof(token_ops),
	.sign = token_sign,
	.each = token_each,
};

static const struct icred_module token_module = {
	.size = sizeof(token_module),
	.minor = ICRED_MODULE_MINOR,
	.facility = ICRED_KEY,
	.name = "pkcs11",
	.threads = ICRED_THREADS_SERIAL,
	.can = ICRED_CAN_SIGN | ICRED_CAN_LIST,
	.open = token_open,
	.close = token_close,
	.ops = &token_ops,
	.arguments = "uri",
};

const struct icred_module *icred_module_1(void)
{
	return &token_module;
}
