#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The issuer module "icr" by itself, against the sandbox and each of its faults.
. "${srcdir:-.}/tests/lib.sh"

module=$ICRED_MODULE_DIR/issuer-icr.so
driver=$builddir/tests/plugin/issuer/issuer-module
start_sandbox || exit 99
organization=$(sandbox installations | awk 'NR == 2 { print $2 }')
second=$(sandbox installations | awk 'NR == 2 { print $1 }')
id=$sandbox_installation

# The codes of icred.h that are wanted here.
not_found=-1 locked=-2 suspended=-5 rejected=-6 timeout=-8 network=-9 limited=-10 protocol=-11 invalid=-12

# mint OPTION... TARGET [ID]: at $api, trusting $ca
api=$sandbox_url ca=$sandbox_ca
mint() {
	timeout -k 5 60 "$driver" "$module" --key "$sandbox_key" --set "api=$api" --set "ca=$ca" --set app=12345 \
		--timeout-ms 5000 "$@" 2>>"$tmp/log" </dev/null
}

# refused NAME CODE PATTERN [OPTION... TARGET ID]
refused() {
	lib_name=$1 lib_code=$2 lib_pattern=$3
	shift 3
	[ $# -gt 0 ] || set -- installation "$id"
	like "$lib_name" "$(mint "$@")" "^failed $lib_code [0-9]+ us=[0-9]+ .*$lib_pattern"
}

# faulty FAULT CODE PATTERN: the fault once, and this is what comes of it
faulty() {
	sandbox fault "$1" times=1 >/dev/null
	refused "$@"
	sandbox clear >/dev/null
}

# fine NAME [OPTION... TARGET ID]
fine() {
	lib_name=$1
	shift
	[ $# -gt 0 ] || set -- installation "$id"
	like "$lib_name" "$(mint "$@")" '^granted [A-Za-z0-9_]+ [0-9]+ '
}

# -- tokens ------------------------------------------------------------------

like "an installation's token" "$(mint installation "$id")" \
	"^granted crs_[0-9a-f]{48} (7200|7199) $id [0-9a-f-]{36} organization_info=VIEW,"
like "the app's" "$(mint app)" "^granted crs_[0-9a-f]{48} (7200|7199) - - "
like "an organization's" "$(mint organization "$organization")" "^granted crs_[0-9a-f]+ [0-9]+ $second $organization "
refused "an unknown organization" $not_found "no installation of the app 12345 at the organization nowhere" \
	organization nowhere
for reading in pagination=yes next-page=absent next-page=same pagination=no; do
	sandbox reading organization-endpoint=no "$reading"
	like "found in the list, $reading" "$(mint organization "$organization")" "^granted [^ ]+ [0-9]+ $second "
	refused "not in the list, $reading" $not_found "has no installation" organization nowhere
done
sandbox reset
for reading in mint-status=201 expires-at=seconds expires-at=offset token-ids=no alg-claim=required; do
	sandbox reading "$reading"
	fine "reading $reading"
done
sandbox reset
sandbox reading expires-at=absent
like "no expiresAt: two hours less five minutes" "$(mint installation "$id")" "^granted [^ ]+ (6900|6899) "
sandbox reset

# -- one connection, one JWT ---------------------------------------------------

is "five tokens" "$(mint --count 5 installation "$id" | grep -c '^granted')" 5
is "  on one connection" "$(sandbox connections)" 1
is "  with one JWT" "$(sandbox jwts)" 1
sandbox reset
is "eight threads" "$(mint --threads 8 --count 10 installation "$id" | grep -c '^granted')" 80
sandbox reset
sandbox fault drop times=1 >/dev/null
is "a kept connection that was closed meanwhile" \
	"$(mint --count 2 --pause-ms 200 installation "$id" | grep -c '^granted')" 2
is "  costs a new one" "$(sandbox connections)" 2
sandbox reset

# hits FAULT: the second of two mints meets it; how many were granted
hits() {
	rm -f "$tmp/two"
	mint --count 2 --pause-ms 2000 installation "$id" >"$tmp/two" &
	hits_pid=$!
	wait_for 10 test -s "$tmp/two"
	sandbox fault "$1" times=1 >/dev/null
	wait "$hits_pid" || :
	grep -c '^granted' "$tmp/two"
}
is "a kept connection that is reset: once more" "$(hits reset)" 2
is "  and the fault was served" "$(sandbox faults_served)" 1
is "  over a new connection" "$(sandbox connections)" 2
sandbox reset
is "a used JWT that is refused: a new one" "$(hits refuse-token)" 2
is "  signed once more" "$(sandbox jwts)" 2
is "  over the same connection" "$(sandbox connections)" 1
sandbox reset
refused "the key stack's error stays what it was" $locked "the driver's key does not sign" \
	--fail-sign -2 installation "$id"

# -- what the server says --------------------------------------------------------

faulty refuse-token $rejected 'refused the key \(401: "Access token invalid"\); check that the app.s ID is 12345'
faulty status=403 $rejected 'refused the key \(403'
faulty status=404 $not_found 'has no installation'
faulty status=418 $protocol 'answered 418'
faulty status=500 $network 'has a problem \(500'
faulty status=503 $network 'has a problem \(503'
faulty rate-limit=30 $limited 'try again in (30|29) s'
faulty rate-limit-date=30 $limited 'try again in [23][0-9] s'
faulty rate-limit=99999999999999999999 $limited 'try again in 86400 s'
faulty rate-limit-bare $limited 'try again in 60 s'
faulty rate-limit-odd $limited 'try again in 60 s'
faulty rate-limit-reset=30 $limited 'try again in (30|29) s'
faulty redirect $protocol 'redirects are not followed'
faulty redirect-http $protocol 'redirects are not followed'
is "no bearer went elsewhere" "$(sandbox elsewhere)" 0
faulty inactive $suspended 'is not active'
sandbox suspend "$id"
refused "suspended" $suspended "is suspended"
sandbox unsuspend "$id"
refused "an unknown installation" $not_found 'has no installation nobody' installation nobody
refused "a path in an ID" $not_found 'has no installation' installation '../../projects'
refused "an ID that cannot be a segment" $invalid 'is empty' installation ..
refused "an unknown version" $invalid 'check the setting api-version' --arg api-version=2001-01-01 installation "$id"
fine "no version" --arg api-version=off installation "$id"
fine "a path prefix" --set path-prefix=/v0.5/ installation "$id"
for clock in 600 -600 31536000 -31536000; do
	sandbox clock "$clock"
	off=${clock#-} # or one more or less, when a second begins meanwhile
	refused "a clock that is off by $clock s" $rejected \
		"this machine's clock is ($((off - 1))|$off|$((off + 1))) s .*check NTP"
done
sandbox reset
faulty echo $rejected '"the bearer \[redacted\]'
faulty nasty $invalid 'does not understand'
unlike "no token, no control characters in a message" "$(sandbox fault nasty times=1 >/dev/null; mint installation "$id")" \
	'cr[a-z]_|eyJ|[[:cntrl:]]'

# -- answers that are none -------------------------------------------------------

for fault in token-number token-null token-object token-missing token-empty token-spaces token-crlf token-lf \
	token-nul token-quote token-unicode token-huge expires-number expires-text expires-invalid expires-past \
	active-text array scalar null empty bad-json trailing bad-utf8 deep twice wrong-installation html truncate reset-midway garbage \
	big big-chunked endless big-header; do
	faulty "$fault" $protocol ''
done
for fault in token-longest expires-null expires-far permissions-odd permissions-list extra message message-list \
	chunked until-close interim; do
	sandbox fault "$fault" times=1 >/dev/null
	fine "$fault is not a fault"
	sandbox clear >/dev/null
done

# -- the way to the server -------------------------------------------------------

for fault in tls-garbage tls-reset reset close; do faulty "$fault" $network ''; done
for fault in tls-hang hang slow=1; do
	sandbox fault "$fault" times=1 >/dev/null
	refused "$fault" $timeout 'timed out (reading|waiting for|in the TLS handshake)' --timeout-ms 1500 installation "$id"
	sandbox clear >/dev/null
done
for cert in expired:'has expired' not-yet:'is not valid yet' wrong-host:'is for another host' \
	self-signed:'is not signed by an authority' unknown-ca:'is not signed by an authority'; do
	api=$(cat "$sandbox_dir/url.${cert%%:*}")
	refused "certificate: ${cert%%:*}" $network "${cert#*:}"
done
api=$(cat "$sandbox_dir/url.http")
fine "plain HTTP on loopback"
like "  past any proxy" "$(http_proxy=http://127.0.0.1:1 mint app)" '^granted'
api=https://127.0.0.1:1
refused "a port without a server" $network 'cannot connect to 127.0.0.1:1: Connection refused'
api=https://nowhere.invalid
refused "no such name" $network 'cannot find the host nowhere.invalid'
api=https://user@127.0.0.1
refused "a user in the URL" $invalid 'user name or password'
api=$sandbox_url ca=$tmp/missing.pem
refused "no such bundle" $invalid 'cannot read the bundle .*: No such file'

done_testing
