# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2034,SC2154
# Nothing is cached: key from the keyring, JWT, TLS, POST; against a POST whose JWT is ready.

mint_url=$sandbox_url/app/installations/$sandbox_installation/accessTokens

# timed_cold PROFILE CA-OPTION...: curl and icred in turns
timed_cold() {
	local name=$1
	shift
	ready_jwt
	timed "$(share 6)" \
		"=curl" curl -q -s -f -o /dev/null -X POST -d '' -H "@$tmp/jwt" "$@" "$mint_url" \
		"=cold" "!$(forgetting "$name")" icred -p "$name" token \
		"=usual" sh "$bench/usual.sh" "$sandbox_key" "$sandbox_app" "$sandbox_url" \
		"$sandbox_installation" "${2:-$system_bundle}"
}

cold_table() {
	table curl curl='curl POST, with a ready JWT' cold='icred token, key in GNOME Keyring' \
		usual='openssl | curl | jq, key in a file'
}

# Where curl and icred look by default; the sandbox's authority is added to a copy of it.
find_system_bundle() {
	local file
	for file in /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem \
		/etc/ssl/cert.pem; do
		[ ! -r "$file" ] || { printf '%s' "$file" && return; }
	done
	return 1
}

# Root can mount the copy in place of the bundle, for the runner and its children only.
bundle_in_place() {
	printf '#!/bin/sh\nmount --bind %s %s && exec "$@"\n' "$tmp/bundle.pem" "$system_bundle" >"$tmp/in-place"
	chmod 700 "$tmp/in-place"
	[ "$(id -u)" -eq 0 ] && unshare --mount "$tmp/in-place" true 2>/dev/null
}

section "Cold, both trusting one certificate: icred forget (not timed), then icred token"
timed_cold default --cacert "$sandbox_ca" && cold_table
compared "icred token, cold : curl POST, one certificate trusted" '<=' 2 cold curl

if system_bundle=$(find_system_bundle); then
	cat "$system_bundle" "$sandbox_ca" >"$tmp/bundle.pem"
	section "Cold, both on the system's bundle of $(grep -c 'BEGIN CERT' "$system_bundle") certificates, and the sandbox's"
	if bundle_in_place; then
		remark "(mounted in its place, for these processes only; neither gets the name of a file)"
		launcher="unshare --mount $tmp/in-place"
		timed_cold system && cold_table
		launcher=''
	else
		remark "(a copy of it, which both get by name: --cacert and ca)"
		printf 'ca %s\n' "$tmp/bundle.pem" >>"$ICRED_CONFIG_DIR/system.conf"
		timed_cold system --cacert "$tmp/bundle.pem" && cold_table
	fi
	compared "icred token, cold : curl POST, system's bundle" '<=' 1 cold curl
fi
