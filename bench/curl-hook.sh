# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# The libcurl hook: icred_curl_apply() beyond libcurl's own calls, and 10,000 requests on one connection.

section "The libcurl hook: its own time, and requests on one kept connection"
if "$builddir/bench/curl-hook" "$sandbox_url/projects" "$sandbox_ca" "$(( $(share 3) * 100 ))" \
	>"$tmp/curl-hook" 2>"$tmp/curl-hook.err"; then
	read -r best median best_requests median_requests <"$tmp/curl-hook"
	printf '    icred_curl_apply %s ns beyond its setopt calls at best, median %s; requests %s and %s times as long\n' \
		"$best" "$median" "$best_requests" "$median_requests"
else
	remark "not measured: $(cat "$tmp/curl-hook.err")"
	best='' median='' best_requests='' median_requests=''
fi
figure "icred_curl_apply, warm, beyond its setopt calls: nanoseconds" '<=' 300 "$best" "$median"
figure "10,000 requests with the hook : with a fixed token" '<=' 1.02 "$best_requests" "$median_requests"
