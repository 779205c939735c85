#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The hook and the mint over HTTP/2, which the sandbox does not speak: nghttpx does, in front of it.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"
. "$srcdir/tests/lib/curl/curl-lib.sh"

whole nghttpx openssl

# -- the proxy -------------------------------------------------------------------

free_port() { "$PYTHON" -c 'import socket; s = socket.create_server(("127.0.0.1", 0)); print(s.getsockname()[1])'; }
proxy_up() { curl -q -s -o "$tmp/.up" --cacert "$tmp/proxy.pem" "$proxy_url/projects"; }

# The sandbox keeps no certificate's key, so the proxy has its own; who trusts both may talk to both.
proxy_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj '/CN=HTTP2 proxy' \
		-addext 'subjectAltName=IP:127.0.0.1' -keyout "$tmp/proxy.key" -out "$tmp/proxy.pem" 2>"$tmp/openssl.log" &&
		cat "$sandbox_ca" "$tmp/proxy.pem" >"$tmp/both.pem"
}

# Each request is a line "HTTP/2 POST /path STATUS".
start_proxy() {
	proxy_port=$(free_port)
	proxy_url=https://127.0.0.1:$proxy_port
	proxy_back=$(cat "$sandbox_dir/url.http")
	: >"$tmp/empty.conf"
	nghttpx --conf="$tmp/empty.conf" --single-process --workers=1 --no-ocsp --no-location-rewrite --errorlog-file="$tmp/proxy.log" \
		--accesslog-file="$tmp/requests" --accesslog-format="\$alpn \$request \$status" \
		--frontend="127.0.0.1,$proxy_port" --backend="127.0.0.1,${proxy_back##*:}" \
		"$tmp/proxy.key" "$tmp/proxy.pem" >"$tmp/proxy.out" 2>&1 &
	proxy_pid=$!
	wait_for 5 proxy_up || {
		stop "$proxy_pid"
		return 1
	}
	lib_pids="$proxy_pid $lib_pids"
}

proxy_certificate || exit 99
# Another process may take the port before the proxy does.
start_proxy || start_proxy || start_proxy || {
	diag "no proxy: $(cat "$tmp/proxy.out" "$tmp/proxy.log")"
	exit 99
}
# in_proxy REGEX: how many requests were like that
in_proxy() { grep -c -E "$1" "$tmp/requests"; }

# -- the mint ----------------------------------------------------------------------

sandbox_url=$proxy_url sandbox_ca=$tmp/both.pem
profile default
icred $whole_options -q key import "$sandbox_key" >"$tmp/imported" 2>&1 || {
	diag "the key was not imported: $(cat "$tmp/imported")"
	exit 99
}
run icred -q token
is "a mint through the proxy" "$status $err $(sandbox mints)" "0  1"
is "  went over HTTP/2" "$(in_proxy '^h2 POST /app/.*/accessTokens HTTP/2 200$')" 1

# -- the hook ------------------------------------------------------------------------

SANDBOX_URL=$proxy_url SANDBOX_CA=$tmp/both.pem SANDBOX_DIR=$sandbox_dir
SANDBOX_ELSEWHERE=$(sandbox url elsewhere)
export SANDBOX_URL SANDBOX_CA SANDBOX_DIR SANDBOX_ELSEWHERE
# shellcheck disable=SC2046 # a list of words
set -- $(flavours)
[ $# -gt 0 ] || plan skip_all "there is no libcurl to link to"
for flavour in "$@"; do
	program=$tmp/hook-$flavour
	build "$program" "$srcdir"/tests/lib/curl/curl-hook*.c "-l:$flavour" || exit 99
	for SANDBOX_HTTP in 2 1.1; do
		export SANDBOX_HTTP
		: >"$tmp/requests"
		# All but those in which nothing is transferred.
		for scenario in $("$program" list | grep -v -x -e fork -e close -e request -e table); do
			ok "HTTP/$SANDBOX_HTTP, $flavour: $scenario" timeout 60 "$program" "$scenario"
		done
		# So many transfers, each once with a dead token and once more, and the other scenarios' on top.
		ok "  requests were served over it" test "$(in_proxy "^[^ ]+ GET /projects HTTP/$SANDBOX_HTTP 200\$")" -ge 400
	done
done
done_testing
