# SPDX-License-Identifier: LGPL-2.1-or-later
# What failed for users once: a script for each kind of failure, NN-NAME.sh, with a table of cases.

field_tests =

# 01 a cache that cannot be used
field_tests += tests/field/01-optional-part.sh

# 02 numbers of descriptors, processes and handles
field_tests += tests/field/02-numbers.sh
check_PROGRAMS += tests/field/close-all
tests_field_close_all_SOURCES = tests/field/close-all.c
tests_field_close_all_LDADD = libicred.la
tests_field_close_all_LDFLAGS = $(AM_LDFLAGS) -no-install

# 03 processes left behind
field_tests += tests/field/03-left-behind.sh
EXTRA_DIST += tests/field/adopt.py

# 04 clocks that went back
field_tests += tests/field/04-interval.sh
EXTRA_DIST += tests/field/cached-times.py

# 05 paths that name programs, and whose bus it is
field_tests += tests/field/05-trusted-paths.sh
if KEYRING
field_tests += tests/field/05-bus-owner.sh
endif
field_tests += tests/field/05-programs.sh

# 06 answers of a server
if KEYRING
field_tests += tests/field/06-answers.sh
endif

# 07 deadlines
field_tests += tests/field/07-deadline.sh
EXTRA_DIST += tests/field/slow-peers.py tests/field/timed.py

# 08 exhaustion
if KEYRING
field_tests += tests/field/08-exhaustion.sh
field_tests += tests/field/08-limits.sh
endif

# 09 the environment
field_tests += tests/field/09-arithmetic.sh
EXTRA_DIST += tests/field/worker-call.py
field_tests += tests/field/09-environment.sh

# 10 options
field_tests += tests/field/10-options.sh

# 11 other distributions
field_tests += tests/field/11-bootstrap.sh

# 12 questions on a desktop
if KEYRING
field_tests += tests/field/12-questions.sh
endif

# 13 smaller ones, upgrades, audit
field_tests += tests/field/13-upgrade.sh

# The program and the worker of the release to come, as far as versions go; their objects go before the archive's.
check_PROGRAMS += tests/field/next/icred tests/field/next/icred-worker
next_version = lib/protocol/frames.c lib/protocol/record.c
next_cppflags = $(AM_CPPFLAGS) -DPROTOCOL_VERSION=2 -DRECORD_VERSION=2
tests_field_next_icred_SOURCES = $(icred_SOURCES) $(next_version)
tests_field_next_icred_CPPFLAGS = $(next_cppflags)
tests_field_next_icred_LDADD = $(icred_LDADD)
tests_field_next_icred_worker_SOURCES = $(icred_worker_SOURCES) $(next_version)
tests_field_next_icred_worker_CPPFLAGS = $(next_cppflags)
tests_field_next_icred_worker_CFLAGS = $(icred_worker_CFLAGS)
tests_field_next_icred_worker_LDADD = $(icred_worker_LDADD)
field_tests += tests/field/13-no-proc.sh
field_tests += tests/field/13-jwt.sh
field_tests += tests/field/13-arguments.sh
field_tests += tests/field/13-audit.sh

TESTS += $(field_tests)
dist_check_SCRIPTS += $(field_tests)
