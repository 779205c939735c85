# SPDX-License-Identifier: LGPL-2.1-or-later
# Every test prints TAP: C programs through cmocka, scripts through lib.sh.

TEST_EXTENSIONS = .sh
tap_driver = AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
# No test may take the whole run with it: each has five minutes at most.
tap_limit = timeout -k 10 300
LOG_DRIVER = $(tap_driver)
LOG_COMPILER = $(tap_limit) $(top_srcdir)/tests/unit/run
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_COMPILER = $(tap_limit)
AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_top_srcdir)'; builddir='$(abs_top_builddir)'; export srcdir builddir; \
	CC='$(CC)'; CXX='$(CXX)'; PYTHON='$(PYTHON)'; CURL_CFLAGS='$(CURL_CFLAGS)'; CFLAGS='$(CFLAGS)'; export CC CXX PYTHON CURL_CFLAGS CFLAGS; \
	MODULE_DIR_TEST='$(abs_top_builddir)/.libs'; export MODULE_DIR_TEST; \
	CMOCKA_MESSAGE_OUTPUT=TAP; PYTHONDONTWRITEBYTECODE=1; export CMOCKA_MESSAGE_OUTPUT PYTHONDONTWRITEBYTECODE;

# First, as some of them wait long for what never comes, and others have work to do meanwhile.
include tests/field/local.mk

# -- unit tests: tests/unit/test-NAME.c, one cmocka group each ----------------

core_unit_tests = \
	tests/unit/test-curl \
	tests/unit/test-curl-abi \
	tests/unit/test-deadline \
	tests/unit/test-error \
	tests/unit/test-flight \
	tests/unit/test-frames \
	tests/unit/test-keys \
	tests/unit/test-life \
	tests/unit/test-lock \
	tests/unit/test-memory \
	tests/unit/test-module \
	tests/unit/test-origin \
	tests/unit/test-profile \
	tests/unit/test-record \
	tests/unit/test-request \
	tests/unit/test-rundir \
	tests/unit/test-secret \
	tests/unit/test-setting \
	tests/unit/test-launch \
	tests/unit/test-stack \
	tests/unit/test-suggest \
	tests/unit/test-table \
	tests/unit/test-wipe \
	tests/unit/test-wire
module_unit_tests = \
	tests/unit/test-cache-keyctl \
	tests/unit/test-cache-modules \
	tests/unit/test-cache-runtime
helper_unit_tests = \
	tests/unit/test-duration \
	tests/unit/test-gitproto \
	tests/unit/test-options \
	tests/unit/test-output
plugin_unit_tests = \
	tests/unit/test-answer \
	tests/unit/test-audit \
	tests/unit/test-jwt \
	tests/unit/test-rsa \
	tests/unit/test-proxy \
	tests/unit/test-trouble \
	tests/unit/test-url \
	tests/unit/test-verdict
if PKCS11
plugin_unit_tests += tests/unit/test-token-pin
endif
unit_tests = $(core_unit_tests) $(module_unit_tests) $(helper_unit_tests) $(plugin_unit_tests)

if UNIT_TESTS
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
EXTRA_DIST += tests/unit/run tests/unit/cache-host.h tests/unit/child.h tests/unit/core.h

# What test-module loads, each wrong in one way at most, and what test-launch starts.
key_test_modules = \
	tests/unit/modules/cache-modest.la \
	tests/unit/modules/issuer-idle.la \
	tests/unit/modules/key-cache.la \
	tests/unit/modules/key-good.la \
	tests/unit/modules/key-hoard.la \
	tests/unit/modules/key-locked.la \
	tests/unit/modules/key-long.la \
	tests/unit/modules/key-noremove.la \
	tests/unit/modules/key-nosymbol.la \
	tests/unit/modules/key-notable.la \
	tests/unit/modules/key-picky.la \
	tests/unit/modules/key-serial.la \
	tests/unit/modules/key-short.la \
	tests/unit/modules/key-stub.la
if UNIT_TESTS
check_LTLIBRARIES += $(key_test_modules)
check_PROGRAMS += tests/unit/spawn-worker
endif
EXTRA_DIST += tests/unit/modules/key.h tests/unit/spawn-worker.h
tests_unit_spawn_worker_LDADD =
test_module_flags = $(AM_LDFLAGS) $(NO_UNDEFINED) -module -avoid-version -shared -rpath /nowhere
tests_unit_modules_cache_modest_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_issuer_idle_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_cache_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_good_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_hoard_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_locked_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_long_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_noremove_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_nosymbol_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_notable_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_picky_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_serial_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_short_la_LDFLAGS = $(test_module_flags)
tests_unit_modules_key_stub_la_LDFLAGS = $(test_module_flags)

# What is not told otherwise is a test of the core: its source, and these.
AM_CPPFLAGS += $(CMOCKA_CFLAGS)
LDADD = libicred-core.la $(CMOCKA_LIBS)

helper_test_libs = libhelper.la libicred-core.la $(CMOCKA_LIBS)
tests_unit_test_duration_LDADD = $(helper_test_libs)
tests_unit_test_gitproto_LDADD = $(helper_test_libs)
tests_unit_test_options_LDADD = $(helper_test_libs)
tests_unit_test_output_LDADD = $(helper_test_libs)

# Its memory runs out when it likes.
tests_unit_test_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray \
	-Wl,--wrap=aligned_alloc,--wrap=strdup,--wrap=mmap,--wrap=free

tests_unit_test_curl_abi_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)

appauth_test_libs = libappauth.la $(CURL_LIBS) $(CMOCKA_LIBS)
tests_unit_test_answer_CFLAGS = $(AM_CFLAGS) $(JSON_CFLAGS)
tests_unit_test_answer_LDADD = $(appauth_test_libs)
tests_unit_test_jwt_LDADD = $(appauth_test_libs)
tests_unit_test_url_LDADD = $(appauth_test_libs)
tests_unit_test_proxy_LDADD = $(appauth_test_libs)
tests_unit_test_trouble_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
tests_unit_test_trouble_LDADD = $(appauth_test_libs)
tests_unit_test_verdict_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
tests_unit_test_verdict_LDADD = $(appauth_test_libs)

tests_unit_test_rsa_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
tests_unit_test_rsa_LDADD = libicred-rsa.la $(GNUTLS_LIBS) $(CMOCKA_LIBS)

tests_unit_test_audit_SOURCES = tests/unit/test-audit.c helper/worker/audit.c

tests_unit_test_token_pin_SOURCES = tests/unit/test-token-pin.c \
	plugin/key-pkcs11/pin.c \
	plugin/key-pkcs11/uri.c
tests_unit_test_token_pin_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
tests_unit_test_token_pin_LDADD = libpemkey.la $(GNUTLS_LIBS) $(CMOCKA_LIBS)

# -- scripts: consistency, then the real parts, some with a driver in C --------

shell_tests = \
	tests/check-headers.sh \
	tests/check-help.sh \
	tests/check-man.sh \
	tests/check-src.sh \
	tests/check-symbols.sh \
	tests/check-tally.sh \
	tests/completions.sh \
	tests/conversation.sh \
	tests/install.sh \
	tests/issuer-module.sh \
	tests/module-abi.sh \
	tests/privileged.sh \
	tests/profile.sh \
	tests/sandbox.sh

check_PROGRAMS += tests/issuer-module
tests_issuer_module_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
tests_issuer_module_LDADD = $(GNUTLS_LIBS)

# Callers as others write them: they link the shared library.
check_PROGRAMS += tests/child-watch tests/core-hold tests/flight-threads
tests_child_watch_LDADD = libicred.la
tests_child_watch_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_core_hold_LDADD = libicred.la
tests_core_hold_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_flight_threads_LDADD = libicred.la
tests_flight_threads_LDFLAGS = $(AM_LDFLAGS) -no-install

if KEYRING
shell_tests += \
	tests/bad-keys.sh \
	tests/bad-profiles.sh \
	tests/bad-servers.sh \
	tests/core-file.sh \
	tests/git.sh \
	tests/key-rotation.sh \
	tests/keyring-file.sh \
	tests/keyring-keepassxc.sh \
	tests/keyring-kwallet.sh \
	tests/keyring-module.sh \
	tests/keyring-states.sh \
	tests/main-job.sh \
	tests/no-leaks.sh \
	tests/runtime-dir.sh \
	tests/single-flight.sh \
	tests/warm-strace.sh \
	tests/worker-death.sh
check_PROGRAMS += tests/keyring-module tests/secret-mock tests/secret-portal tests/secret-prompter
tests_keyring_module_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
tests_keyring_module_LDADD = libicred-rsa.la $(GNUTLS_LIBS)
# libsecret brings GIO along, which is all that the stand-ins need.
tests_secret_mock_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS)
tests_secret_mock_LDADD = $(SECRET_LIBS)
tests_secret_portal_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS)
tests_secret_portal_LDADD = $(SECRET_LIBS)
tests_secret_prompter_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS)
tests_secret_prompter_LDADD = $(SECRET_LIBS)
endif

# Key modules from the profile's line to the server's answer.
shell_tests += tests/key-exec.sh tests/key-file.sh tests/key-systemd.sh
if KEYRING
shell_tests += tests/key-sources.sh
endif
if PKCS11
shell_tests += tests/key-pkcs11.sh
endif

if KEYRING
shell_tests += tests/curl-examples.sh tests/curl-hook.sh tests/curl-http2.sh tests/icred-curl.sh tests/leak-matrix.sh tests/recipes.sh
endif

TESTS += $(shell_tests)
dist_check_SCRIPTS += $(shell_tests)
# Compiled by the scripts, for each flavour of libcurl.
EXTRA_DIST += tests/curl-hook.c tests/curl-hook.h tests/curl-hook-handles.c tests/curl-hook-loop.c \
	tests/curl-flavours.c tests/curl-lib.sh \
	examples/curl-easy.c examples/curl-epoll.c examples/curl-multi.c examples/curl-threads.c
# Compiled by module-abi.sh: the example of icred-module(3), and modules against the headers of each release.
EXTRA_DIST += tests/abi/abi tests/abi/appended.ini tests/abi/libicred.abi tests/abi/module.abi tests/abi/witness.c \
	tests/abi/issuer-toy.c tests/abi/key-toy.c tests/abi/old-host.c \
	tests/abi/1.0/icred/icred.h tests/abi/1.0/icred/module.h
EXTRA_DIST += tests/leak-matrix.py tests/leak-hook.c
EXTRA_DIST += tests/lib.sh tests/wallets.sh tests/whole.sh tests/tally tests/skips tests/demo tests/fake/icred-worker

# What released programs and modules rely on: written anew with a release, compared by .ci/run.
abi-dump abi-check: libicred.la
	CC='$(CC)' $(SHELL) $(srcdir)/tests/abi/abi `echo $@ | sed 's/abi-//'` $(abs_top_builddir)
.PHONY: abi-dump abi-check

include tests/sandbox/local.mk
