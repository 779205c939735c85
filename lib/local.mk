# SPDX-License-Identifier: LGPL-2.1-or-later

icreddir = $(includedir)/icred
icred_HEADERS = lib/icred/curl.h lib/icred/icred.h lib/icred/module.h
pkgconfig_DATA = lib/libicred.pc
EXTRA_DIST += lib/libicred.sym

# Everything is in an archive, so that unit tests, the worker and the helpers
# (which must start fast) link it straight; the library adds the symbol map.
noinst_LTLIBRARIES += libicred-core.la
libicred_core_la_SOURCES = \
	lib/cache.c lib/cache.h \
	lib/clock.c lib/clock.h \
	lib/deadline.c lib/deadline.h \
	lib/curl.c lib/curl-hook.h lib/curl-types.h \
	lib/curl-brake.c lib/curl-brake.h \
	lib/curl-judge.c \
	lib/curl-mark.c \
	lib/curl-options.c \
	lib/curl-state.c lib/curl-state.h \
	lib/errno-words.c lib/errno-words.h \
	lib/error.c lib/error.h \
	lib/flight.c lib/flight.h \
	lib/frames.c lib/frames.h \
	lib/get.c lib/get.h \
	lib/handle.c lib/handle.h \
	lib/host.c lib/host.h \
	lib/keeper.c lib/keeper.h \
	lib/key-limits.h \
	lib/keys.c \
	lib/launch.c lib/launch.h \
	lib/life.c lib/life.h \
	lib/lock.c lib/lock.h \
	lib/log.c lib/log.h \
	lib/module.c lib/module.h \
	lib/origin.c lib/origin.h \
	lib/owned.c lib/owned.h \
	lib/parse.c \
	lib/probe.c lib/probe.h \
	lib/profile.c lib/profile.h \
	lib/quiet-write.c lib/quiet-write.h \
	lib/record.c lib/record.h \
	lib/rejected.c lib/rejected.h \
	lib/request.c lib/request.h \
	lib/rundir.c lib/rundir.h \
	lib/search.c lib/search.h \
	lib/secret.c lib/secret.h \
	lib/setting.c lib/setting.h \
	lib/signal-name.c lib/signal-name.h \
	lib/stack.c lib/stack.h \
	lib/suggest.c lib/suggest.h \
	lib/table.c lib/table.h \
	lib/token.c lib/token.h \
	lib/trust.c lib/trust.h \
	lib/util.c lib/util.h \
	lib/wipe.c lib/wipe.h \
	lib/wire.c lib/wire.h \
	lib/worker.c lib/worker.h \
	lib/worker-environment.c lib/worker-environment.h

# The cache modules that are linked in (lib/module.c says why).
noinst_LTLIBRARIES += libicred-keyctl.la libicred-runtime.la
libicred_keyctl_la_SOURCES = plugin/cache-keyctl.c plugin/cache-entry.h
libicred_keyctl_la_CPPFLAGS = $(AM_CPPFLAGS) -Dicred_module_1=icred_cache_keyctl
libicred_runtime_la_SOURCES = plugin/cache-runtime.c plugin/cache-entry.h
libicred_runtime_la_CPPFLAGS = $(AM_CPPFLAGS) -Dicred_module_1=icred_cache_runtime
libicred_core_la_LIBADD = libicred-keyctl.la libicred-runtime.la

lib_LTLIBRARIES += libicred.la
libicred_la_SOURCES =
libicred_la_LIBADD = libicred-core.la
libicred_la_LDFLAGS = $(AM_LDFLAGS) $(NO_UNDEFINED) -Wl,-z,nodelete \
	-version-info $(LIBICRED_VERSION_INFO) \
	-Wl,--version-script=$(top_srcdir)/lib/libicred.sym
EXTRA_libicred_la_DEPENDENCIES = lib/libicred.sym
