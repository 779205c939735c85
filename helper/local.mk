# SPDX-License-Identifier: LGPL-2.1-or-later
# One file per command; what they share is in helper/common/.

noinst_LTLIBRARIES += libhelper.la
libhelper_la_SOURCES = \
	helper/common/askpass.c helper/common/askpass.h \
	helper/common/conv.c helper/common/conv.h \
	helper/common/duration.c helper/common/duration.h \
	helper/common/fail.c helper/common/fail.h \
	helper/common/fingerprint.c helper/common/fingerprint.h \
	helper/common/gitproto.c helper/common/gitproto.h \
	helper/common/help.c helper/common/help.h \
	helper/common/input.c helper/common/input.h \
	helper/common/json.c helper/common/json.h \
	helper/common/keylist.c helper/common/keylist.h \
	helper/common/launch.c helper/common/launch.h \
	helper/common/options.c helper/common/options.h \
	helper/common/outside.c helper/common/outside.h \
	helper/common/output.c helper/common/output.h \
	helper/common/process.c helper/common/process.h \
	helper/common/session.c helper/common/session.h \
	helper/common/utf8.c helper/common/utf8.h

bin_PROGRAMS += icred
icred_SOURCES = helper/icred.c helper/icred.h \
	helper/cmd-curl.c \
	helper/cmd-curl-config.c \
	helper/cmd-exec.c \
	helper/cmd-forget.c \
	helper/cmd-key.c \
	helper/cmd-profile.c \
	helper/cmd-status.c \
	helper/cmd-token.c \
	helper/curl/answer.c helper/curl/answer.h \
	helper/curl/config-file.c helper/curl/config-file.h \
	helper/curl/effect.c helper/curl/effect.h \
	helper/curl/feed.c helper/curl/feed.h \
	helper/curl/header-file.c helper/curl/header-file.h \
	helper/curl/option.c helper/curl/option.h \
	helper/curl/plan.c helper/curl/plan.h \
	helper/curl/version.c helper/curl/version.h \
	helper/curl/watch.c helper/curl/watch.h
icred_LDADD = libhelper.la libicred-core.la

bin_PROGRAMS += git-credential-icred
git_credential_icred_SOURCES = helper/git-credential-icred.c
git_credential_icred_LDADD = libhelper.la libicred-core.la

worker_PROGRAMS += icred-worker
icred_worker_SOURCES = helper/icred-worker.c \
	helper/worker/ask.c helper/worker/ask.h \
	helper/worker/audit.c helper/worker/audit.h \
	helper/worker/hygiene.c helper/worker/hygiene.h \
	helper/worker/inside.c helper/worker/inside.h \
	helper/worker/keys.c helper/worker/keys.h \
	helper/worker/mint.c helper/worker/mint.h \
	helper/worker/prepare.c helper/worker/prepare.h \
	helper/worker/probe.c helper/worker/probe.h \
	helper/worker/request.c helper/worker/request.h \
	helper/worker/serve.c helper/worker/serve.h \
	helper/worker/sign.c helper/worker/sign.h
icred_worker_CFLAGS = $(AM_CFLAGS) $(GNUTLS_CFLAGS)
icred_worker_LDADD = libicred-core.la libicred-rsa.la $(GNUTLS_LIBS)
