# SPDX-License-Identifier: LGPL-2.1-or-later

# The functions of icred.h, several on a page; check-man.sh compares them with the header.
function_pages = \
	man/icred_curl.3 \
	man/icred_error.3 \
	man/icred_get_token.3 \
	man/icred_key.3 \
	man/icred_open.3 \
	man/icred_origin_allowed.3 \
	man/icred_profile.3 \
	man/icred_request.3 \
	man/icred_token.3 \
	man/icred_version.3

dist_man_MANS += $(function_pages) \
	man/git-credential-icred.1 \
	man/icred.1 \
	man/icred.3 \
	man/icred-module.3 \
	man/icred-profile.5 \
	man/icred.7 \
	man/icred-cache-keyctl.8 \
	man/icred-cache-runtime.8 \
	man/icred-issuer-icr.8 \
	man/icred-key-exec.8 \
	man/icred-key-file.8 \
	man/icred-key-systemd.8 \
	man/icred-worker.8

# No page of a module that is not built; the tarball has them all.
EXTRA_DIST += man/icred-key-keyring.8 man/icred-key-pkcs11.8
if KEYRING
man_MANS += man/icred-key-keyring.8
endif
if PKCS11
man_MANS += man/icred-key-pkcs11.8
endif

# For each function that is not its page's first, a page that only points there.
function_links = \
	man/links/icred_close.3 \
	man/links/icred_curl_apply.3 \
	man/links/icred_curl_check.3 \
	man/links/icred_curl_finish.3 \
	man/links/icred_curl_forget.3 \
	man/links/icred_curl_free.3 \
	man/links/icred_curl_multi_done.3 \
	man/links/icred_curl_perform.3 \
	man/links/icred_curl_restart.3 \
	man/links/icred_curl_saw.3 \
	man/links/icred_curl_set_flags.3 \
	man/links/icred_curl_set_rewind.3 \
	man/links/icred_curl_should_retry.3 \
	man/links/icred_curl_start.3 \
	man/links/icred_forget.3 \
	man/links/icred_key_each.3 \
	man/links/icred_key_fingerprint.3 \
	man/links/icred_key_import.3 \
	man/links/icred_key_remove.3 \
	man/links/icred_kind.3 \
	man/links/icred_profile_file.3 \
	man/links/icred_profile_list.3 \
	man/links/icred_profile_name.3 \
	man/links/icred_profile_show.3 \
	man/links/icred_reject_token.3 \
	man/links/icred_request_cancel.3 \
	man/links/icred_request_fd.3 \
	man/links/icred_request_finish.3 \
	man/links/icred_setting.3 \
	man/links/icred_strerror.3 \
	man/links/icred_token_app.3 \
	man/links/icred_token_each.3 \
	man/links/icred_token_expires_at.3 \
	man/links/icred_token_installation.3 \
	man/links/icred_token_minted_at.3 \
	man/links/icred_token_organization.3 \
	man/links/icred_token_permission.3 \
	man/links/icred_token_ref.3 \
	man/links/icred_token_secret.3 \
	man/links/icred_token_unref.3
man_MANS += $(function_links)
CLEANFILES += $(function_links)

$(function_links): $(function_pages)
	$(AM_V_GEN)name=`basename $@ .3` && $(MKDIR_P) man/links && \
	page=`cd $(srcdir) && grep -lE "^\.Nm $$name( ,)?$$" $(function_pages)` && \
	test -n "$$page" && \
	printf '%s\n' ".so man3/`basename $$page`" '.\" SPDX-License-Identifier: LGPL-2.1-or-later' >$@
