# SPDX-License-Identifier: LGPL-2.1-or-later
# One file per module, FACILITY-NAME.c, installed as FACILITY-NAME.so.

MODULE_LDFLAGS = $(AM_LDFLAGS) $(NO_UNDEFINED) -module -avoid-version -shared \
	-Wl,--version-script=$(top_srcdir)/plugin/module.sym -rpath $(moduledir)
EXTRA_DIST += plugin/module.sym

# RSA keys in PEM, for the worker and every key module that reads one.
noinst_LTLIBRARIES += libicred-rsa.la
libicred_rsa_la_SOURCES = plugin/pem.c plugin/pem.h plugin/rsa.c plugin/rsa.h plugin/signed.c plugin/signed.h
libicred_rsa_la_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
libicred_rsa_la_LIBADD = $(GNUTLS_LIBS)

# Cache modules are linked into the library; as files they are there for the tests.
check_LTLIBRARIES += cache-keyctl.la cache-runtime.la
cache_keyctl_la_SOURCES = plugin/cache-keyctl.c plugin/cache-entry.h
cache_keyctl_la_LDFLAGS = $(MODULE_LDFLAGS)
cache_runtime_la_SOURCES = plugin/cache-runtime.c plugin/cache-entry.h lib/rundir.c lib/rundir.h \
	lib/errno-words.c lib/errno-words.h lib/quiet-write.c lib/quiet-write.h
cache_runtime_la_LDFLAGS = $(MODULE_LDFLAGS)

if KEYRING
module_LTLIBRARIES += key-keyring.la
key_keyring_la_SOURCES = plugin/key-keyring.c \
	plugin/key-keyring/keyring.h \
	plugin/key-keyring/aside.c \
	plugin/key-keyring/backend.c \
	plugin/key-keyring/bus.c \
	plugin/key-keyring/file.c \
	plugin/key-keyring/find.c \
	plugin/key-keyring/item.c \
	plugin/key-keyring/load.c \
	plugin/key-keyring/log.c \
	plugin/key-keyring/owner.c \
	plugin/key-keyring/prompt.c \
	plugin/key-keyring/session.c \
	plugin/key-keyring/store.c \
	plugin/key-keyring/watchdog.c
key_keyring_la_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS) $(GNUTLS_CFLAGS)
key_keyring_la_LDFLAGS = $(MODULE_LDFLAGS)
key_keyring_la_LIBADD = libicred-rsa.la $(SECRET_LIBS) $(GNUTLS_LIBS)
endif

# A key module that gets a whole PEM from somewhere: checked files, commands, what to do with the PEM.
noinst_LTLIBRARIES += libpemkey.la
libpemkey_la_SOURCES = \
	plugin/command.c plugin/command.h \
	plugin/pemkey.c plugin/pemkey.h \
	plugin/secretfile.c plugin/secretfile.h \
	plugin/appauth/quote.c plugin/appauth/quote.h \
	lib/errno-words.c lib/errno-words.h \
	lib/trust.c lib/trust.h \
	lib/worker-environment.c lib/worker-environment.h
libpemkey_la_CFLAGS = $(AM_CFLAGS)
libpemkey_la_LIBADD = libicred-rsa.la

module_LTLIBRARIES += key-exec.la
key_exec_la_SOURCES = plugin/key-exec.c
key_exec_la_LDFLAGS = $(MODULE_LDFLAGS)
key_exec_la_LIBADD = libpemkey.la

module_LTLIBRARIES += key-file.la
key_file_la_SOURCES = plugin/key-file.c
key_file_la_LDFLAGS = $(MODULE_LDFLAGS)
key_file_la_LIBADD = libpemkey.la

if PKCS11
module_LTLIBRARIES += key-pkcs11.la
key_pkcs11_la_SOURCES = plugin/key-pkcs11.c \
	plugin/key-pkcs11/token.h \
	plugin/key-pkcs11/pin.c \
	plugin/key-pkcs11/trouble.c \
	plugin/key-pkcs11/turn.c \
	plugin/key-pkcs11/uri.c
key_pkcs11_la_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
key_pkcs11_la_LDFLAGS = $(MODULE_LDFLAGS)
key_pkcs11_la_LIBADD = libpemkey.la $(GNUTLS_LIBS)
endif

module_LTLIBRARIES += key-systemd.la
key_systemd_la_SOURCES = plugin/key-systemd.c
key_systemd_la_LDFLAGS = $(MODULE_LDFLAGS)
key_systemd_la_LIBADD = libpemkey.la

# The app authentication that issuers share; unit tests link it too.
noinst_LTLIBRARIES += libappauth.la
libappauth_la_SOURCES = \
	lib/errno-words.c lib/errno-words.h \
	plugin/appauth/answer.c plugin/appauth/answer.h \
	plugin/appauth/appauth.h \
	plugin/appauth/bearer.c plugin/appauth/bearer.h \
	plugin/appauth/bundle.c plugin/appauth/bundle.h \
	plugin/appauth/errorbody.c plugin/appauth/errorbody.h \
	plugin/appauth/http.c plugin/appauth/http.h \
	plugin/appauth/json.c plugin/appauth/json.h \
	plugin/appauth/jwt.c plugin/appauth/jwt.h \
	plugin/appauth/mint.c \
	plugin/appauth/quote.c plugin/appauth/quote.h \
	plugin/appauth/ratelimit.c plugin/appauth/ratelimit.h \
	plugin/appauth/rfc3339.c plugin/appauth/rfc3339.h \
	plugin/appauth/proxy.c plugin/appauth/proxy.h \
	plugin/appauth/trouble.c plugin/appauth/trouble.h \
	plugin/appauth/url.c plugin/appauth/url.h \
	plugin/appauth/verdict.c plugin/appauth/verdict.h
libappauth_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JSON_CFLAGS)
libappauth_la_LIBADD = $(CURL_LIBS) $(JSON_LIBS)

module_LTLIBRARIES += issuer-icr.la
issuer_icr_la_SOURCES = plugin/issuer-icr.c
issuer_icr_la_LDFLAGS = $(MODULE_LDFLAGS)
issuer_icr_la_LIBADD = libappauth.la
