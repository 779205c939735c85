# SPDX-License-Identifier: LGPL-2.1-or-later

icreddir = $(includedir)/icred
icred_HEADERS = lib/icred/curl.h lib/icred/icred.h lib/icred/module.h
pkgconfig_DATA = lib/libicred.pc
EXTRA_DIST += lib/libicred.sym

# What modules use as well: needs libc alone, and nothing of a handle or a call.
noinst_LTLIBRARIES += libicred-base.la
libicred_base_la_SOURCES = \
	lib/base/clock.c lib/base/clock.h \
	lib/base/deadline.c lib/base/deadline.h \
	lib/base/descriptor.c lib/base/descriptor.h \
	lib/base/language.h \
	lib/base/number.c lib/base/number.h \
	lib/base/rundir.c lib/base/rundir.h \
	lib/base/subprocess.c lib/base/subprocess.h \
	lib/base/system-words.c lib/base/system-words.h \
	lib/base/text.c lib/base/text.h \
	lib/base/trust.c lib/base/trust.h \
	lib/base/worker-environment.c lib/base/worker-environment.h

# Everything is in an archive, so that unit tests, the worker and the helpers
# (which must start fast) link it straight; the library adds the symbol map.
noinst_LTLIBRARIES += libicred-core.la
libicred_core_la_SOURCES = \
	lib/base/error.c lib/base/error.h \
	lib/base/key-limits.h \
	lib/base/lock.c lib/base/lock.h \
	lib/base/log.c lib/base/log.h \
	lib/base/secret.c lib/base/secret.h \
	lib/base/suggest.c lib/base/suggest.h \
	lib/base/wipe.c \
	lib/base/wire.c lib/base/wire.h \
	lib/profile/control.c lib/profile/control.h \
	lib/profile/line.h \
	lib/profile/origin.c lib/profile/origin.h \
	lib/profile/parse.c \
	lib/profile/profile.c lib/profile/profile.h \
	lib/profile/search.c lib/profile/search.h \
	lib/profile/setting.c lib/profile/setting.h \
	lib/module/built-in.c lib/module/built-in.h \
	lib/module/context.c lib/module/context.h \
	lib/module/host.c lib/module/host.h \
	lib/module/loader.c lib/module/loader.h \
	lib/module/stack.c lib/module/stack.h \
	lib/protocol/frames.c lib/protocol/frames.h \
	lib/protocol/record.c lib/protocol/record.h \
	lib/token/cache.c lib/token/cache.h \
	lib/token/life.c lib/token/life.h \
	lib/token/mint-lock.c lib/token/mint-lock.h \
	lib/token/rejected.c lib/token/rejected.h \
	lib/token/single-flight.c lib/token/single-flight.h \
	lib/token/table.c lib/token/table.h \
	lib/token/token.c lib/token/token.h \
	lib/client/supervisor.c lib/client/supervisor.h \
	lib/client/launch.c lib/client/launch.h \
	lib/client/worker.c lib/client/worker.h \
	lib/api/handle.c lib/api/handle.h \
	lib/api/icred_forget.c \
	lib/api/icred_get_token.c \
	lib/api/icred_key.c \
	lib/api/icred_open.c \
	lib/api/icred_origin_allowed.c \
	lib/api/icred_profile.c \
	lib/api/icred_request.c \
	lib/api/icred_token.c \
	lib/api/icred_version.c \
	lib/curl/curl-backoff.c lib/curl/curl-backoff.h \
	lib/curl/curl-hook.h \
	lib/curl/curl-judge.c \
	lib/curl/curl-mark.c \
	lib/curl/curl-options.c \
	lib/curl/curl-state.c lib/curl/curl-state.h \
	lib/curl/curl-types.h \
	lib/curl/curl.c

# The cache modules that are linked in (lib/module/built-in.c says why).
noinst_LTLIBRARIES += libicred-keyctl.la libicred-runtime.la
libicred_keyctl_la_SOURCES = plugin/cache/cache-keyctl.c plugin/cache/cache-entry.h
libicred_keyctl_la_CPPFLAGS = $(AM_CPPFLAGS) -Dicred_module_1=icred_cache_keyctl
libicred_runtime_la_SOURCES = plugin/cache/cache-runtime.c plugin/cache/cache-entry.h
libicred_runtime_la_CPPFLAGS = $(AM_CPPFLAGS) -Dicred_module_1=icred_cache_runtime
libicred_core_la_LIBADD = libicred-base.la libicred-keyctl.la libicred-runtime.la

lib_LTLIBRARIES += libicred.la
libicred_la_SOURCES =
libicred_la_LIBADD = libicred-core.la
libicred_la_LDFLAGS = $(AM_LDFLAGS) $(NO_UNDEFINED) -Wl,-z,nodelete \
	-version-info $(LIBICRED_VERSION_INFO) \
	-Wl,--version-script=$(top_srcdir)/lib/libicred.sym
EXTRA_libicred_la_DEPENDENCIES = lib/libicred.sym
