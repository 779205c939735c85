#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A time is compared at both ends: what was minted in the future shows a clock that was set back, and is not served.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

start_sandbox || exit 99
profile default 'cache sufficient runtime' "key sufficient file path=$sandbox_key"

icred -q token >"$tmp/first" || exit 99
entry=$(find "$XDG_RUNTIME_DIR/icred" -name '*.token')
cp "$entry" "$tmp/entry"
first=$(cat "$tmp/first")

# cached MINTED EXPIRES: the cache has the first token, with these times
cache() {
	cp "$tmp/entry" "$entry"
	"$PYTHON" "$srcdir/tests/field/cached-times.py" "$entry" "$1" "$2" || exit 99
}

# got COMMAND...: "cached" if its output has the first token, "minted" if it has another one, or its status
got() {
	run "$@"
	case $status$out in
	0*"$first"*) echo cached ;;
	0*crs_*) echo minted ;;
	*) echo "$status" ;;
	esac
}

git_get() { printf 'protocol=https\nhost=%s\n\n' "${sandbox_url#https://}" | git-credential-icred "$@" get; }

# -- each clock, each command ----------------------------------------------------------------

# what happened to the clock | minted | expires | with an issuer | without one
cat >"$tmp/table" <<-'END'
	nothing|-100|+7100|cached|cached
	it went back by 3 hours|+10800|+18000|minted|7
	it went back by 10 minutes|+600|+7800|minted|7
	it went back by more than the tolerance|+330|+7530|minted|7
	it went back by less than the tolerance|+200|+7400|cached|cached
	it went back by a year|+31536000|+31543200|minted|7
	it went forward past the end|-7300|-100|minted|7
	it went forward into the last tenth|-7000|+200|minted|cached
	it stood at 1970 when it minted|100|7300|minted|7
	it stood at 1970 and the end is right|0|+7200|minted|7
	the end is before the beginning|+100|+50|minted|7
	the end is the beginning|+100|+100|minted|7
	the end is no time|-100|most|minted|7
	the beginning is no time|least|+7200|minted|7
	both are none|most|most|minted|7
	both are the other none|least|least|minted|7
END
while IFS='|' read -r clock minted expires with without; do
	cache "$minted" "$expires"
	is "clock: $clock: icred token" "$(got icred -q token)" "$with"
	tell status=503 ''
	cache "$minted" "$expires"
	is "  and while the issuer fails" "$(got icred -q token)" "$without"
	untell
done <"$tmp/table"

for command in 'icred -q exec -- printenv ICRED_TOKEN' 'icred -q curl-config' 'git_get' \
	"icred -q curl -sS $sandbox_url/projects -o /dev/null -w crs_%{http_code}"; do
	cache +10800 +18000
	# shellcheck disable=SC2086 # words
	is "the clock went back by 3 hours: $(echo "$command" | cut -c1-22)" "$(got $command)" minted
done

# -- what is told of the time left -------------------------------------------------------------

cache +200 +7400
run icred token --json
is "expiresIn is never more than the token's life" "$(json "7100 <= d['expiresIn'] <= 7200")" True
cache +200 +7400
run icred status --json
is "  in status too" "$(json "7100 <= d['tokens'][0]['expiresIn'] <= 7200")" True
cache +10800 +18000
refused "  nor is more life to be had from a clock that went back" 1 unsupported 'ask for less' icred token --min-ttl 3h

cache +10800 +18000
is "status does not list what would not be served" "$(cached)" 0
# What is not served now may be tomorrow, when the clock is right again: forget removes it all the same.
for times in '+10800 +18000' '-7300 -100' '-31543200 -31536000' '-100 +7100'; do
	# shellcheck disable=SC2086 # two numbers
	cache $times
	ok "forget an entry of $times" icred forget
	ok "  removes it from the disk" test ! -e "$entry"
done
cache -7300 -100
like "an expired entry is told as that by -v" "$(icred -v token 2>&1)" 'cache runtime .*: the entry has expired$'

# A failed refresh rests for a minute by the same rule: this process is another one, and tries again.
cache -7000 +200
tell status=503 ''
is "a token in its last tenth is served while the refresh fails" "$(got icred -q token)" cached
untell
is "  and replaced by the next process" "$(got icred -q token)" minted

errors_checked
done_testing
