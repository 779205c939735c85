#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A server that is down, slow or lying: a kind, a sentence, an exit status, and nothing else.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
profile default 'cache sufficient runtime'
token='^crs_[0-9a-f]{48}$'
nothing_cached() { [ -z "$(find "$XDG_RUNTIME_DIR/icred" -name '*.token' 2>/dev/null)" ]; }

# faulty STATUS KIND PATTERN FAULT...: each fault once, on its own
faulty() {
	faulty_status=$1 faulty_kind=$2 faulty_pattern=$3
	shift 3
	for fault; do
		tell "$fault"
		refused "$fault" "$faulty_status" "$faulty_kind" "$faulty_pattern" timeout 30 icred token
		nothing_cached || ok "  nothing is cached" nothing_cached
	done
}

# -- what the server says ------------------------------------------------------------

faulty 5 rejected "check that the app's ID is 12345" refuse-token status=401 status=403 echo echo=403
faulty 5 suspended 'not active' inactive
faulty 3 not-found 'check the ID' status=404
faulty 8 invalid 'check' status=400 nasty
faulty 1 protocol 'check the setting' status=300 status=418
faulty 7 network 'try again' status=500 status=502 status=503 status=504 html=503
faulty 7 rate-limited 'try again in (30|29) s.*"retryAt":[0-9]{10}' rate-limit=30 rate-limit-date=30
faulty 7 rate-limited 'try again in (60|59) s.*"retryAt":[0-9]{10}' rate-limit-bare rate-limit-odd
faulty 1 protocol 'redirects are not followed' redirect redirect=301 redirect=303 redirect=307 redirect=308 redirect-http
is "no bearer went to the other origin" "$(sandbox elsewhere)" 0
unlike "  nor to plain HTTP" "$(sandbox log)" '"connection": *"http'

# -- answers that are none -----------------------------------------------------------

faulty 1 protocol '' token-number token-null token-object token-missing token-empty token-spaces token-crlf token-lf \
	token-nul token-quote token-unicode token-huge expires-number expires-text expires-invalid expires-past \
	active-text array scalar null empty bad-json trailing bad-utf8 deep twice wrong-installation html html=404 truncate reset-midway garbage \
	big big-chunked endless big-header
for fault in token-longest expires-null expires-far permissions-odd permissions-list extra chunked until-close interim; do
	tell "$fault"
	run icred token
	is "$fault is not a fault" "$status.$err.$(wc -l <"$tmp/.out")" "0..1"
	icred forget
done

# -- the way to the server -------------------------------------------------------------

faulty 7 network '' tls-garbage tls-reset reset close
# slow_one FAULT: well before the time that the fault takes
slow_one() {
	tell "$1"
	refused "$1: the deadline ends it" 7 timeout 'time' timeout 20 icred --timeout 1 token
	untell
}
for fault in tls-hang hang slow=1 delay=60; do slow_one "$fault"; done
tell hang
run timeout 20 icred token --json --timeout 1
is "a timeout is a failure on one line, too" "$status.$out.$(wc -l <"$tmp/.err")" "7..1"
untell
printf 'timeout 1\n' >>"$ICRED_CONFIG_DIR/default.conf"
tell hang
refused "the profile's timeout" 7 timeout 'time' timeout 20 icred token
untell
sandbox reset

# api URL [SETTING...]: a profile of its own
api() {
	profile other 'cache sufficient runtime' "$@"
	sed -i "/^api  /d" "$ICRED_CONFIG_DIR/other.conf"
}
for cert in expired:'has expired' not-yet:'is not valid yet' wrong-host:'is for another host' \
	self-signed:'not signed by an authority' unknown-ca:'not signed by an authority'; do
	url=$(cat "$sandbox_dir/url.${cert%%:*}")
	api "api $url"
	icred -q -p other key import "$sandbox_key" >"$tmp/imported" 2>&1
	refused "certificate: ${cert%%:*}" 7 network "${cert#*:}" icred -p other token
done
requests=$(sandbox requests)
is "  none of them got a request" "$requests" 0
api "api $sandbox_url"
sed -i '/^ca /d' "$ICRED_CONFIG_DIR/other.conf"
refused "an authority that the system does not know" 7 network "setting ca" icred -p other token
api "api $sandbox_url" "ca $tmp/none.pem"
sed -i "\|$sandbox_ca|d" "$ICRED_CONFIG_DIR/other.conf"
refused "a bundle that is not there" 8 invalid 'check the setting ca' icred -p other token
api "api $(cat "$sandbox_dir/url.http")"
refused "plain HTTP" 8 invalid 'must be https' icred -p other token
api "api $(cat "$sandbox_dir/url.http")" 'insecure-loopback yes'
icred -q -p other key import "$sandbox_key" >"$tmp/imported" 2>&1
like "  by the profile's leave" "$(icred -p other token)" "$token"
icred -p other forget

# -- clocks, keys, readings ----------------------------------------------------------------

for clock in 600 -600 31536000 -31536000; do
	sandbox clock "$clock"
	off=${clock#-} # or one more or less, when a second begins meanwhile
	refused "a clock that is off by $clock s" 5 rejected "clock is ($((off - 1))|$off|$((off + 1))) s .*check NTP" icred token
done
sandbox clock 20
like "  by little: that is all right" "$(icred token)" "$token"
sandbox reset
icred forget
for reading in mint-status=201 mint-status=200 expires-at=seconds expires-at=absent token-ids=no alg-claim=required; do
	sandbox reading "$reading"
	like "reading $reading" "$(icred token)" "$token"
	icred forget
done
sandbox reset
organization=$(sandbox installations | awk 'NR == 2 { print $2 }')
for reading in organization-endpoint=no pagination=no next-page=same; do
	sandbox reading "$reading"
	like "reading $reading: an organization's token" "$(icred token -o "$organization")" "$token"
	icred forget
done
refused "an organization that is not there" 3 not-found 'check the ID' icred token -o nowhere
sandbox reset
refused "an installation that is not there" 3 not-found 'check the ID' icred token -i nobody
sandbox suspend "$sandbox_installation"
refused "an installation that is suspended" 5 suspended 'suspended' icred token
sandbox unsuspend "$sandbox_installation"
sandbox key-remove all >"$tmp/removed"
for reading in 401 403; do
	sandbox reading "jwt-failure=$reading"
	refused "a key that the server rejects with $reading" 5 rejected 'still listed in its dashboard' icred token
done
sandbox key-add "$sandbox_key"
sandbox reset
refused "another app's ID" 3 not-found 'icred key import' icred token -a 999

# -- nothing left ----------------------------------------------------------------------------

unlike "no token, no JWT, no control characters in any message" "$(cat "$tmp/errors")" \
	'cr[a-z]_[0-9a-f]{8}|eyJ|[[:cntrl:]]'
errors_checked
ok "nothing is cached" nothing_cached
is "  by status" "$(cached)" 0
like "and then all is well" "$(icred token)" "$token"
icred forget
stop_sandbox
refused "a server that is down" 7 network 'cannot connect to 127.0.0.1:[0-9]+' icred token
run icred token
like "  in plain words, on one line" "$status.$out.$(wc -l <"$tmp/.err").$err" \
	'^7\.\.1\.icred: cannot connect to 127.0.0.1:[0-9]+: Connection refused; check the network'
ok "  nothing is cached" nothing_cached
done_testing
