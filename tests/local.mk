# SPDX-License-Identifier: LGPL-2.1-or-later
# Every test prints TAP: C programs through cmocka, scripts through lib.sh.

TEST_EXTENSIONS = .sh
tap_driver = AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
# No test may take the whole run with it: each has five minutes at most.
tap_limit = timeout -k 10 300
LOG_DRIVER = $(tap_driver)
LOG_COMPILER = $(tap_limit) $(top_srcdir)/tests/run-unit
SH_LOG_DRIVER = $(tap_driver)
SH_LOG_COMPILER = $(tap_limit)
AM_TESTS_ENVIRONMENT = \
	srcdir='$(abs_top_srcdir)'; builddir='$(abs_top_builddir)'; export srcdir builddir; \
	CC='$(CC)'; CXX='$(CXX)'; PYTHON='$(PYTHON)'; CURL_CFLAGS='$(CURL_CFLAGS)'; CFLAGS='$(CFLAGS)'; export CC CXX PYTHON CURL_CFLAGS CFLAGS; \
	MODULE_DIR_TEST='$(abs_top_builddir)/.libs'; export MODULE_DIR_TEST; \
	CMOCKA_MESSAGE_OUTPUT=TAP; PYTHONDONTWRITEBYTECODE=1; export CMOCKA_MESSAGE_OUTPUT PYTHONDONTWRITEBYTECODE;

# First, as some of them wait long for what never comes, and others have work to do meanwhile.
include tests/field/local.mk

# -- unit tests: tests/FOLDER/test-NAME.c, one cmocka group each --------------

core_unit_tests = \
	tests/lib/curl/test-curl \
	tests/lib/curl/test-curl-abi \
	tests/lib/curl/test-curl-state \
	tests/lib/base/test-clock \
	tests/lib/base/test-deadline \
	tests/lib/base/test-error \
	tests/lib/base/test-log \
	tests/lib/token/test-single-flight \
	tests/lib/protocol/test-frames \
	tests/lib/api/test-key-functions \
	tests/lib/token/test-life \
	tests/lib/base/test-lock \
	tests/lib/api/test-memory \
	tests/lib/api/test-profile-functions \
	tests/lib/module/test-module \
	tests/lib/profile/test-origin \
	tests/lib/profile/test-profile \
	tests/lib/protocol/test-record \
	tests/lib/api/test-request \
	tests/lib/base/test-rundir \
	tests/lib/base/test-secret \
	tests/lib/profile/test-setting \
	tests/lib/client/test-launch \
	tests/lib/module/test-stack \
	tests/lib/base/test-subprocess \
	tests/lib/base/test-suggest \
	tests/lib/token/test-table \
	tests/lib/base/test-text \
	tests/lib/base/test-wipe \
	tests/lib/base/test-wire
module_unit_tests = \
	tests/plugin/cache/test-cache-keyctl \
	tests/plugin/cache/test-cache-modules \
	tests/plugin/cache/test-cache-runtime
helper_unit_tests = \
	tests/helper/common/test-duration \
	tests/helper/credential/test-credential \
	tests/helper/credential/test-git-protocol \
	tests/helper/common/test-options \
	tests/helper/common/test-output
plugin_unit_tests = \
	tests/plugin/issuer/test-token-answer \
	tests/helper/worker/test-audit \
	tests/plugin/issuer/test-jwt \
	tests/plugin/shared/test-rsa \
	tests/plugin/issuer/test-proxy \
	tests/plugin/issuer/test-transfer-error \
	tests/plugin/issuer/test-url \
	tests/plugin/issuer/test-answer-error
if PKCS11
plugin_unit_tests += tests/plugin/key/test-pkcs11-pin
endif
unit_tests = $(core_unit_tests) $(module_unit_tests) $(helper_unit_tests) $(plugin_unit_tests)

if UNIT_TESTS
check_PROGRAMS += $(unit_tests)
TESTS += $(unit_tests)
endif
EXTRA_DIST += tests/run-unit tests/plugin/cache/cache-host.h tests/plugin/fake-host.h tests/lib/child.h tests/lib/core.h

# What test-module loads, each wrong in one way at most, and what test-launch starts.
key_test_modules = \
	tests/lib/module/modules/cache-modest.la \
	tests/lib/module/modules/issuer-idle.la \
	tests/lib/module/modules/key-cache.la \
	tests/lib/module/modules/key-good.la \
	tests/lib/module/modules/key-hoard.la \
	tests/lib/module/modules/key-locked.la \
	tests/lib/module/modules/key-mute.la \
	tests/lib/module/modules/key-long.la \
	tests/lib/module/modules/key-noremove.la \
	tests/lib/module/modules/key-nosymbol.la \
	tests/lib/module/modules/key-notable.la \
	tests/lib/module/modules/key-picky.la \
	tests/lib/module/modules/key-serial.la \
	tests/lib/module/modules/key-short.la \
	tests/lib/module/modules/key-stub.la
if UNIT_TESTS
check_LTLIBRARIES += $(key_test_modules)
check_PROGRAMS += tests/lib/client/spawn-worker
endif
EXTRA_DIST += tests/lib/module/modules/key.h tests/lib/client/spawn-worker.h
tests_lib_client_spawn_worker_LDADD =
test_module_flags = $(AM_LDFLAGS) $(NO_UNDEFINED) -module -avoid-version -shared -rpath /nowhere
tests_lib_module_modules_cache_modest_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_issuer_idle_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_cache_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_good_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_hoard_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_locked_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_mute_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_long_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_noremove_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_nosymbol_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_notable_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_picky_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_serial_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_short_la_LDFLAGS = $(test_module_flags)
tests_lib_module_modules_key_stub_la_LDFLAGS = $(test_module_flags)

# The default is a test of the core: its one source, and these.
AM_CPPFLAGS += $(CMOCKA_CFLAGS)
LDADD = libicred-core.la $(CMOCKA_LIBS)

helper_test_libs = libhelper.la libicred-core.la $(CMOCKA_LIBS)
tests_helper_common_test_duration_LDADD = $(helper_test_libs)
tests_helper_credential_test_git_protocol_SOURCES = tests/helper/credential/test-git-protocol.c \
	helper/credential/credential.c helper/credential/git-protocol.c
tests_helper_credential_test_credential_SOURCES = tests/helper/credential/test-credential.c helper/credential/credential.c
tests_helper_credential_test_credential_LDADD = $(helper_test_libs)
tests_helper_credential_test_git_protocol_LDADD = $(helper_test_libs)
tests_helper_common_test_options_LDADD = $(helper_test_libs)
tests_helper_common_test_output_LDADD = $(helper_test_libs)

# Its memory runs out when it likes.
tests_lib_api_test_memory_LDFLAGS = $(AM_LDFLAGS) -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=reallocarray \
	-Wl,--wrap=aligned_alloc,--wrap=strdup,--wrap=mmap,--wrap=free,--wrap=tsearch

tests_lib_curl_test_curl_abi_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)

appauth_test_libs = libappauth.la $(CURL_LIBS) $(CMOCKA_LIBS)
tests_plugin_issuer_test_token_answer_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS) $(JSON_CFLAGS)
tests_plugin_issuer_test_token_answer_LDADD = $(appauth_test_libs)
tests_plugin_issuer_test_jwt_LDADD = $(appauth_test_libs)
tests_plugin_issuer_test_url_LDADD = $(appauth_test_libs)
tests_plugin_issuer_test_proxy_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
tests_plugin_issuer_test_proxy_LDADD = $(appauth_test_libs)
tests_plugin_issuer_test_transfer_error_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
tests_plugin_issuer_test_transfer_error_LDADD = $(appauth_test_libs)
tests_plugin_issuer_test_answer_error_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
tests_plugin_issuer_test_answer_error_LDADD = $(appauth_test_libs)

tests_plugin_shared_test_rsa_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
tests_plugin_shared_test_rsa_LDADD = libicred-rsa.la $(GNUTLS_LIBS) $(CMOCKA_LIBS)

tests_helper_worker_test_audit_SOURCES = tests/helper/worker/test-audit.c helper/worker/audit.c helper/worker/words.c

tests_plugin_key_test_pkcs11_pin_SOURCES = tests/plugin/key/test-pkcs11-pin.c \
	plugin/key/pkcs11/pin.c \
	plugin/key/pkcs11/uri.c
tests_plugin_key_test_pkcs11_pin_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
tests_plugin_key_test_pkcs11_pin_LDADD = libpemkey.la $(GNUTLS_LIBS) $(CMOCKA_LIBS)

# -- scripts: consistency, then the real parts, some with a driver in C --------

shell_tests = \
	tests/check-headers.sh \
	tests/check-layers.sh \
	tests/check-help.sh \
	tests/check-man.sh \
	tests/check-src.sh \
	tests/check-symbols.sh \
	tests/check-tally.sh \
	tests/check-words.sh \
	tests/helper/icred/completions.sh \
	tests/helper/icred/conversation.sh \
	tests/whole/install.sh \
	tests/plugin/issuer/issuer-module.sh \
	tests/lib/module/module-abi.sh tests/helper/worker/worker-requests.sh \
	tests/whole/privileged.sh \
	tests/helper/icred/hints.sh \
	tests/helper/icred/profile.sh \
	tests/sandbox.sh

check_PROGRAMS += tests/plugin/issuer/issuer-module
tests_plugin_issuer_issuer_module_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
tests_plugin_issuer_issuer_module_LDADD = $(GNUTLS_LIBS)

# Callers as others write them: they link the shared library.
check_PROGRAMS += tests/lib/client/child-watch tests/lib/base/core-hold tests/lib/token/mint-threads
tests_lib_client_child_watch_LDADD = libicred.la
tests_lib_client_child_watch_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_lib_base_core_hold_LDADD = libicred.la
tests_lib_base_core_hold_LDFLAGS = $(AM_LDFLAGS) -no-install
tests_lib_token_mint_threads_LDADD = libicred.la
tests_lib_token_mint_threads_LDFLAGS = $(AM_LDFLAGS) -no-install

if KEYRING
shell_tests += \
	tests/plugin/key/bad-keys.sh \
	tests/helper/icred/bad-profiles.sh \
	tests/plugin/issuer/bad-servers.sh \
	tests/lib/base/core-file.sh \
	tests/helper/credential/git.sh \
	tests/plugin/key/key-rotation.sh \
	tests/plugin/key/keyring-file.sh \
	tests/plugin/key/keyring-keepassxc.sh \
	tests/plugin/key/keyring-kwallet.sh \
	tests/plugin/key/keyring-module.sh \
	tests/plugin/key/keyring-states.sh \
	tests/whole/main-job.sh \
	tests/whole/no-leaks.sh \
	tests/lib/base/runtime-dir.sh \
	tests/lib/token/single-flight.sh \
	tests/whole/warm-strace.sh \
	tests/helper/worker/worker-death.sh
check_PROGRAMS += tests/plugin/key/keyring-module tests/plugin/key/secret-mock tests/plugin/key/secret-portal tests/plugin/key/secret-prompter
tests_plugin_key_keyring_module_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
tests_plugin_key_keyring_module_LDADD = libicred-rsa.la $(GNUTLS_LIBS)
# libsecret brings GIO along, which is all that the stand-ins need.
tests_plugin_key_secret_mock_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS)
tests_plugin_key_secret_mock_LDADD = $(SECRET_LIBS)
tests_plugin_key_secret_portal_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS)
tests_plugin_key_secret_portal_LDADD = $(SECRET_LIBS)
tests_plugin_key_secret_prompter_CFLAGS = $(AM_CFLAGS) $(SECRET_CFLAGS)
tests_plugin_key_secret_prompter_LDADD = $(SECRET_LIBS)
endif

# Key modules from the profile's line to the server's answer.
shell_tests += tests/plugin/key/key-exec.sh tests/plugin/key/key-file.sh tests/plugin/key/key-systemd.sh
if KEYRING
shell_tests += tests/plugin/key/key-sources.sh
endif
if PKCS11
shell_tests += tests/plugin/key/key-pkcs11.sh
endif

if KEYRING
shell_tests += tests/lib/curl/curl-examples.sh tests/lib/curl/curl-hook.sh tests/lib/curl/curl-http2.sh tests/helper/curl/icred-curl.sh tests/whole/leak-matrix.sh tests/whole/recipes.sh
endif

TESTS += $(shell_tests)
dist_check_SCRIPTS += $(shell_tests)
# Compiled by the scripts, for each flavour of libcurl.
EXTRA_DIST += tests/lib/curl/curl-hook.c tests/lib/curl/curl-hook.h tests/lib/curl/curl-hook-handles.c tests/lib/curl/curl-hook-loop.c \
	tests/lib/curl/curl-flavours.c tests/lib/curl/curl-lib.sh \
	examples/curl-easy.c examples/curl-epoll.c examples/curl-multi.c examples/curl-threads.c
# Compiled by module-abi.sh: the example of icred-module(3), and modules against the headers of each release.
EXTRA_DIST += tests/abi/abi tests/abi/appended.ini tests/abi/libicred.abi tests/abi/module.abi tests/abi/witness.c \
	tests/abi/issuer-toy.c tests/abi/key-toy.c tests/abi/old-host.c tests/helper/worker/ask-worker.py \
	tests/abi/1.0/icred/icred.h tests/abi/1.0/icred/module.h
EXTRA_DIST += tests/whole/leak-matrix.py tests/whole/leak-hook.c
EXTRA_DIST += tests/lib.sh tests/plugin/key/wallets.sh tests/whole.sh tests/tally tests/skips tests/demo tests/fake/icred-worker

# What released programs and modules rely on: written anew with a release, compared by .ci/run.
abi-dump abi-check: libicred.la
	CC='$(CC)' $(SHELL) $(srcdir)/tests/abi/abi `echo $@ | sed 's/abi-//'` $(abs_top_builddir)
.PHONY: abi-dump abi-check

include tests/sandbox/local.mk
