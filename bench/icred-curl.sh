# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# icred curl with a cached token against curl that has the same token in a file.

section "icred curl: the token is cached; curl has it in a file, and the same CA"
profile curl
icred -p curl token >/dev/null
icred -p curl curl-config >"$tmp/curl.conf"
sleep 1.1 # a token of this very second does not count as cached
added=$sandbox_url/projects
timed "$(share 3)" "=curl" curl -q -sS -o /dev/null --cacert "$sandbox_ca" -K "$tmp/curl.conf" "$added" \
	"=icred-curl" icred -p curl curl -sS -o /dev/null "$added" \
	"=icred-curl-exec" icred -p curl curl -sS -D /dev/null -o /dev/null "$added"
table curl curl='curl -K FILE' icred-curl='icred curl, could run twice' icred-curl-exec='icred curl, in its place'
# added_ms NAME COLUMN
added_ms() { awk -v a="$(value "$1" "$2")" -v b="$(value curl "$2")" 'BEGIN { if (a && b) printf "%.4f", (a - b) / 1e3 }'; }
figure "icred curl, warm, over curl: milliseconds" '<=' 1.5 "$(added_ms icred-curl 2)" "$(added_ms icred-curl 3)"
figure "  where no second run is possible: milliseconds" '<=' 1.5 "$(added_ms icred-curl-exec 2)" "$(added_ms icred-curl-exec 3)"
