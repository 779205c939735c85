# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# icred_get_token() from the handle's own table, in a program that links libicred.so.

section "In process: icred_get_token and icred_token_unref, warm"
if "$builddir/bench/in-process" "$(share 6)" >"$tmp/in-process" 2>"$tmp/in-process.err"; then
	read -r best median best_two median_two <"$tmp/in-process"
	printf '    one thread %s ns a call at best, median %s; two threads together %s and %s times that rate\n' \
		"$best" "$median" "$best_two" "$median_two"
else
	remark "not measured: $(cat "$tmp/in-process.err")"
	best='' median='' best_two='' median_two=''
fi
figure "icred_get_token, warm, one thread: nanoseconds" '<=' 100 "$best" "$median"
figure "icred_get_token, warm, two threads together : one" '>=' 1 "$best_two" "$median_two"
figure "the same: what its reference counts should allow" '>=' 1.8 "$best_two" "$median_two"
