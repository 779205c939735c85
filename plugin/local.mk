# SPDX-License-Identifier: LGPL-2.1-or-later
# One file per module, FACILITY-NAME.c, installed as FACILITY-NAME.so.

MODULE_LDFLAGS = $(AM_LDFLAGS) $(NO_UNDEFINED) -module -avoid-version -shared \
	-Wl,--version-script=$(top_srcdir)/plugin/module.sym -rpath $(moduledir)
EXTRA_DIST += plugin/module.sym

# RSA keys in PEM, for the worker and every key module that reads one.
noinst_LTLIBRARIES += libicred-rsa.la
libicred_rsa_la_SOURCES = plugin/rsa.c plugin/rsa.h
libicred_rsa_la_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
libicred_rsa_la_LIBADD = $(GNUTLS_LIBS)

module_LTLIBRARIES += cache-keyctl.la
cache_keyctl_la_SOURCES = plugin/cache-keyctl.c
cache_keyctl_la_LDFLAGS = $(MODULE_LDFLAGS)

module_LTLIBRARIES += cache-runtime.la
cache_runtime_la_SOURCES = plugin/cache-runtime.c
cache_runtime_la_LDFLAGS = $(MODULE_LDFLAGS)

if KEYRING
module_LTLIBRARIES += key-keyring.la
key_keyring_la_SOURCES = plugin/key-keyring.c
key_keyring_la_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS) $(GNUTLS_CFLAGS)
key_keyring_la_LDFLAGS = $(MODULE_LDFLAGS)
key_keyring_la_LIBADD = libicred-rsa.la $(SECRET_LIBS) $(GNUTLS_LIBS)
endif

module_LTLIBRARIES += issuer-icr.la
issuer_icr_la_SOURCES = plugin/issuer-icr.c \
	plugin/appauth/appauth.h \
	plugin/appauth/answer.c plugin/appauth/answer.h \
	plugin/appauth/http.c plugin/appauth/http.h \
	plugin/appauth/jwt.c plugin/appauth/jwt.h \
	plugin/appauth/mint.c
issuer_icr_la_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JSON_CFLAGS) $(GNUTLS_CFLAGS)
issuer_icr_la_LDFLAGS = $(MODULE_LDFLAGS)
issuer_icr_la_LIBADD = $(CURL_LIBS) $(JSON_LIBS) $(GNUTLS_LIBS)

# The modules are loaded from plugin/ when nothing is installed yet.
