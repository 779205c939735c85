/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a GnuTLS error means for a token. */
#include "config.h"

#include "plugin/key/pkcs11/pkcs11.h"

int token_failed(struct token *token, int error)
{
	const struct icred_host *host = token->host;
	const char *uri = token->uri.base;
	unsigned flags;

	/* The PIN function has said more than GnuTLS's error does. */
	if (token->failure)
		return token->failure;
	switch (error) {
	case GNUTLS_E_MEMORY_ERROR:
		return host->fail(host, ICRED_E_NO_MEMORY, "out of memory");
	case GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE:
	case GNUTLS_E_PKCS11_REQUESTED_OBJECT_NOT_AVAILBLE:
		if (gnutls_pkcs11_token_get_flags(uri, &flags) < 0)
			return host->fail(host, ICRED_E_NO_SERVICE,
					  "there is no token for %.300s; plug it in, and check that p11tool "
					  "--list-tokens shows it",
					  uri);
		return host->fail(host, ICRED_E_NOT_FOUND,
				  "the token has no private key %.300s; see p11tool --login --list-privkeys",
				  uri);
	case GNUTLS_E_PARSING_ERROR:
		return host->fail(host, ICRED_E_INVALID, "\"%.300s\" is not a PKCS#11 URI; see RFC 7512",
				  uri);
	case GNUTLS_E_PKCS11_PIN_LOCKED:
		return host->fail(
			host, ICRED_E_LOCKED,
			"the PIN of %.300s is locked after too many wrong ones; set a new one with its "
			"PUK or security officer's PIN",
			uri);
	case GNUTLS_E_PKCS11_PIN_EXPIRED:
		return host->fail(host, ICRED_E_DENIED, "the PIN of %.300s has expired; set a new one", uri);
	case GNUTLS_E_PKCS11_PIN_ERROR:
	case GNUTLS_E_PKCS11_USER_ERROR:
		return host->fail(host, ICRED_E_DENIED,
				  "the token refused the login for %.300s; check its PIN", uri);
	case GNUTLS_E_PKCS11_KEY_ERROR:
	case GNUTLS_E_PKCS11_UNSUPPORTED_FEATURE_ERROR:
	case GNUTLS_E_PKCS11_ATTRIBUTE_ERROR:
		return host->fail(
			host, ICRED_E_INVALID,
			"the token does not let %.300s sign RS256 (%s); make a key with CKA_SIGN, on a "
			"token that has the mechanism CKM_RSA_PKCS",
			uri, gnutls_strerror(error));
	case GNUTLS_E_PKCS11_SESSION_ERROR:
	case GNUTLS_E_PKCS11_DEVICE_ERROR:
	case GNUTLS_E_PKCS11_SLOT_ERROR:
	case GNUTLS_E_PKCS11_TOKEN_ERROR:
		return host->fail(host, ICRED_E_NO_SERVICE,
				  "the token of %.300s does not answer (%s); check that it is plugged in",
				  uri, gnutls_strerror(error));
	default:
		return host->fail(host, ICRED_E_INTERNAL, "the token failed for %.300s: %s", uri,
				  gnutls_strerror(error));
	}
}
