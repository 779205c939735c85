#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key module "keyring" by itself, against a real GNOME Keyring on a private bus.
. "${srcdir:-.}/tests/lib.sh"

requires dbus-daemon dbus-send gnome-keyring-daemon
module=$ICRED_MODULE_DIR/key-keyring.so
[ -e "$module" ] || plan skip_all "the key module for the Secret Service was not built"
driver=$builddir/tests/plugin/key/keyring-module
mock=$builddir/tests/plugin/key/secret-mock

# The codes of icred.h that this test uses.
not_found=-1 locked=-2 no_service=-3 denied=-4 timeout=-8 cancelled=-14

key() { timeout -k 5 60 "$driver" "$module" "$@" 2>>"$tmp/log" </dev/null; }
interactive() { ICRED_TEST_INTERACTIVE=1 key "$@"; }

# start_mock MODE [PEM]: another service instead of the real one
start_mock() {
	"$mock" "$@" &
	mock_pid=$!
	lib_pids="$mock_pid $lib_pids"
	wait_for 5 secret_service_there
}

# -- no bus, no service -------------------------------------------------------

for what in sign store remove list; do
	like "no bus: $what" "$(key $what)" "^$no_service: no D-Bus session"
done
like "a bus that is gone" "$(DBUS_SESSION_BUS_ADDRESS=unix:path=$tmp/nothing key sign)" "^$no_service: no D-Bus session"

start_bus || exit 99
for what in sign store remove list; do
	like "no service: $what" "$(key $what)" "^$no_service: .*GNOME Keyring, KWallet or KeePassXC"
done

# -- a real, unlocked keyring ------------------------------------------------

start_keyring || exit 99
is "empty, one key, several keys, 16 kB, threads, removal" "$(key life)" "ok"
fingerprint=$(key keep)
is "a key is stored" "${#fingerprint}" 44
like "a later process lists it" "$(key list)" "^$(printf '%s' "$fingerprint" | sed 's/[+]/[+]/g') 2048 open 12345 dated Login ICR app 12345 key"
is "and signs with it" "$(key sign)" "ok"
is "  whatever name the environment has for the service" "$(SECRET_SERVICE_BUS_NAME=org.example.none key sign)" "ok"

# -- locked ------------------------------------------------------------------

lock_keyring || exit 99
like "locked: sign" "$(key sign)" "^$locked: the keyring is locked and cannot ask.*: not interactive; unlock it"
like "locked: store" "$(key store)" "^$locked: the keyring is locked and cannot ask.*: not interactive; unlock it"
like "locked: the list says so" "$(key list)" "^[^ ]+ 2048 locked 12345 "
like "locked: another app's key is not found, not locked" "$(key remove)" "^$not_found: "

# As after a reboot: this daemon has never seen the password, so labels are not readable.
stop_keyring
keyring_daemon_start /dev/null || exit 99
like "never unlocked: sign" "$(key sign)" "^$locked: the keyring is locked and cannot ask.*: not interactive; unlock it"
like "never unlocked: store" "$(key store)" "^$locked: the keyring is locked and cannot ask.*: not interactive; unlock it"
like "never unlocked: the list has it" "$(key list)" "^- 0 locked 12345 undated"
like "interactive, but no desktop to show the question on" "$(interactive sign)" "^$locked: .*unlock it on the desktop"

# -- a service that goes away ------------------------------------------------

stop_keyring
start_keyring || exit 99
mkfifo "$tmp/in"
timeout -k 5 60 "$driver" "$module" sign <"$tmp/in" >"$tmp/signed" 2>>"$tmp/log" &
signer=$!
exec 9>"$tmp/in"
wait_for 5 grep -q ok "$tmp/signed"
stop_keyring
start_keyring || exit 99
echo n >&9
wait_for 5 sh -c "[ \$(wc -l <'$tmp/signed') -eq 2 ]"
like "a restarted service is asked anew" "$(sed -n 2p "$tmp/signed")" "^$not_found: the keyring has no other key"
kill -STOP "$keyring_pid"
echo n >&9
wait_for 8 sh -c "[ \$(wc -l <'$tmp/signed') -eq 3 ]"
like "a service that hangs meets the deadline" "$(sed -n 3p "$tmp/signed")" "^$timeout: "
kill -CONT "$keyring_pid"
stop_keyring
echo n >&9
wait_for 5 sh -c "[ \$(wc -l <'$tmp/signed') -eq 4 ]"
like "a service that is gone" "$(sed -n 4p "$tmp/signed")" "^$no_service: "
exec 9>&-
wait "$signer"
is "the module survives all that" "$?" 0

# -- questions ---------------------------------------------------------------

start_mock dismiss
like "not interactive: no question" "$(key sign)" "^$locked: "
like "the question is dismissed" "$(interactive sign)" "^$cancelled: .*dismissed"
stop "$mock_pid"
start_mock silent
like "the question is not answered" "$(ICRED_TEST_DEADLINE=800 interactive sign)" "^$timeout: .*question"
stop "$mock_pid"
start_mock die
like "the service dies over its question" "$(interactive sign)" "^$no_service: .*ended during"
key pem >"$tmp/asked.pem"
start_mock unlock "$tmp/asked.pem"
like "an interactive call unlocks it: the list, not interactive" "$(key list)" "^[^ ]+ [0-9]+ locked 12345 "
like "  a signature, not interactive" "$(key sign)" "^$locked: the keyring is locked and cannot ask.*: not interactive; unlock it"
is "  a signature, interactive" "$(interactive sign)" "ok"
is "  from then on without a question" "$(key sign)" "ok"
stop "$mock_pid"
# KWallet: a wallet has no items before it is unlocked.
start_mock hidden "$tmp/asked.pem"
like "a locked keyring that shows nothing is locked, not empty" "$(key sign)" "^$locked: "
like "  to remove from it, too" "$(key remove)" "^$locked: "
is "  unlocked, it has the key" "$(interactive sign)" "ok"
stop "$mock_pid"
# KeePassXC: a question for each item, in a database that is open.
start_mock confirm "$tmp/asked.pem"
like "an item of its own lock" "$(key sign)" "^$locked: "
like "  removal to be confirmed, but not interactive" "$(key remove)" "^$locked: "
is "  confirmed, it signs" "$(interactive sign)" "ok"
is "  and is removed" "$(interactive remove)" "ok"
like "  as a signature shows" "$(key sign)" "^$not_found: "
stop "$mock_pid"
start_mock moved "$tmp/asked.pem"
like "collections are replaced when they are unlocked" "$(interactive sign)" "^$not_found: the keyring has no key"
stop "$mock_pid"
start_mock gone "$tmp/asked.pem"
like "an item is removed while it is read" "$(key sign)" "^$not_found: the key has just been removed"
stop "$mock_pid"
start_mock once "$tmp/asked.pem"
like "a session that ends before a key is stored" "$(key store)" "^$denied: the keyring refuses OpenSession"
unlike "  is not used" "$(cat "$tmp/log")" "assertion"
stop "$mock_pid"
start_mock mute
like "a service that never answers" "$(ICRED_TEST_DEADLINE=800 key sign)" "^$timeout: "
stop "$mock_pid"

stop_bus
like "the bus is gone" "$(key sign)" "^$no_service: no D-Bus session"
unlike "nothing secret was logged" "$(cat "$tmp/log")" "PRIVATE KEY|MII"
done_testing
