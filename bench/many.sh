# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash disable=SC2154
# The tokens of 1,000 installations, with one handle; curl sends the same POSTs with a ready JWT.

sandbox installations | grep -oE '^[^ ]*[0-9a-f]{8}-[0-9a-f-]{27}' >"$tmp/ids"

# One file of options and URLs for curl.
ready_jwt
{
	printf 'silent\nfail\nrequest = "POST"\ndata = ""\ncacert = "%s"\nheader = "%s"\n' "$sandbox_ca" "$(cat "$tmp/jwt")"
	while read -r id; do
		printf 'url = "%s/app/installations/%s/accessTokens"\noutput = "/dev/null"\n' "$sandbox_url" "$id"
	done <"$tmp/ids"
} >"$tmp/many.config"

section "$(wc -l <"$tmp/ids") installations, nothing cached: whole processes, so also start, key and connections"
if timed "$(share 60)" \
	"=curl-1" curl -q --config "$tmp/many.config" \
	"=curl-8" curl -q --parallel --parallel-max 8 --config "$tmp/many.config" \
	"=curl-50" curl -q --parallel --config "$tmp/many.config" \
	"=many-1" "<$tmp/ids" "!$(forgetting default)" "$builddir/bench/many" 1 \
	"=many-8" "<$tmp/ids" "!$(forgetting default)" "$builddir/bench/many" 8; then
	table curl-50 curl-1='curl, one after the other' curl-8='curl --parallel --parallel-max 8' \
		curl-50='curl --parallel' many-1='libicred, one thread' many-8='libicred, 8 threads'
fi
compared "1,000 installations, one handle, 8 threads: rate : curl --parallel" '>=' 0.9 curl-50 many-8
