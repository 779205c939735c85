#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Questions in windows: GNOME Keyring survives a question that is not answered, the user at the terminal learns
# where the question is, and a quick answer still counts as one.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"
. "$srcdir/tests/plugin/key/wallets.sh"

whole
icred forget
waiting='^icred: key keyring: GNOME Keyring: waiting for the keyring.s question in another window; press Ctrl-C to give up$'

# start_prompter MODE: a stand-in for what shows GNOME Keyring's questions
start_prompter() {
	"$builddir/tests/plugin/key/secret-prompter" "$1" >"$tmp/prompter.log" 2>&1 &
	prompter_pid=$!
	lib_pids="$prompter_pid $lib_pids"
	wait_for 5 name_there org.gnome.keyring.SystemPrompter || exit 99
}
name_there() { bus_call org.freedesktop.DBus / org.freedesktop.DBus.GetNameOwner "string:$1"; }
# the daemon that was there before, still locked, and still answering
survives() {
	is "  GNOME Keyring survives that" "$(kill -0 "$keyring_pid" && keyring_locked && echo alive)" alive
}
shown() { grep -c '^shown$' "$tmp/prompter.log"; }
lines() { printf '%s\n' "$out" | grep -Ec "$1"; }
# python SCRIPT ARGUMENT...: for what a shell cannot do at a terminal
pythons() {
	pythons_script=$1
	shift
	"$PYTHON" -c "$pythons_script" "$@"
}

# A program that calls the library, and has a key of its own there.
module=$ICRED_MODULE_DIR/key-keyring.so
driver() { ICRED_TEST_INTERACTIVE=1 timeout -k 5 60 "$builddir/tests/plugin/key/keyring-module" "$module" "$@" 2>>"$tmp/log"; }
driver keep >"$tmp/kept"

# -- a question that is never answered ------------------------------------------------------

lock_keyring || exit 99
start_prompter silent
fingerprint=$(icred key fingerprint "$sandbox_key")
while read -r name command; do
	# shellcheck disable=SC2086 # words
	on_terminal icred --timeout 3 $command
	is "never answered: $name ends at its deadline" "$status.$(lines 'timed out waiting for an answer to the keyring.s question')" 7.1 ||
		diag "$out"
	is "  with one line on where the question is" "$(lines "$waiting")" 1 || diag "$out"
	survives
done <<-END
	token token
	curl-config curl-config
	exec exec -- true
	key-import key import $sandbox_key
	key-remove key remove $fingerprint
	key-list key list
END
on_terminal icred -q --timeout 3 token
is "never answered: -q says the failure only" "$status.$(printf '%s\n' "$out" | wc -l)" 7.1 || diag "$out"
on_terminal icred --json --timeout 3 token
is "  --json says it to a terminal" "$status.$(lines "$waiting")" 7.1 || diag "$out"
survives
# Standard error in a file is a program's to read: one document.
# shellcheck disable=SC2016 # for the shell inside
on_terminal sh -c 'icred --json --timeout 3 token 2>"$1"; cat "$1" >"$2"' sh "$tmp/documents" "$tmp/errors-there"
is "  but to a program one document" "$(grep -c '' "$tmp/errors-there").$(json 'd["error"]["kind"]' "$tmp/errors-there")" 1.timeout
survives

# interrupted SIGNAL: at a terminal, while the question is there
interrupted() {
	pythons '
import os, pty, signal, sys, time
pid, fd = pty.fork()
if pid == 0:
    os.execvp("icred", ["icred", "token"])
text, end = b"", time.monotonic() + 20
while b"Ctrl-C" not in text and time.monotonic() < end:
    text += os.read(fd, 4096)
if sys.argv[1] == "key":
    os.write(fd, b"\3")
elif sys.argv[1] == "gone":
    os.close(fd)
else:
    os.kill(pid, int(sys.argv[1]))
_, status = os.waitpid(pid, 0)
print("Ctrl-C" if b"Ctrl-C" in text else text, os.WIFSIGNALED(status))' "$1"
}
for how in key 15 9 gone; do
	is "never answered, and ended by: $how" "$(interrupted $how)" "Ctrl-C True"
	sleep 0.3
	survives
done

# Two commands that wait at once, one of which gives up first.
on_terminal sh -c 'icred --timeout 3 token </dev/tty & icred --timeout 4 key list; wait'
is "never answered: two at once" "$(lines 'timed out waiting for an answer to the keyring.s question')" 2 || diag "$out"
survives
isnt "all these questions were GNOME Keyring's own" "$(shown)" 0
refused "not interactive: no question, no wait" 4 locked 'the keyring is locked and cannot ask.*: not interactive; unlock it' timeout 20 icred --no-interactive token
survives

# -- a program that calls the library ----------------------------------------------------------

connections() {
	bus_call org.freedesktop.DBus / org.freedesktop.DBus.ListNames | grep -o ':1[.][0-9]*' | wc -l
}
has_let_go() { [ "$(connections)" -le "$before" ]; }
mkfifo "$tmp/in"
before=$(connections)
ICRED_TEST_DEADLINE=3000 driver sign <"$tmp/in" >"$tmp/signed" &
signer=$!
exec 9>"$tmp/in"
wait_for 10 grep -q . "$tmp/signed"
like "a worker that lives on" "$(cat "$tmp/signed")" '^-8: .*timed out waiting for an answer to the keyring.s question'
ok "  let go of its connection" wait_for 5 has_let_go
survives
exec 9>&-
wait "$signer"
stop "$prompter_pid"

# -- a quick answer, a slow one, and no desktop ------------------------------------------------------

stop_keyring
start_keyring || exit 99
lock_keyring || exit 99
start_prompter dismiss
on_terminal icred token
is "dismissed at once by a person" "$status.$(lines 'question was dismissed')" 1.1 || diag "$out"
is "  without a line on the wait" "$(lines 'waiting')" 0
survives
stop "$prompter_pid"
start_prompter slow
on_terminal icred token
is "dismissed after a while" "$status.$(lines 'question was dismissed').$(lines "$waiting")" 1.1.1 || diag "$out"
survives
stop "$prompter_pid"
on_terminal icred token
is "no desktop" "$status.$(lines "locked and cannot ask for its password: there is no desktop")" 4.1 || diag "$out"
survives
stop_keyring

# -- a question to create a keyring is taken back -------------------------------------

mv "$XDG_DATA_HOME/keyrings" "$tmp/keyrings"
keyring_daemon_start /dev/null || exit 99
start_prompter silent
on_terminal icred --timeout 3 key import "$sandbox_key"
is "the first keyring would be created, and the question is not answered" "$status.$(lines 'timed out waiting for an answer to the keyring.s question').$(lines "$waiting")" 7.1.1 ||
	diag "$out"
is "  the question is taken back" "$(wait_for 5 grep -q '^taken back$' "$tmp/prompter.log" && shown)" 1
is "  and GNOME Keyring survives that" "$(kill -0 "$keyring_pid" && secret_service_there >/dev/null && echo alive)" alive
stop "$prompter_pid"
stop_keyring
rm -rf "$XDG_DATA_HOME/keyrings"
mv "$tmp/keyrings" "$XDG_DATA_HOME/keyrings"

# -- other keyrings: only a question to change something is taken back ------------------------------

start_mock() {
	"$builddir/tests/plugin/key/secret-mock" "$@" >"$tmp/mock.log" 2>&1 &
	mock_pid=$!
	lib_pids="$mock_pid $lib_pids"
	wait_for 5 secret_service_there || exit 99
}
start_mock silent
on_terminal icred --timeout 3 token
is "an unknown keyring: the line names none" \
	"$status.$(lines '^icred: key keyring: waiting for the keyring.s question in another window; press Ctrl-C')" 7.1 || diag "$out"
is "  its question is not taken back" "$(cat "$tmp/mock.log")" ""
stop "$mock_pid"
start_mock dismiss
on_terminal icred token
is "  dismissed at once" "$status.$(lines 'question was dismissed')" 1.1 || diag "$out"
stop "$mock_pid"

# -- questions of other programs ----------------------------------------------------------------------

openssl rsa -aes256 -passout pass:secret -traditional -in "$sandbox_key" -out "$tmp/locked.pem" 2>/dev/null
chmod 600 "$tmp/locked.pem"
profile asks "key required file path=$tmp/locked.pem"
# shellcheck disable=SC2016 # the same
printf '#!/bin/sh\nsleep "${ASK_FOR:-0}"\necho secret\n' >"$tmp/ask window"
chmod 700 "$tmp/ask window"
ICRED_ASKPASS=$tmp/ask\ window SSH_ASKPASS_REQUIRE=force
export ICRED_ASKPASS SSH_ASKPASS_REQUIRE
run icred -p asks token
is "an askpass program that is answered soon: not a word" "$status.$err" "0." || diag "$err"
icred -p asks forget
ASK_FOR=1.6 run icred -p asks token
is "  answered later: one line" "$status.$err" \
	"0.icred: waiting for the question of ask window in another window; press Ctrl-C to give up" || diag "$err"
icred -p asks forget
ASK_FOR=1.6 run icred -q -p asks token
is "  unless quiet" "$status.$err" "0." || diag "$err"
icred -p asks forget
ASK_FOR=9 run icred --timeout 3 -p asks token
is "  not answered: until its deadline" "$status.$(printf '%s\n' "$err" | grep -c 'waiting for the question of ask window')" 7.1 || diag "$status $err"
unset ICRED_ASKPASS SSH_ASKPASS_REQUIRE

# A command of key exec has a display only if the call is interactive.
printf '#!/bin/sh\nsleep 1.6\ncat "%s"\n' "$sandbox_key" >"$tmp/store"
chmod 700 "$tmp/store"
profile stored "key required exec [command=$tmp/store]"
words='^icred: key exec: waiting for .*/store, which may ask in another window; press Ctrl-C to give up$'
on_terminal icred -p stored token
is "key exec: one line at a terminal" "$status.$(lines "$words")" 0.1 || diag "$out"
icred -p stored forget
on_terminal icred -q -p stored token
is "  unless quiet" "$status.$(lines waiting)" 0.0 || diag "$out"
icred -p stored forget
run icred --no-interactive -p stored token
is "  nor if not interactive" "$status.$err" "0."  || diag "$err"
icred -p stored forget
printf '#!/bin/sh\nsleep 3.2\ncat "%s"\n' "$sandbox_key" >"$tmp/store"
on_terminal icred -p stored token
is "  nor twice" "$status.$(lines "$words")" 0.1 || diag "$out"
done_testing
