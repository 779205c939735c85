# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# 200 processes ask for the same token at the same time, with nothing cached.

section "200 processes at once"
mints_before=$(sandbox mints)
at_once_rounds=$(share 60)
if timed "$at_once_rounds" "=true-200" "&200" /bin/true \
	"=token-200" "&200" "!$(forgetting default)" icred token \
	"=warm-200" "&200" icred token; then
	table true-200 true-200='200 x /bin/true' warm-200='200 x icred token, cached' \
		token-200='200 x icred token, nothing cached'
	mints=$(($(sandbox mints) - mints_before))
	remark "mints in $at_once_rounds rounds with nothing cached: $mints"
	mints=$(awk -v all="$mints" -v rounds="$at_once_rounds" 'BEGIN { print all / rounds }')
else
	mints=
fi
figure "200 processes at once, nothing cached: mints" = 1 "$mints" "$mints"
