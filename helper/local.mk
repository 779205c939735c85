# SPDX-License-Identifier: LGPL-2.1-or-later
# One file per command; what they share is in helper/common/.

noinst_LTLIBRARIES += libhelper.la
libhelper_la_SOURCES = \
	helper/common/conv.c helper/common/conv.h \
	helper/common/fail.c helper/common/fail.h \
	helper/common/json.c helper/common/json.h \
	helper/common/options.c helper/common/options.h \
	helper/common/output.c helper/common/output.h \
	helper/common/process.c helper/common/process.h

bin_PROGRAMS += icred
icred_SOURCES = helper/icred.c helper/icred.h \
	helper/cmd-curl-config.c \
	helper/cmd-key.c \
	helper/cmd-status.c \
	helper/cmd-token.c
icred_LDADD = libhelper.la libicred-core.la

bin_PROGRAMS += git-credential-icred
git_credential_icred_SOURCES = helper/git-credential-icred.c
git_credential_icred_LDADD = libhelper.la libicred-core.la

worker_PROGRAMS += icred-worker
icred_worker_SOURCES = helper/icred-worker.c \
	helper/worker/host.c helper/worker/host.h \
	helper/worker/hygiene.c helper/worker/hygiene.h \
	helper/worker/keys.c helper/worker/keys.h \
	helper/worker/mint.c helper/worker/mint.h \
	helper/worker/serve.c helper/worker/serve.h
icred_worker_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
icred_worker_LDADD = libicred-core.la libicred-rsa.la $(GNUTLS_LIBS)
