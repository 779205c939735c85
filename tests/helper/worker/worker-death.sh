#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A worker that dies, stops or talks nonsense is an error message, and the next call does better.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
token='^crs_[0-9a-f]{48}$'

# begin FILE COMMAND...: in the background, talkative; its worker's number is in $worker once it is at work
begin() {
	begin_file=$1
	shift
	"$@" >"$begin_file" 2>"$begin_file.err" &
	begun=$!
	lib_pids="$begun $lib_pids"
}
served() { [ "$(sandbox faults_served)" -ge "$1" ]; }
at_work() {
	wait_for 10 served "$2" || diag "the fault was not served"
	worker=$(sed -n 's/.*icred-worker started, process //p' "$1.err" | head -n 1)
}
ended() { wait "$begun" && status=0 || status=$?; }
# Its present parent may take a while to reap it.
gone() { ! kill -0 "$1" 2>/dev/null || grep -q ') Z ' "/proc/$1/stat" 2>/dev/null; }

# -- killed at work ----------------------------------------------------------------

tell hang
begin "$tmp/killed" icred -vv --timeout 60 token
at_work "$tmp/killed" 1
isnt "the worker is at work" "$worker" ""
kill -9 "$worker"
ended
is "the worker is killed: the caller fails" "$status" 1
is "  with nothing on standard output" "$(cat "$tmp/killed")" ""
like "  and a message" "$(cat "$tmp/killed.err")" 'icred-worker was killed by SIGKILL before it answered'
like "  the next one has its token" "$(icred --timeout 20 token)" "$token"
icred forget
sandbox reset

tell hang
begin "$tmp/holder" icred -vv --timeout 60 token
holder=$begun
at_work "$tmp/holder" 1
begin "$tmp/waiter" icred -vv --timeout 60 token
waiter_sees() { grep -q 'minting' "$tmp/holder.err" && kill -0 "$begun"; }
wait_for 5 waiter_sees
kill -9 "$holder"
ended
is "the process that mints is killed: the one that waits goes on" "$status" 0
like "  with a token" "$(cat "$tmp/waiter")" "$token"
is "  that was minted once" "$(sandbox mints)" 1
ok "  the killed one's worker is gone" wait_for 10 gone "$worker"
icred forget
sandbox reset

# The lock ends with its holder, unless that has forked: a waiting process gives it two thirds of its time.
tell hang
begin "$tmp/parent" "$builddir/tests/lib/token/mint-threads" orphan 1
wait_for 10 served 1
kill -USR1 "$begun"
wait_for 10 test -s "$tmp/parent"
orphan=$(cat "$tmp/parent")
lib_pids="$orphan $lib_pids"
kill -9 "$begun"
ended
began=$(date +%s%N)
run icred --timeout 6 token
took=$((($(date +%s%N) - began) / 1000000))
is "the holder is killed and has left a child: the one that waits goes on" "$status" 0
like "  with a token" "$out" "$token"
is "  after two thirds of the time" "$([ "$took" -ge 3600 ] && [ "$took" -le 5500 ] && echo yes)" yes || diag "$took ms"
like "  and says so" "$err" 'minting without waiting for it'
ok "  while the child sleeps" kill -0 "$orphan"
run icred --timeout 6 token
is "  and the next one need not wait" "$status.$(sandbox mints)" 0.1
stop "$orphan"
icred forget
sandbox reset

tell hang
begin "$tmp/stopped" icred -vv --timeout 3 token
at_work "$tmp/stopped" 1
kill -STOP "$worker"
ended
is "a worker that is stopped: the deadline ends it" "$status" 7
is "  with nothing on standard output" "$(cat "$tmp/stopped")" ""
like "  and a message" "$(cat "$tmp/stopped.err")" 'time'
ok "  no worker is left over" wait_for 10 gone "$worker"
like "  the next one has its token" "$(icred --timeout 20 token)" "$token"
icred forget
sandbox reset

tell hang
begin "$tmp/late" icred -vv --timeout 2 token
at_work "$tmp/late" 1
ended
is "a server that hangs: the deadline ends it" "$status" 7
ok "  no worker is left over" wait_for 10 gone "$worker"
for signal in TERM INT HUP; do
	sandbox reset
	tell hang
	# A shell's background jobs ignore SIGINT, so Python starts this one.
	begin "$tmp/interrupted" "$PYTHON" -c 'import os, signal, sys
signal.signal(signal.SIGINT, signal.SIG_DFL); os.execvp(sys.argv[1], sys.argv[1:])' icred -vv --timeout 60 token
	at_work "$tmp/interrupted" 1
	kill "-$signal" "$begun"
	ended
	is "SIG$signal ends the caller" "$([ "$status" -gt 128 ] && echo yes).$(cat "$tmp/interrupted")" "yes."
	ok "  and its worker" wait_for 10 gone "$worker"
done
sandbox reset

# -- a worker that is not ours -------------------------------------------------------

mkdir "$tmp/libexec"
sed "1s|.*|#!$("$PYTHON" -c 'import sys; print(sys.executable)')|" "$srcdir/tests/fake/icred-worker" >"$tmp/libexec/icred-worker"
chmod +x "$tmp/libexec/icred-worker"
faked() { FAKE_WORKER=$1 ICRED_LIBEXEC_DIR=$tmp/libexec icred --timeout "$2" token --json; }

# faking STATUS KIND MODE...: each fails that way
faking() {
	faking_status=$1 faking_kind=$2
	shift 2
	for mode; do
		run faked "$mode" 20
		is "fake worker, $mode" \
			"$status.$out.$(printf '%s\n' "$err" | sed -n 's/^{"error":{"kind":"\([^"]*\)","message":"[^"]\{20,\}.*}}$/\1/p')" \
			"$faking_status..$faking_kind" || diag "$err"
		printf '%s\n' "$err" >>"$tmp/errors"
	done
}
faking 1 internal leave leave-later die noise byte cut-frame long-field unknown-frame request large 'done' \
	empty-record noise-record huge-record failed-well failed-oddly failed-short failed-silently \
	other-installation other-app other-api other-issuer other-version newline blank escape quote no-secret \
	long-secret unterminated no-end cut half-permission permissions
faking 1 protocol failed-raw expired
for mode in mute deaf logs; do
	run faked "$mode" 1
	is "fake worker, $mode: the deadline ends it" "$status.$out" "7." || diag "$err"
done
for mode in prompts keys; do
	run faked "$mode" 1
	like "fake worker, $mode: it comes to an end" "$status.$out" '^[17]\.$' || diag "$err"
done
icred forget
is "nothing of that was cached" "$(cached)" 0

# Asked again it gives the token that was refused: to ask until the deadline would make an issuer mint all the while.
same() { FAKE_WORKER=same ICRED_LIBEXEC_DIR=$tmp/libexec icred --timeout 40 "$@"; }
run same token
like "fake worker, same: a token" "$status.$out" '^0\.crs_f+$'
sleep 1 # what was minted within this second is not taken for a cached one
began=$(date +%s)
run same curl -s "$sandbox_url/projects" --cacert "$sandbox_ca"
like "  that the server refuses, and the issuer gives again" "$err" 'the same token that a server has refused'
ok "  is not asked for until the deadline" test $(($(date +%s) - began)) -lt 20
icred forget
ICRED_LIBEXEC_DIR=$tmp/nothing refused "no worker at all" 1 internal 'is libicred installed completely' icred token
: >"$tmp/libexec/icred-worker"
ICRED_LIBEXEC_DIR=$tmp/libexec refused "a worker that is not a program" 1 internal "cannot start" icred token
errors_checked
none_fake() { ! pgrep -f "$tmp/[l]ibexec/icred-worker"; }
ok "no fake worker is left over" wait_for 10 none_fake

# -- what the caller's process sees of it ----------------------------------------------

watch() { timeout -k 5 60 "$builddir/tests/lib/client/child-watch" "$@" 2>&1; }
sandbox reset
for how in plain handler ignore nocldwait subreaper closed blocked; do
	is "no trace in the caller: $how" "$(watch "$how")" "ok"
done
sandbox reset
is "one worker serves many" "$(watch many)" "ok"
is "  on one connection" "$(sandbox connections)" 1
done_testing
