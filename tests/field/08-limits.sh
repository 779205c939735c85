#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What an issuer takes from a server passes through the worker, the caches and the library, whole.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
profile default 'cache sufficient runtime'
service=application/json

# answer TOKEN-LENGTH PERMISSIONS NAME-LENGTH: such an answer
answer() {
	"$PYTHON" -c 'import json, sys
token, count, size = map(int, sys.argv[1:])
print(json.dumps({"token": "crs_" + "a" * (token - 4), "permissions":
    {("p%d_" % i).ljust(size, "n")[:max(size, 4)]: "VIEW".ljust(size, "V") for i in range(count)}}))' "$@"
}

# passes NAME TOKEN-LENGTH PERMISSIONS NAME-LENGTH REPORTED: minted, cached, and served from the cache
passes() {
	sandbox fault "answer=200:$service:$(answer "$2" "$3" "$4")" times=1 >"$tmp/.fault"
	for from in minted cached; do
		run icred token --json
		is "$1: $from" "$status.$(json 'len(d["token"])').$(json 'len(d["permissions"])')" "0.$2.$5"
	done
	is "  with one request" "$(sandbox requests)" 1
	sandbox reset
	icred forget
}
for count in 0 1 32 33 63 64; do passes "$count permissions" 52 "$count" 12 "$count"; done
passes "65 permissions" 52 65 12 64
passes "1000 permissions" 52 1000 12 64
passes "names and levels of 64 bytes" 52 64 64 64
passes "names and levels of 65 bytes, which are left out" 52 5 65 0
passes "everything at its most" 4096 64 64 64

sandbox fault "answer=200:$service:$(answer 52 65 12)" times=1 >"$tmp/.fault"
run icred token
like "what is left out is said" "$status.$err" '^0\..*granted more than 64 permissions; the first 64 are reported'
icred forget

# An ID as long as an answer may have it is one that a user can name.
long=$(printf '%0255d' 7)
for id in "$long" "8$long"; do
	run icred token -i "$id"
	printf '%s\n' "$status.$err" >>"$tmp/ids"
done
like "an ID of 255 characters goes to the server" "$(sed -n 1p "$tmp/ids")" '^3\..*has no installation'
like "one of 256 does not" "$(sed -n 2p "$tmp/ids")" '255 characters'
# Too few descriptors are reported as that, at whichever step: not as a bad bundle or a server that is down.
for files in 4 5 6 7 8 9; do
	# shellcheck disable=SC3045 # dash and bash have it
	(ulimit -n "$files" && exec "$builddir/tests/plugin/issuer/issuer-module" "$ICRED_MODULE_DIR/issuer-icr.so" --key "$sandbox_key" \
		--set "api=$sandbox_url" --set "ca=$sandbox_ca" --set app=12345 installation "$sandbox_installation") \
		>"$tmp/few.$files" 2>&1
	unlike "with $files descriptors" "$(cat "$tmp/few.$files")" 'bundle|certificate|cannot connect|not found'
done
done_testing
