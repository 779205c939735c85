#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# No request for a token leaves without its JWT, whatever the key and the connection do.
. "${srcdir:-.}/tests/lib.sh"

driver=$builddir/tests/plugin/issuer/issuer-module
start_sandbox || exit 99
url=$sandbox_url app=12345

# mint OPTION...: with the module by itself; the options may name other targets
mint() {
	timeout -k 5 60 "$driver" "$ICRED_MODULE_DIR/issuer-icr.so" --key "$sandbox_key" --set "api=$url" \
		--set "ca=$sandbox_ca" --set "app=$app" --timeout-ms 4000 "$@" 2>>"$tmp/log"
}

# carried NAME GRANTED OPTION...: so many tokens, and each request had a JWT
carried() {
	name=$1 granted=$2
	shift 2
	mint "$@" >"$tmp/minted"
	is "$name" "$(grep -c '^granted' "$tmp/minted")" "$granted"
	is "  every request with a JWT" "$(sandbox count bearers jwt)" "$(sandbox requests)"
	sandbox reset
}

# fault NAME GRANTED FAULT OPTION...: the same, with a fault that hits once
fault() {
	sandbox fault "$3" times=1 >"$tmp/.told"
	fault_name=$1 fault_granted=$2
	shift 3
	carried "$fault_name" "$fault_granted" "$@"
}

id=$sandbox_installation
organization=$(sandbox installations | awk 'NR == 1 { print $2 }')
carried "a key that signs at once" 1 installation "$id"
carried "a key that takes its time" 1 --sign-ms 700 installation "$id"
carried "a host that signs before it returns" 1 --serial --sign-ms 100 installation "$id"
carried "one connection, one JWT, many tokens" 20 --count 20 installation "$id"
carried "many threads that wait for one slow key" 16 --threads 8 --count 2 --sign-ms 100 installation "$id"
carried "an organization: two requests" 1 organization "$organization"
sandbox reading organization-endpoint=no >"$tmp/.told"
carried "an organization, through the list" 1 organization "$organization"
fault "a connection that the server closed" 2 drop --count 2 --pause-ms 200 installation "$id"
fault "a JWT that the server refuses" 1 status=401 --count 2 installation "$id"
fault "a handshake that fails" 1 tls-reset --count 2 installation "$id"
fault "a request that is cut off" 1 reset --count 2 installation "$id"
url=$(cat "$sandbox_dir/url.http")
carried "plain HTTP on loopback" 1 --sign-ms 100 installation "$id"
url=$sandbox_url

# none NAME OPTION...: no signature, so no request and not even a connection
none() {
	name=$1
	shift
	like "$name" "$(mint "$@")" '^failed -'
	is "  no request" "$(sandbox requests)" 0
	is "  no connection" "$(sandbox connections)" 0
	sandbox reset
}
for code in -1 -2 -4 -8 -14; do none "a key that fails with $code" --fail-sign "$code" installation "$id"; done
none "a key that fails later" --fail-sign -2 --sign-ms 300 installation "$id"
app=$(printf '\377')
none "an app ID that is not UTF-8" installation "$id"

done_testing
