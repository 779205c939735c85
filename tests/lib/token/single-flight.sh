#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# However many threads and processes want a token at once, one is minted; while the old one lives, each gets one.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
# A sanitizer's processes take ten times as long to start, and time out where the machine is busy with others too.
case ${CFLAGS:-} in
*-fsanitize=*) crowd=60 ;;
*) crowd=200 ;;
esac

# in_crowd FILE COMMAND...: as many processes at once; what they print
in_crowd() {
	crowd_out=$1
	shift
	: >"$crowd_out"
	crowd_pids=
	crowd_left=$crowd
	while [ "$crowd_left" -gt 0 ]; do
		"$@" >>"$crowd_out" 2>&1 &
		crowd_pids="$crowd_pids $!"
		crowd_left=$((crowd_left - 1))
	done
	crowd_bad=0
	for crowd_pid in $crowd_pids; do wait "$crowd_pid" || crowd_bad=$((crowd_bad + 1)); done
}

# lines FILE: how many lines, and how many different ones, which are told if there are several
lines() {
	lines_kinds=$(sort -u "$1" | wc -l)
	[ "$lines_kinds" -eq 1 ] || sort "$1" | uniq -c | sort -rn | sed -n '1,9s/^/# /p' >&2
	echo "$(wc -l <"$1") $lines_kinds"
}

# -- processes -------------------------------------------------------------------

in_crowd "$tmp/crowd" icred --timeout 60 token
is "$crowd processes at once, nothing cached: all have a token" "$crowd_bad" 0
is "  the same one" "$(lines "$tmp/crowd")" "$crowd 1"
is "  minted once" "$(sandbox mints)" 1

icred forget
sandbox reset
in_crowd "$tmp/crowd" sh -c "printf 'protocol=https\nhost=${sandbox_url#https://}\n\n' |
	git-credential-icred --timeout 60 get | grep ^password="
is "$crowd git helpers at once: all have a token" "$crowd_bad" 0
is "  the same one, minted once" "$(lines "$tmp/crowd") $(sandbox mints)" "$crowd 1 1"

# The kernel may have no room or no keyrings at all, and then files are left.
profile files 'cache sufficient runtime'
sandbox reset
in_crowd "$tmp/crowd" icred -p files --timeout 60 token
is "the same with files alone" "$(lines "$tmp/crowd") $crowd_bad $(sandbox mints)" "$crowd 1 0 1"

# A failure is everybody's: none waits for the others to fail one by one.
icred forget
sandbox reset
tell status=403 ''
crowd=20
in_crowd "$tmp/crowd" icred -q token
untell
is "a server that refuses everybody is told to everybody" "$crowd_bad $(grep -c 'refused the key' "$tmp/crowd")" "$crowd $crowd"
is "  and leaves nothing behind" "$(cached) $(icred token | wc -l)" "0 1"

# What no new token can give is no reason to mint one after the other.
icred forget
sandbox reset
for time in first second third; do
	refused "more life than tokens have, the $time time" 1 unsupported 'ask for less' icred token --min-ttl 3h
done
is "  one mint for all three" "$(sandbox mints)" 1
like "  whose token is there for those who ask for less" "$(icred token --min-ttl 1h)" '^crs_[0-9a-f]{48}$'
is "  from the cache" "$(cached | grep -c '[1-9]') $(sandbox mints)" "1 1"

# -- threads -----------------------------------------------------------------------

mint_threads() { timeout -k 5 60 "$builddir/tests/lib/token/mint-threads" "$@" 2>&1; }
icred forget
sandbox reset
is "200 threads, one handle" "$(mint_threads one 200)" "200 tokens, 1 kind"
is "  minted once" "$(sandbox mints)" 1
icred forget
sandbox reset
is "50 threads, a handle each" "$(mint_threads each 50)" "50 tokens, 1 kind"
is "  minted once" "$(sandbox mints)" 1
icred forget
sandbox reset
is "no cache to meet in: 50 threads still share one mint" "$(mint_threads uncached 50)" "50 tokens, 1 kind"
is "  minted once" "$(sandbox mints)" 1
sandbox reset
is "a handle that went through fork()" "$(mint_threads fork 8)" "16 tokens, 1 kind"
icred forget
sandbox reset
is "three installations, 60 threads" "$(mint_threads many 60)" "60 tokens, 3 kinds"
is "  one each" "$(sandbox mints)" 3
icred forget

# Nothing that these tests find is worth much if the sanitizer has been silenced by how a worker is started.
case ${CFLAGS:-} in
*-fsanitize=thread*)
	like "a thread sanitizer still sees a race, in a process that has minted" "$(mint_threads race 8)" \
		'WARNING: ThreadSanitizer: data race'
	icred forget
	;;
esac

# -- serve while valid ---------------------------------------------------------------

# Of a token's ten seconds the last half is for getting the next one.
sandbox reset
tell expires-in=10
old=$(icred token)
is "a short-lived token is served from the cache" "$(icred token) $(sandbox mints)" "$old 1"
tell status=503 '' mint
warned() {
	run icred token
	[ -n "$err" ]
}
wait_for 12 warned
is "in its last half the next one is asked for, and while the server is down the old one served" "$status.$out" "0.$old"
like "  with a warning that says why" "$err" 'using the old token.*has a problem \(503'
is "  with --quiet without" "$(icred -q token 2>&1)" "$old"
untell
renewed() {
	run icred token
	[ "$out" != "$old" ]
}
wait_for 12 renewed
is "the server is back: a new one" "$status.$err.$(sandbox mints)" "0..2"

icred forget
tell expires-in=3
icred token >"$tmp/dying"
tell status=503 '' mint
gone() { ! icred -q token; }
wait_for 12 gone
refused "a dead token is not served" 7 network '503' icred token
untell
done_testing
