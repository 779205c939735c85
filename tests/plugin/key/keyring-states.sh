#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A keyring that is locked, absent or dying: each reported as what it is, never a question, never a hang.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole_requires
start_sandbox || exit 99
profile default
token='^crs_[0-9a-f]{48}$'
authority=${sandbox_url#https://}

# everything NAME KIND PATTERN [STATE]: all that wants a key fails so, in time; what wants none does not
everything() {
	everything_state="('$2', [])"
	[ $# -lt 4 ] || everything_state=$4
	everything_name=$1 everything_kind=$2 everything_pattern=$3
	refused "$everything_name: token" 4 "$everything_kind" "$everything_pattern" timeout 20 icred token </dev/null
	refused "  curl-config" 4 "$everything_kind" "$everything_pattern" timeout 20 icred curl-config </dev/null
	refused "  key import" 4 "$everything_kind" "$everything_pattern" timeout 20 icred key import "$sandbox_key" </dev/null
	run timeout 20 git-credential-icred get <<-END
		protocol=https
		host=$authority

	END
	is "  git's helper says it and no more" "$status.$out.$(printf '%s\n' "$err" | grep -Ec -e "$everything_pattern")" "4..1" ||
		diag "$err"
	run timeout 20 icred status --json </dev/null
	is "  status shows it, which is no failure" "$status.$err.$(json 'd["keysState"], [k["locked"] for k in d["keys"]]')" \
		"0..$everything_state"
	run timeout 20 icred status </dev/null
	is "  in words, too" "$status.$(printf '%s\n' "$out" | grep -Eci 'locked|keyring|bus')" "0.1" || diag "$out"
	is "  a key's fingerprint needs no keyring" "$(timeout 20 icred key fingerprint "$sandbox_key" | wc -c)" 45
}

# -- no bus, no service ----------------------------------------------------------------------

everything "no bus" no-service 'no D-Bus session'
DBUS_SESSION_BUS_ADDRESS=unix:path=$tmp/nothing
export DBUS_SESSION_BUS_ADDRESS
everything "a bus that is gone" no-service 'no D-Bus session'
unset DBUS_SESSION_BUS_ADDRESS
start_bus || exit 99
everything "no service on the bus" no-service 'GNOME Keyring, KWallet or KeePassXC'
refused "  key list" 4 no-service 'KeePassXC' timeout 20 icred key list
refused "  key remove" 4 no-service 'KeePassXC' timeout 20 icred key remove "$(icred key fingerprint "$sandbox_key")"
is "nothing asked the server for anything" "$(sandbox requests)" 0

# -- locked ------------------------------------------------------------------------------

start_keyring || exit 99
icred -q key import "$sandbox_key" >"$tmp/imported"
cached_token=$(icred token)
like "unlocked, all is well" "$cached_token" "$token"
lock_keyring || exit 99
is "locked: the cached token needs no keyring" "$(icred token)" "$cached_token"
icred forget
everything "locked" locked 'the keyring is locked and cannot ask.*: not interactive; unlock it' "('ok', [True])"
is "  no window was asked for" "$(grep -c 'rompt' "$tmp/keyring.log")" 0
is "  key list shows it as locked" "$(icred key list --json | grep -o '"locked":[a-z]*')" '"locked":true'
refused "  another app's key is missing, not locked" 3 not-found 'icred key import' icred token -a 999

# At a terminal a call is interactive, but not with --no-interactive.
if command -v script >/dev/null 2>&1; then
	on_terminal() { timeout 30 script -qec "$1" /dev/null </dev/null 2>&1; }
	like "at a terminal, --no-interactive" "$(on_terminal 'icred --no-interactive token; echo "ended with $?"' | tr -d '\r')" 'ended with 4'
	like "  no answer: it ends nevertheless" \
		"$(on_terminal 'icred --timeout 3 token; echo "ended with $?"' | tr -d '\r')" 'ended with [147]'
	is "  which a list ignores" "$(on_terminal 'icred --timeout 3 key list --json' | grep -o '"locked":[a-z]*')" '"locked":true'
else
	skip "no script(1), so no terminal"
	skip "no script(1), so no terminal"
	skip "no script(1), so no terminal"
fi
# As after a reboot: this daemon has never seen the password.
stop_keyring
keyring_daemon_start /dev/null || exit 99
everything "never unlocked" locked 'the keyring is locked and cannot ask.*: not interactive; unlock it' "('ok', [True])"

# -- a service that dies or hangs ------------------------------------------------------------

stop_keyring
start_keyring || exit 99
like "unlocked again: the key is still there" "$(icred token)" "$token"
icred forget
if command -v secret-tool >/dev/null 2>&1; then
	# another LABEL: an item of the app that holds no key
	another() {
		secret-tool store --label="$1" kind app-key app_id "$sandbox_app" api_origin "$sandbox_url" by "test $1"
	}
	printf 'no key' | another one
	: | another two
	run icred token
	like "items that another program has made are skipped" "$status.$out" '^0[.]crs_[0-9a-f]{48}$'
	is "  with a warning of each" "$(printf '%s\n' "$err" |
		grep -Ec '^icred: key keyring: .*item "(one|two)" for app .* is not usable: (this is not a key|the key file is empty).*remove it')" 2 || diag "$err"
	is "  and no more" "$(wc -l <"$tmp/.err")" 2 || diag "$err"
	icred forget
	is "  key list shows them all" "$(icred key list --json | grep -o '"label":' | wc -l)" 3
	icred key remove "$(icred key fingerprint "$sandbox_key")"
	refused "  with no other, the newest is reported" 8 invalid \
		'item .*"two.*" for app .* not usable: the key file is empty; import the key again' icred token
	icred -q key import "$sandbox_key" >"$tmp/imported"
	secret-tool clear by "test one"
	secret-tool clear by "test two"
else
	for _ in 1 2 3 4 5; do
		skip "no secret-tool(1), so no other program"
	done
fi
kill -STOP "$keyring_pid"
refused "a service that hangs: the deadline ends it" 7 timeout 'keyring' timeout 20 icred --timeout 1 token
refused "  key import, too" 7 timeout 'keyring' timeout 20 icred --timeout 1 key import "$sandbox_key"
run timeout 20 icred --timeout 1 status --json
is "  and status shows that" "$status.$(json 'd["keysState"]')" "0.timeout" || diag "$err"
timeout 20 icred --json --timeout 15 token >"$tmp/out" 2>"$tmp/errors-now" &
asking=$!
sleep 0.5
kill -9 "$keyring_pid"
stop "$keyring_pid"
wait "$asking" && status=0 || status=$?
is "a service that is killed meanwhile" "$status.$(cat "$tmp/out").$(json 'd["error"]["kind"]' "$tmp/errors-now")" "4..no-service"
refused "  and then there is none" 4 no-service 'KeePassXC' timeout 20 icred token
start_keyring || exit 99
like "  the next one is asked as if nothing had been" "$(icred token)" "$token"
icred forget
kill -STOP "$bus_pid"
refused "a bus that hangs: the deadline ends it" 7 timeout '' timeout 20 icred --timeout 1 token
kill -CONT "$bus_pid"
is "nothing was cached by all that" "$(cached)" 0
errors_checked
done_testing
