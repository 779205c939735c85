#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A status is read with its headers and its body: only the service's own JSON may blame key, app or
# installation, a limit is reported with its time, and a token of another owner is refused.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
profile default 'cache sufficient runtime'
service='application/json; charset=utf-8'
no='{"statusCode":403,"message":"Forbidden resource","error":"Forbidden"}'
page='<!DOCTYPE html><html><title>Log in</title></html>'
nothing_cached() { [ -z "$(find "$XDG_RUNTIME_DIR/icred" -name '*.token' 2>/dev/null)" ]; }

# answered NAME STATUS KIND PATTERN FAULT...: all the faults at once, for each request until cleared
answered() {
	name=$1 exit_status=$2 kind=$3 pattern=$4
	shift 4
	for fault; do sandbox fault "$fault" >"$tmp/.told"; done
	refused "$name" "$exit_status" "$kind" "$pattern" timeout 30 icred token
	ok "  nothing is cached" nothing_cached
	untell
	icred forget
}

# within SECONDS: the time of the error is so far ahead, give or take a little
within() {
	"$PYTHON" -c 'import json, sys, time
at = json.loads(sys.argv[1])["error"]["retryAt"] - time.time()
assert -5 <= at - int(sys.argv[2]) <= 2, at' "$(printf '%s\n' "$err" | grep '^{')" "$1"
}

# -- too many requests ---------------------------------------------------------------

limited() {
	limit_wait=$1 limit_name=$2
	shift 2
	answered "$limit_name" 7 rate-limited 'try again in [0-9]+ s' "$@"
	ok "  and reports the time" within "$limit_wait"
}
limited 30 "403, Retry-After and nothing remaining" "answer=403:$service:$no" 'header=Retry-After: 30' \
	'header=x-ratelimit-remaining: 0'
limited 30 "403 and Retry-After" "answer=403:$service:$no" 'header=Retry-After: 30'
limited 45 "403 and a reset in seconds" "answer=403:$service:$no" 'header=RateLimit-Remaining: 0' 'header=RateLimit-Reset: 45'
limited 40 "403 and a reset as a time" rate-limit-reset=40
limited 60 "403 and nothing remaining" "answer=403:$service:$no" 'header=X-RateLimit-Remaining: 0'
limited 60 "403 and a text" \
	"answer=403:$service:{\"statusCode\":403,\"message\":\"You have exceeded a secondary rate limit\"}"
limited 60 "429 without a time" "answer=429:$service:{\"statusCode\":429,\"message\":\"Too Many Requests\"}"
limited 60 "429 without a body" "answer=429::"
limited 20 "429 in a gateway's words" 'answer=429:application/json:{"message":"Limit Exceeded"}' 'header=Retry-After: 20'
limited 86400 "429 for a year" "answer=429::" 'header=Retry-After: 31536000'
limited 30 "503 and Retry-After" status=503 'header=Retry-After: 30'
limited 60 "200 that is a 429" "answer=200:$service:{\"statusCode\":429,\"message\":\"ThrottlerException\"}"

# -- pages -----------------------------------------------------------------------------

for code in 200 400 401 403 404 410; do
	answered "a page with $code" 1 protocol 'a web page\); check the network' "answer=$code:text/html:$page"
done
for code in 407 429 500 502 503 504 511; do
	answered "a page with $code" 7 network 'a web page\);' "answer=$code:text/html; charset=utf-8:$page"
done
answered "a page that says it is JSON" 1 protocol 'a web page' "answer=403:$service:$page"

# -- who refuses -------------------------------------------------------------------------

answered "the service's own 401" 5 rejected 'still listed' \
	"answer=401:$service:{\"statusCode\":401,\"message\":\"Unauthorized\"}"
answered "the service's own 403" 5 rejected 'still listed' "answer=403:$service:$no"
answered "the service's own 404" 3 not-found 'check the ID' "answer=404:$service:{\"statusCode\":404,\"message\":\"Not Found\"}"
answered "the service's own 410" 3 not-found 'check the ID' "answer=410:$service:{\"statusCode\":410,\"message\":\"Gone\"}"
for code in 401 403 404 410; do
	answered "$code, empty" 1 protocol "not in the form of the service's errors" "answer=$code::"
	answered "$code, plain text" 1 protocol "$code: .*denied by policy.*form" "answer=$code:text/plain:denied by policy"
	answered "$code, a gateway's JSON" 1 protocol 'form' "answer=$code:application/json:{\"message\":\"Forbidden\"}"
	answered "$code, cut short" 1 protocol 'form' \
		"answer=$code:$service:{\"statusCode\":$code,\"message\":\"The installation is suspended"
	answered "$code, an array" 1 protocol 'form' "answer=$code:$service:[{\"statusCode\":$code,\"message\":\"No\"}]"
	answered "$code, another type" 1 protocol 'form' "answer=$code:text/plain:{\"statusCode\":$code,\"message\":\"No\"}"
done

# -- another's token -----------------------------------------------------------------------

other=8d0c4f5e-0000-4000-8000-00000000ffff
answered "another installation's token" 1 protocol "of the installation .*$other.* instead of" wrong-installation
for value in 7 '""' true '["x"]' '{"id":"x"}' "\"$sandbox_installation-\"" "\"x$sandbox_installation\""; do
	answered "installationId $value" 1 protocol 'instead of' "set=installationId:$value"
done
answered "another app's token" 1 protocol 'of the app .*999.* instead of 12345' 'set=appId:"999"'
organization=$(sandbox installations | awk 'NR == 1 { print $2 }')
printf 'organization  %s\n' "$organization" >"$tmp/organization"
sed "/^installation /d" "$ICRED_CONFIG_DIR/default.conf" | cat - "$tmp/organization" >"$ICRED_CONFIG_DIR/org.conf"
# stranger NAME OPTION... WANTED FAULT: a token of the wrong owner
stranger() {
	name=$1 wanted=$2 fault=$3
	shift 3
	sandbox fault "$fault" on=mint >"$tmp/.told"
	refused "$name" 1 protocol "$wanted" timeout 30 icred token "$@"
	untell
}
stranger "another organization's token" 'of the organization' 'set=organizationId:"o-2"' -p org
stranger "an organization, another installation's token" 'of the installation' wrong-installation -p org
stranger "the app's own, another app's token" 'of the app' 'set=appId:"999"' --as-app
stranger "the app's own, an installation's token" 'instead of the app itself' "set=installationId:\"$other\"" --as-app
is "none of them is cached" "$(cached)" 0

# taken NAME FAULT [OPTION...]: that is not a fault
taken() {
	name=$1
	sandbox fault "$2" >"$tmp/.told"
	shift 2
	like "$name" "$(icred token "$@")" '^crs_[0-9a-f]+$'
	untell
	icred forget
}
taken "the same ID in capitals" "set=installationId:\"$(printf %s "$sandbox_installation" | tr a-f A-F)\""
taken "no ID" 'set=installationId:null'
taken "no app" 'set=appId:null' --as-app
taken "its own app" 'set=appId:"12345"' --as-app
taken "the app as a number" 'set=appId:12345' --as-app
expires='"expiresAt":"2099-01-01T00:00:00Z"'
taken "a name with a NUL is another name" \
	"answer=200:$service:{\"token\\u0000\":\"x y\",\"token\":\"crs_00\",\"installationId\\u0000\":7,$expires}"
taken "a byte order mark" "answer=200:$service:$(printf '\357\273\277'){\"token\":\"crs_00\",$expires}"
answered "a token under a name with a NUL" 1 protocol 'no token' "answer=200:$service:{\"token\\u0000x\":\"crs_00\",$expires}"
answered "a token that is there twice" 1 protocol 'not a JSON object' twice

errors_checked
unlike "no word of the key where the service said nothing of it" \
	"$(grep -E '"kind":"(protocol|network|rate-limited)"' "$tmp/errors")" 'refused the key|dashboard|suspended;'
like "and then all is well" "$(icred token)" '^crs_'
done_testing
