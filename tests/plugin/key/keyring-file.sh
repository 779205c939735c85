#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# No Secret Service, but libsecret's own file: by name, and in a sandbox with the secret portal.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole_requires openssl
module=$ICRED_MODULE_DIR/key-keyring.so
driver=$builddir/tests/plugin/key/keyring-module
not_found=-1 locked=-2 no_service=-3 timeout=-8 cancelled=-14 invalid=-12
token='^crs_[0-9a-f]{48}$'
ICRED_TEST_WHERE=libsecret-file
export ICRED_TEST_WHERE

# libsecret loses some bytes of each file that it reads, also in GIO's threads; it takes whole stacks to tell
# them from ours.
printf 'leak:%s\n' libsecret-1.so libgio-2.0.so >"$tmp/leaks"
ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}fast_unwind_on_malloc=0
LSAN_OPTIONS=suppressions=$tmp/leaks:print_suppressions=0
export ASAN_OPTIONS LSAN_OPTIONS

key() { timeout -k 5 60 "$driver" "$module" "$@" 2>>"$tmp/log" </dev/null; }
file_with() {
	file_password=$1
	shift
	SECRET_BACKEND=file SECRET_FILE_TEST_PATH=$tmp/file/keys SECRET_FILE_TEST_PASSWORD=$file_password key "$@"
}
file() { file_with master "$@"; }
boxed() { SNAP_NAME=app key "$@"; }

# start_portal MODE: in place of the one that was
start_portal() {
	[ -z "${portal_pid:-}" ] || stop "$portal_pid"
	"$builddir/tests/plugin/key/secret-portal" "$1" 9>&- &
	portal_pid=$!
	lib_pids="$portal_pid $lib_pids"
	wait_for 5 portal_there || exit 99
}
portal_there() {
	bus_call org.freedesktop.DBus / org.freedesktop.DBus.GetNameOwner string:org.freedesktop.portal.Desktop \
		>/dev/null 2>&1
}

# -- by name -----------------------------------------------------------------

for what in sign store remove list; do
	like "the file by name, but no master password: $what" "$(SECRET_BACKEND="file" key $what)" \
		"^$no_service: no keyring service, and libsecret's file cannot be used either"
done
ok "  and there is no file then" test ! -e "$XDG_DATA_HOME/keyrings/default.keyring"
is "no bus: empty, several keys, 16 kB, threads, removal" "$(file life)" "ok"
fingerprint=$(file keep)
is "a key is stored" "${#fingerprint}" 44
is "a later process signs with it" "$(file sign)" "ok"
mkfifo "$tmp/in"
SECRET_BACKEND="file" SECRET_FILE_TEST_PATH=$tmp/file/later SECRET_FILE_TEST_PASSWORD=master \
	timeout -k 5 60 "$driver" "$module" sign <"$tmp/in" >"$tmp/signed" 2>>"$tmp/log" &
signer=$!
exec 9>"$tmp/in"
wait_for 5 grep -q . "$tmp/signed"
like "one that was there before" "$(cat "$tmp/signed")" "^$not_found: "
cp "$tmp/file/keys" "$tmp/file/later"
echo >&9
exec 9>&-
wait "$signer"
is "  sees what another process has stored" "$(sed -n 2p "$tmp/signed")" "ok"
is "in a file that is its owner's alone" "$(stat -c %a "$tmp/file/keys")" 600
is "which holds it encrypted" "$(grep -ac -e PRIVATE -e app-key "$tmp/file/keys")" 0
cp "$tmp/file/keys" "$tmp/before"
like "an empty password does not count" "$(file_with '' sign)" "^$no_service: .*master password"
for what in sign store remove list; do
	like "another master password is an error, not an empty file: $what" "$(file_with other $what)" \
		"^$locked: libsecret's file is encrypted with another master password"
done
ok "  and writes nothing" cmp "$tmp/before" "$tmp/file/keys"
printf 'something else' >"$tmp/file/keys"
for what in sign store remove list; do
	like "a file that is not libsecret's: $what" "$(file $what)" "^$invalid: .*default.keyring is not a file of libsecret"
done
is "  is let alone" "$(cat "$tmp/file/keys")" "something else"
rm "$tmp/file/keys"
like "the file removed: no key" "$(file sign)" "^$not_found: "
like "the name of another backend does not select the file" "$(SECRET_BACKEND=service key sign)" "^$no_service: no D-Bus session"

# -- a sandbox ---------------------------------------------------------------

like "a sandbox without a bus" "$(boxed sign)" "^$no_service: no D-Bus session"
start_bus || exit 99
like "a sandbox without a portal" "$(boxed sign)" "^$no_service: .*GNOME Keyring, KWallet or KeePassXC"
start_portal give
like "the portal is for sandboxes only" "$(key sign)" "^$no_service: .*GNOME Keyring, KWallet or KeePassXC"
is "a sandbox with the portal" "$(boxed life)" "ok"
fingerprint=$(boxed keep)
is "  a later process signs" "$(boxed sign)" "ok"
start_portal other
like "  but not with another master secret" "$(boxed sign)" "^$locked: .*another master password"
start_portal short
like "the portal gives no whole secret" "$(boxed sign)" "^$no_service: .*cannot be used either"
start_portal refuse
like "the portal's question is dismissed" "$(boxed sign)" "^$cancelled: .*dismissed"
start_portal fail
like "the portal has none to give" "$(boxed sign)" "^$no_service: .*cannot be used either"
start_portal die
like "the portal ends over the question" "$(boxed sign)" "^$no_service: .*cannot be used either"

# A portal's silence has no end of its own.
start_portal mute
for what in sign store remove list; do
	like "the portal never answers: $what" "$(ICRED_TEST_DEADLINE=800 boxed $what)" "^$timeout: "
done
threads=$(ICRED_TEST_DEADLINE=130 boxed often)
ok "  what is left behind does not add up" test "${threads:-1000}" -lt 40 || diag "threads: $threads"
SNAP_NAME=app ICRED_TEST_DEADLINE=2500 timeout -k 5 60 "$driver" "$module" sign <"$tmp/in" >"$tmp/waited" 2>>"$tmp/log" &
signer=$!
exec 9>"$tmp/in"
wait_for 5 grep -q . "$tmp/waited"
like "  nor in one that goes on" "$(cat "$tmp/waited")" "^$timeout: "
start_portal give
echo >&9
wait_for 5 sh -c "[ \$(wc -l <'$tmp/waited') -eq 2 ]"
is "  which signs when the portal answers again" "$(sed -n 2p "$tmp/waited")" "ok"
exec 9>&-
wait "$signer"
is "  and ends well" "$?" 0
kill -STOP "$portal_pid"
like "a portal that hangs" "$(ICRED_TEST_DEADLINE=800 boxed sign)" "^$timeout: "
kill -CONT "$portal_pid"
is "the key is still there to be removed" "$(ICRED_TEST_DEADLINE=10000 boxed sign)" "ok"
rm -r "$XDG_DATA_HOME/keyrings"

# -- from the command's line to the server ------------------------------------

start_sandbox || exit 99
profile default

# whole_line NAME: import, list, token, a rotation, removal
whole_line() {
	run icred -q --no-interactive key import "$sandbox_key"
	is "$1: key import" "$status" 0 || diag "$err"
	run icred key list --json
	is "  key list" "$(json '[(k["fingerprint"], k["where"], k["locked"]) for k in d["keys"]]')" \
		"[('$(icred key fingerprint "$sandbox_key")', 'libsecret-file', False)]"
	like "  the server takes what it signs" "$(icred --no-interactive token 2>"$tmp/said")" "$token"
	icred -q key import "$tmp/new.pem" --label newer >"$tmp/imported" 2>&1
	run icred key list --json
	is "  a newer key comes first" "$(json '[k["label"] for k in d["keys"]][0], len(d["keys"])')" "('newer', 2)"
	icred forget
	run icred -v token
	like "  which the server refuses: the older one serves" "$out" "$token" || diag "$err"
	like "    after the newer" "$err" '^icred: issuer icr \([^)]*\): rejected'
	icred forget
	run icred status --json
	is "  status" "$status.$(json 'd["keysState"], len(d["keys"])')" "0.('ok', 2)" || diag "$err"
	for whole_key in "$tmp/new.pem" "$sandbox_key"; do
		run icred key remove "$(icred key fingerprint "$whole_key")"
		is "  key remove" "$status" 0 || diag "$err"
	done
	refused "  and it signs no more" 3 not-found 'icred key import' icred token
	refused "    nor is removed twice" 3 not-found '' icred key remove "$(icred key fingerprint "$sandbox_key")"
}

openssl genpkey -quiet -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out "$tmp/new.pem" 2>/dev/null ||
	openssl genrsa -out "$tmp/new.pem" 2048 2>/dev/null
SNAP_NAME=app
export SNAP_NAME
whole_line "by the portal"
start_portal mute
refused "a portal that is silent: the deadline ends it" 7 timeout 'keyring' timeout 20 icred --timeout 1 token
refused "  key import, too" 7 timeout 'keyring' timeout 20 icred --timeout 1 key import "$sandbox_key"
start_portal give
like "  and does no harm to the next" "$(icred -q key import "$sandbox_key" >"$tmp/imported" && icred token)" "$token"
icred forget
unset SNAP_NAME
stop_bus

SECRET_BACKEND="file"
export SECRET_BACKEND
refused "by name, no master password: token" 4 no-service 'master password' icred token
refused "  key import" 4 no-service 'master password' icred key import "$sandbox_key"
SECRET_FILE_TEST_PATH=$tmp/cli/keys SECRET_FILE_TEST_PASSWORD=master
export SECRET_FILE_TEST_PATH SECRET_FILE_TEST_PASSWORD
unset DBUS_SESSION_BUS_ADDRESS
whole_line "by name, and no bus"
run icred key list -v
is "  a password in the environment has a warning" "$(printf '%s\n' "$err" | grep -c 'SECRET_FILE_TEST_PASSWORD, which is for tests')" 1
like "  and -v shows that the file is used" "$err" "there is no Secret Service, so libsecret's file is used"
# libsecret itself gives up on one that was cut off, and ends the process it is in.
printf 'GnomeKeyring\n\r\000\n\001\000cut off' >"$tmp/cli/keys"
for what in token 'key list'; do
	# shellcheck disable=SC2086 # words of a command
	run icred $what
	is "a file at which libsecret ends its process: $what" "$status" 1
	like "  is reported" "$err" 'module key keyring crashed'
done
unset SECRET_BACKEND SECRET_FILE_TEST_PATH SECRET_FILE_TEST_PASSWORD

# -- a service goes first ------------------------------------------------------

start_keyring || exit 99
is "with a service the file is let alone: by name" "$(ICRED_TEST_WHERE=Login file life)" "ok"
start_portal give
is "  in a sandbox that may see it" "$(ICRED_TEST_WHERE=Login boxed life)" "ok"
fingerprint=$(key keep)
lock_keyring || exit 99
like "  even if it is locked" "$(file sign)" "^$locked: the keyring is locked and cannot ask.*: not interactive; unlock it"
errors_checked
unlike "nothing secret was logged" "$(cat "$tmp/log")" "PRIVATE KEY|MII"
done_testing
