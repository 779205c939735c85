# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154 # what lib.sh and whole.sh set
#
# For the tests of other keyrings than GNOME's, sourced after whole.sh.
#   - on_terminal COMMAND...: as run, but at a terminal, where a call is interactive
#   - wallet_life WHERE: import, list, sign and remove in an unlocked keyring of that name
#   - wallet_locked NAME PATTERN: everything says that it is locked, at once
#   - wallet_dies PID START: a service that hangs, that is killed while it is asked, and that is back

wallet_token='^crs_[0-9a-f]{48}$'

on_terminal() {
	run timeout -k 5 30 "$PYTHON" -c '
import os, pty, sys
sys.exit(os.waitstatus_to_exitcode(pty.spawn(sys.argv[1:])))' "$@" </dev/null
	out=$(printf '%s\n' "$out" | tr -d '\r')
}

fingerprint_of() { icred key fingerprint "$1"; }

# "FINGERPRINT LABEL" of each key, in order
wallet_keys() {
	icred --no-interactive key list --json |
		"$PYTHON" -c 'import json, sys; [print(k["fingerprint"], k["label"]) for k in json.load(sys.stdin)["keys"]]'
}

# A key of 2048 bits, with that many lines of text before it.
wallet_make_key() {
	{
		awk -v n="${2:-0}" 'BEGIN { while (n-- > 0) printf "%070d\n", n }'
		openssl genrsa 2048 2>/dev/null
	} >"$1"
}

# Dates are of one second, and the newest comes first.
wallet_import() {
	sleep 1.1
	on_terminal icred key import "$@"
	is "import of $(basename "$1")" "$status" 0 || diag "$out"
}

wallet_life() {
	wallet_make_key "$tmp/b.pem"
	wallet_make_key "$tmp/c.pem"
	wallet_make_key "$tmp/big.pem" 225
	a=$(fingerprint_of "$sandbox_key") b=$(fingerprint_of "$tmp/b.pem")
	c=$(fingerprint_of "$tmp/c.pem") big=$(fingerprint_of "$tmp/big.pem")
	refused "no key yet" 3 not-found 'icred key import' timeout 20 icred --no-interactive token
	wallet_import "$sandbox_key"
	wallet_life_again "$1"
	wallet_import "$tmp/b.pem" --label 'two words'
	wallet_import "$tmp/c.pem" --label 'two words'
	is "duplicate labels, the newest first" "$(wallet_keys)" "$c two words
$b two words
$a mine"
	wallet_import "$tmp/big.pem"
	is "a PEM of 16 kB came back whole" "$(($(wc -c <"$tmp/big.pem") > 16000)).$(wallet_keys | wc -l)" 1.4
	run icred --no-interactive -v token
	is "the newest that the server knows is the last" "$(printf '%s\n' "$err" | grep -c 'issuer .*: rejected,')" 3
	like "  and gives a token" "$out" "$wallet_token"
	wallet_life_remove
}

wallet_life_again() {
	like "it signs" "$(icred --no-interactive token)" "$wallet_token"
	run timeout 20 icred --no-interactive key import "$sandbox_key"
	is "the same again is not an error, and asks nothing" "$status.$out" "0.$a" || diag "$err"
	run timeout 20 icred --no-interactive key import "$sandbox_key" --label mine
	is "  with a label" "$status.$(wallet_keys)" "0.$a mine" || diag "$err"
	run timeout 20 icred --no-interactive key import "$sandbox_key"
	is "  which stays" "$status.$(wallet_keys)" "0.$a mine" || diag "$err"
	run icred --no-interactive key list --json
	is "  where it is" "$(json '[(k["where"], k["locked"], k["bits"]) for k in d["keys"]]')" "[('$1', False, 2048)]"
	icred forget
}

wallet_life_remove() {
	on_terminal icred key remove "$big"
	is "removed" "$status" 0 || diag "$out"
	on_terminal icred key remove "$b"
	is "  another one, too" "$status" 0 || diag "$out"
	on_terminal icred key remove "$b"
	is "  it is not there to be removed again" "$status" 3 || diag "$out"
	is "  the others are" "$(wallet_keys)" "$c two words
$a mine"
	on_terminal icred key remove "$c"
	icred forget
	like "  and sign" "$(icred --no-interactive token)" "$wallet_token"
	icred forget
}

# --no-interactive shows no window, whatever the service would like.
wallet_locked() {
	refused "$1: token" 4 locked "$2" timeout 20 icred --no-interactive token
	refused "  key import" 4 locked "${3:-$2}" timeout 20 icred --no-interactive key import "$sandbox_key"
	refused "  key remove" 4 locked "$2" timeout 20 icred --no-interactive key remove "$(fingerprint_of "$sandbox_key")"
	run timeout 20 icred --no-interactive status --json
	is "  status shows it, which is no failure" "$status.$(json 'd["keysState"] == "locked" or [k["locked"] for k in d["keys"]] == [True]')" \
		0.True || diag "$out $err"
}

wallet_dies() {
	kill -STOP "$1"
	refused "a service that hangs: the deadline ends it" 7 timeout keyring timeout 20 icred --no-interactive --timeout 1 token
	timeout 20 icred --no-interactive --json --timeout 15 token >"$tmp/out" 2>"$tmp/errors-now" &
	asking=$!
	sleep 0.5
	kill -9 "$1"
	stop "$1"
	wait "$asking" && status=0 || status=$?
	is "a service that is killed meanwhile" "$status.$(cat "$tmp/out").$(json 'd["error"]["kind"]' "$tmp/errors-now")" "4..no-service"
	refused "  and then there is none" 4 no-service 'KeePassXC' timeout 20 icred --no-interactive token
	"$2" || exit 99
}
