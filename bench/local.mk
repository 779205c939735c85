# SPDX-License-Identifier: LGPL-2.1-or-later
# "make bench" compares with peers, on this machine; "make check" runs none of it.

bench_programs = bench/curl-hook bench/in-process bench/many bench/runner
EXTRA_PROGRAMS = $(bench_programs)
CLEANFILES += $(bench_programs)

bench_runner_SOURCES = bench/runner.c
bench_runner_LDADD =
# These are written as any program that uses the library: they link the shared one.
bench_curl_hook_SOURCES = bench/curl-hook.c
bench_curl_hook_CFLAGS = $(AM_CFLAGS) $(CURL_CFLAGS)
bench_curl_hook_LDADD = libicred.la $(CURL_LIBS)
bench_curl_hook_LDFLAGS = $(AM_LDFLAGS) -no-install
bench_in_process_SOURCES = bench/in-process.c
bench_in_process_LDADD = libicred.la
bench_in_process_LDFLAGS = $(AM_LDFLAGS) -no-install
bench_many_SOURCES = bench/many.c
bench_many_LDADD = libicred.la
bench_many_LDFLAGS = $(AM_LDFLAGS) -no-install

EXTRA_DIST += bench/README.md bench/run bench/usual.sh bench/lib.sh \
	bench/warm.sh bench/stack.sh bench/cold.sh bench/curl-hook.sh bench/in-process.sh bench/at-once.sh bench/many.sh \
	bench/icred-curl.sh

bench: all
	@$(MAKE) $(AM_MAKEFLAGS) $(bench_programs)
	@srcdir='$(abs_top_srcdir)' builddir='$(abs_top_builddir)' CC='$(CC)' PYTHON='$(PYTHON)' \
		bash '$(srcdir)/bench/run' $(BENCH)
.PHONY: bench
