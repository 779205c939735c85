#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# No process is left, alive or dead, where process 1 does not reap orphans, as in many containers.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole

# left NAME STATUS COMMAND...: it ends like that, and no process of its is left
left() {
	left_name=$1 left_status=$2
	shift 2
	"$PYTHON" "$srcdir/tests/field/adopt.py" "$@" >"$tmp/left" 2>"$tmp/left.err" && status=0 || status=$?
	is "$left_name" "$status.$(cat "$tmp/left")" "$left_status." || diag "$(cat "$tmp/left.err")"
}

cat >"$tmp/ten" <<'END'
#!/bin/sh
for turn in 1 2 3 4 5 6 7 8 9 10; do icred -q forget && icred --timeout 20 token || exit; done
END
cat >"$tmp/git" <<END
#!/bin/sh
printf 'protocol=https\nhost=${sandbox_url#https://}\n\n' | git-credential-icred get
END
chmod +x "$tmp/ten" "$tmp/git"

left "ten tokens" 0 "$tmp/ten"
icred -q forget
left "a git helper" 0 "$tmp/git"
icred -q forget
left "curl" 0 icred curl -s --cacert "$sandbox_ca" "$sandbox_url/projects"
icred -q forget
left "a command that takes our place" 0 icred exec -- true
left "a list of keys" 0 icred key list
left "a check of profiles" 0 icred profile check
left "a missing worker" 1 env ICRED_LIBEXEC_DIR=/nonexistent icred --min-ttl 3h token
for how in plain handler ignore nocldwait subreaper closed blocked many; do
	left "a program that mints: $how" 0 "$builddir/tests/lib/client/child-watch" "$how"
done

# The same with a process 1 like that, in a name space where the session bus is another one's process.
name_space='unshare --pid --fork --mount-proc'
if $name_space true 2>/dev/null; then
	for command in ten git; do
		icred -q forget
		left_over=$($name_space "$PYTHON" "$srcdir/tests/field/adopt.py" "$tmp/$command" 2>"$tmp/left.err") &&
			status=0 || status=$?
		is "in a PID namespace: $command" "$status.$left_over" "0." || diag "$(cat "$tmp/left.err")"
	done
else
	for command in ten git; do skip "no PID namespace can be made here"; done
fi

# A program that is killed with its whole group cannot reap its supervisor, which reaps the worker all the same.
icred -q forget
tell hang ''
left_over=$("$PYTHON" "$srcdir/tests/field/adopt.py" timeout -s KILL 1 icred --timeout 20 token 2>/dev/null)
unlike "killed with its whole group: no worker is left" "$left_over" worker
untell

icred -q forget
tell hang ''
left "a deadline" 7 icred --timeout 2 token
untell
tell hang ''
# shellcheck disable=SC2016 # the inner shell's
left "a killed worker" 0 sh -c 'icred -vv --timeout 20 token 2>"$0" & token=$!
	for turn in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.3
		worker=$(sed -n "s/.*icred-worker started, process //p" "$0")
		[ -z "$worker" ] || break
	done
	sleep 0.5; kill -9 "$worker"; wait "$token"; grep -q "was killed by SIGKILL" "$0"' "$tmp/worker.log"
untell

# -- a program that asks -------------------------------------------------------------

# It starts another one, as a desktop's do, and neither ends by itself, nor by what is polite.
cat >"$tmp/asker" <<'END'
#!/bin/sh
trap '' TERM
sleep 300 &
echo "$$ $!" >"$0.started"
wait
END
chmod +x "$tmp/asker"
openssl rsa -traditional -aes128 -in "$sandbox_key" -out "$tmp/locked.pem" -passout pass:secret 2>/dev/null
chmod 600 "$tmp/locked.pem"
profile asking "key required file path=$tmp/locked.pem"

# asked NAME PATTERN COMMAND...: what the program was is gone soon after the command
asked() {
	asked_name=$1 asked_pattern=$2
	shift 2
	rm -f "$tmp/asker.started"
	env ICRED_ASKPASS="$tmp/asker" SSH_ASKPASS_REQUIRE=force "$@" </dev/null >"$tmp/asked" 2>&1 && status=0 || status=$?
	like "$asked_name" "$status" "$asked_pattern" || diag "$(cat "$tmp/asked")"
	asked_pids=$(cat "$tmp/asker.started")
	isnt "  it was asked" "$asked_pids" ""
	# shellcheck disable=SC2086 # several numbers
	ok "  and is gone, with what it started" wait_for 3 all_gone $asked_pids
}
all_gone() {
	for all_pid; do
		! kill -0 "$all_pid" 2>/dev/null || grep -q ') Z ' "/proc/$all_pid/stat" 2>/dev/null || return 1
	done
}

# interrupted NAME SIGNAL PROFILE: the program gets the signal once what it waits for has started
interrupted() {
	# shellcheck disable=SC2016 # Python's, which does not leave SIGINT ignored as a shell would
	asked "$1 until SIG$2" '^[1-9]' "$PYTHON" -c 'import os, signal, subprocess, sys, time
signal.signal(signal.SIGINT, signal.SIG_DFL)
signal.signal(signal.SIGQUIT, signal.SIG_DFL)
command = subprocess.Popen(sys.argv[3:])
while not os.path.exists(sys.argv[2]): time.sleep(0.01)
command.send_signal(getattr(signal, "SIG" + sys.argv[1]))
sys.exit(1 if command.wait() else 0)' "$2" "$tmp/asker.started" icred --profile "$3" --timeout 30 token
}

icred -q forget
asked "a question until the deadline" '^[47]$' icred --profile asking --timeout 2 token
for signal in INT TERM HUP QUIT; do
	interrupted "a question" "$signal" asking
done

# At whichever moment it comes, from before the fork on.
for moment in 0.02 0.04 0.06 0.08 0.1 0.12 0.14 0.16; do
	rm -f "$tmp/asker.started"
	env ICRED_ASKPASS="$tmp/asker" SSH_ASKPASS_REQUIRE=force timeout "$moment" icred --profile asking \
		--timeout 30 token </dev/null >/dev/null 2>&1 || :
	sleep 0.2
	asked_pids=$(cat "$tmp/asker.started" 2>/dev/null || :)
	# shellcheck disable=SC2086
	ok "a signal after $moment s" wait_for 3 all_gone $asked_pids
done

# -- a command that has a key ----------------------------------------------------------

profile commanding "key required exec command=$tmp/asker"
icred -q forget
asked "a command until the deadline" '^7$' icred --profile commanding --timeout 2 token
for signal in INT TERM KILL; do
	interrupted "a command" "$signal" commanding
done
done_testing
