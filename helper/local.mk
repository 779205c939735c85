# SPDX-License-Identifier: LGPL-2.1-or-later
# icred has a file for each command; what the programs share is in helper/common/.

noinst_LTLIBRARIES += libhelper.la
libhelper_la_SOURCES = \
	helper/common/asking.h \
	helper/common/askpass.c \
	helper/common/conv.c \
	helper/common/fail.c helper/common/fail.h \
	helper/common/fingerprint.c \
	helper/common/help.c helper/common/help.h \
	helper/common/input.c \
	helper/common/json-write.c \
	helper/common/keylist.c helper/common/keylist.h \
	helper/common/options.c helper/common/options.h \
	helper/common/output.c helper/common/output.h \
	helper/common/outside.c \
	helper/common/process.c helper/common/process.h \
	helper/common/program.c \
	helper/common/session.c helper/common/session.h

bin_PROGRAMS += icred
icred_SOURCES = \
	helper/icred/cmd-curl-config.c \
	helper/icred/cmd-curl.c \
	helper/icred/cmd-exec.c \
	helper/icred/cmd-forget.c \
	helper/icred/cmd-key.c \
	helper/icred/cmd-profile.c \
	helper/icred/cmd-status.c \
	helper/icred/cmd-token.c \
	helper/icred/commands.h \
	helper/icred/icred.c \
	helper/curl/arguments.c helper/curl/plan.h \
	helper/curl/curl-answer.c helper/curl/run.h \
	helper/curl/curl-input.c \
	helper/curl/effect.c \
	helper/curl/option-file.c \
	helper/curl/option.c helper/curl/option.h \
	helper/curl/version.c \
	helper/curl/watch.c
icred_LDADD = libhelper.la libicred-core.la

bin_PROGRAMS += git-credential-icred
git_credential_icred_SOURCES = \
	helper/credential/credential.c helper/credential/credential.h \
	helper/credential/git-credential-icred.c \
	helper/credential/git-protocol.c helper/credential/git-protocol.h
git_credential_icred_LDADD = libhelper.la libicred-core.la

worker_PROGRAMS += icred-worker
icred_worker_SOURCES = \
	helper/worker/ask.c \
	helper/worker/audit.c \
	helper/worker/icred-worker.c helper/worker/icred-worker.h \
	helper/worker/inside.c \
	helper/worker/job.c \
	helper/worker/key-jobs.c \
	helper/worker/mint.c \
	helper/worker/prepare.c \
	helper/worker/serve.c \
	helper/worker/sign.c \
	helper/worker/words.c
icred_worker_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
icred_worker_LDADD = libicred-core.la libicred-rsa.la $(GNUTLS_LIBS)
