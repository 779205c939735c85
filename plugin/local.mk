# SPDX-License-Identifier: LGPL-2.1-or-later
# A module is a file FACILITY-NAME.c, or a folder with one, and is installed as FACILITY-NAME.so.

MODULE_LDFLAGS = $(AM_LDFLAGS) $(NO_UNDEFINED) -module -avoid-version -shared \
	-Wl,--version-script=$(top_srcdir)/plugin/module.sym -rpath $(moduledir)
EXTRA_DIST += plugin/module.sym

# RSA keys in PEM, for the worker and every key module that reads one.
noinst_LTLIBRARIES += libicred-rsa.la
libicred_rsa_la_SOURCES = plugin/shared/pem.c plugin/shared/rsa.c plugin/shared/rsa.h
libicred_rsa_la_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
libicred_rsa_la_LIBADD = $(GNUTLS_LIBS)

# Cache modules are linked into the library; as files they are there for the tests.
check_LTLIBRARIES += cache-keyctl.la cache-runtime.la
cache_keyctl_la_SOURCES = plugin/cache/cache-keyctl.c plugin/cache/cache-entry.h
cache_keyctl_la_LDFLAGS = $(MODULE_LDFLAGS)
cache_runtime_la_SOURCES = plugin/cache/cache-runtime.c plugin/cache/cache-entry.h
cache_runtime_la_LDFLAGS = $(MODULE_LDFLAGS)
cache_runtime_la_LIBADD = libicred-base.la

if KEYRING
module_LTLIBRARIES += key-keyring.la
key_keyring_la_SOURCES = plugin/key/keyring/key-keyring.c \
	plugin/key/keyring/keyring.h \
	plugin/key/keyring/bounded-call.c \
	plugin/key/keyring/backend.c \
	plugin/key/keyring/bus.c \
	plugin/key/keyring/keyring-error.c \
	plugin/key/keyring/keyring-file.c \
	plugin/key/keyring/item-search.c \
	plugin/key/keyring/item.c \
	plugin/key/keyring/load-key.c \
	plugin/key/keyring/glib-log.c \
	plugin/key/keyring/bus-owner.c \
	plugin/key/keyring/prompt.c \
	plugin/key/keyring/encrypted-session.c \
	plugin/key/keyring/store-key.c \
	plugin/key/keyring/watchdog.c \
	plugin/shared/quote.c plugin/shared/quote.h
key_keyring_la_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS) $(GNUTLS_CFLAGS)
key_keyring_la_LDFLAGS = $(MODULE_LDFLAGS)
key_keyring_la_LIBADD = libicred-base.la libicred-rsa.la $(SECRET_LIBS) $(GNUTLS_LIBS)
endif

# A key module that gets a whole PEM from somewhere: checked files, commands, what to do with the PEM.
noinst_LTLIBRARIES += libpemkey.la
libpemkey_la_SOURCES = \
	plugin/shared/command.c plugin/shared/command.h \
	plugin/shared/pemkey.c plugin/shared/pemkey.h \
	plugin/shared/secretfile.c plugin/shared/secretfile.h \
	plugin/shared/quote.c plugin/shared/quote.h
libpemkey_la_CFLAGS = $(AM_CFLAGS)
libpemkey_la_LIBADD = libicred-base.la libicred-rsa.la

module_LTLIBRARIES += key-exec.la
key_exec_la_SOURCES = plugin/key/key-exec.c
key_exec_la_LDFLAGS = $(MODULE_LDFLAGS)
key_exec_la_LIBADD = libpemkey.la

module_LTLIBRARIES += key-file.la
key_file_la_SOURCES = plugin/key/key-file.c
key_file_la_LDFLAGS = $(MODULE_LDFLAGS)
key_file_la_LIBADD = libpemkey.la

if PKCS11
module_LTLIBRARIES += key-pkcs11.la
key_pkcs11_la_SOURCES = plugin/key/pkcs11/key-pkcs11.c \
	plugin/key/pkcs11/pkcs11.h \
	plugin/key/pkcs11/pin.c \
	plugin/key/pkcs11/token-error.c \
	plugin/key/pkcs11/uri.c
key_pkcs11_la_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
key_pkcs11_la_LDFLAGS = $(MODULE_LDFLAGS)
key_pkcs11_la_LIBADD = libpemkey.la $(GNUTLS_LIBS)
endif

module_LTLIBRARIES += key-systemd.la
key_systemd_la_SOURCES = plugin/key/key-systemd.c
key_systemd_la_LDFLAGS = $(MODULE_LDFLAGS)
key_systemd_la_LIBADD = libpemkey.la

# The app authentication that issuers share; unit tests link it too.
noinst_LTLIBRARIES += libappauth.la
libappauth_la_SOURCES = \
	plugin/issuer/appauth/token-answer.c \
	plugin/issuer/appauth/appauth.h \
	plugin/issuer/appauth/bearer.c plugin/issuer/appauth/bearer.h \
	plugin/issuer/appauth/bundle.c \
	plugin/issuer/appauth/error-body.c \
	plugin/issuer/appauth/http.c plugin/issuer/appauth/http.h \
	plugin/issuer/appauth/json-read.c plugin/issuer/appauth/json-read.h \
	plugin/issuer/appauth/jwt.c \
	plugin/issuer/appauth/app-mint.c \
	plugin/shared/quote.c plugin/shared/quote.h \
	plugin/issuer/appauth/rate-limit.c \
	plugin/issuer/appauth/proxy.c \
	plugin/issuer/appauth/transfer-error.c \
	plugin/issuer/appauth/url.c plugin/issuer/appauth/url.h \
	plugin/issuer/appauth/answer-error.c plugin/issuer/appauth/answer.h
libappauth_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JSON_CFLAGS)
libappauth_la_LIBADD = libicred-base.la $(CURL_LIBS) $(JSON_LIBS)

module_LTLIBRARIES += issuer-icr.la
issuer_icr_la_SOURCES = plugin/issuer/issuer-icr.c
issuer_icr_la_LDFLAGS = $(MODULE_LDFLAGS)
issuer_icr_la_LIBADD = libappauth.la
