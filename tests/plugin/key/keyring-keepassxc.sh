#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key module "keyring" on a real KeePassXC, which needs no display here.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"
. "$srcdir/tests/plugin/key/wallets.sh"

requires keepassxc keepassxc-cli dbus-daemon dbus-send openssl
[ -e "$ICRED_MODULE_DIR/key-keyring.so" ] || plan skip_all "the key module for the Secret Service was not built"
QT_QPA_PLATFORM=offscreen
export QT_QPA_PLATFORM
database=$tmp/keys.kdbx
database_password=secret

# settings LINE...: of its Secret Service
settings() {
	mkdir -p "$XDG_CONFIG_HOME/keepassxc"
	{
		printf '[General]\nConfigVersion=2\nUpdateCheckMessageShown=true\n[GUI]\nCheckForUpdates=false\n'
		printf '[Security]\nLockDatabaseIdle=false\n[FdoSecrets]\nEnabled=true\nShowNotification=false\n'
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$XDG_CONFIG_HOME/keepassxc/keepassxc.ini"
}

# A database whose root group is for the Secret Service.
make_database() {
	cat >"$tmp/keys.xml" <<-EOF_XML
		<?xml version="1.0" encoding="utf-8" standalone="yes"?>
		<KeePassFile><Meta><DatabaseName>my keys</DatabaseName><RecycleBinEnabled>False</RecycleBinEnabled>
		<CustomData><Item><Key>FDO_SECRETS_EXPOSED_GROUP</Key>
		<Value>{00010203-0405-0607-0809-0a0b0c0d0e0f}</Value></Item></CustomData></Meta>
		<Root><Group><UUID>AAECAwQFBgcICQoLDA0ODw==</UUID><Name>Root</Name></Group></Root></KeePassFile>
	EOF_XML
	printf '%s\n%s\n' "$database_password" "$database_password" |
		keepassxc-cli import -q -p -t 100 "$tmp/keys.xml" "$database" >"$tmp/import.log" 2>&1 || {
		diag "no database: $(cat "$tmp/import.log")"
		exit 99
	}
}

# database_is true|false [NAME]: locked
database_is() {
	bus_call org.freedesktop.secrets "/org/freedesktop/secrets/collection/${2:-keys}" \
		org.freedesktop.DBus.Properties.Get string:org.freedesktop.Secret.Collection string:Locked |
		grep -q "$1"
}

database_is_closed() { ! database_is '' && secret_service_there; }

# window METHOD [ARGUMENT...]: its own interface
window() {
	window_method=$1
	shift
	dbus-send --session --print-reply --reply-timeout=5000 --dest=org.keepassxc.KeePassXC.MainWindow /keepassxc \
		"org.keepassxc.KeePassXC.MainWindow.$window_method" "$@" >"$tmp/window.log" 2>&1
}

open_database() { window openDatabase "string:$database" "string:$database_password"; }

# Without a database: 2.7.10 ends by SIGSEGV when it is started with one and there is no display.
start_without_database() {
	keepassxc >"$tmp/log" 2>&1 &
	keepassxc_pid=$!
	lib_pids="$keepassxc_pid $lib_pids"
	wait_for 20 secret_service_there || {
		diag "no KeePassXC: $(cat "$tmp/log")"
		return 1
	}
}

start_keepassxc() {
	start_without_database || return 1
	open_database
	wait_for 20 database_is false || {
		diag "no database: $(cat "$tmp/window.log" "$tmp/log")"
		return 1
	}
}

# A window that is shown where there is no display leaves a line; the main one is never shown.
windows() { grep -c propagateSizeHints "$tmp/log"; }

make_database
settings ConfirmAccessItem=false ConfirmDeleteItem=false UnlockBeforeSearch=false
start_sandbox || exit 99
start_bus || exit 99
start_keepassxc || exit 99
profile default

# -- open, and asking nothing more than it has to -----------------------------------------

refused "it wants a word before it stores a key" 4 locked 'wants to ask' timeout 20 icred --no-interactive key import "$sandbox_key"
wallet_life 'my keys'
refused "or removes one" 4 locked 'wants to ask' timeout 20 icred --no-interactive key remove "$(fingerprint_of "$sandbox_key")"
is "no window was shown" "$(windows)" 0

# -- locked, closed, gone ------------------------------------------------------------------

window lockAllDatabases
wait_for 5 database_is true
wallet_locked "locked" 'the keyring is locked and cannot ask.*: not interactive; unlock it'
open_database
wait_for 5 database_is false
like "unlocked again" "$(icred --no-interactive token)" "$wallet_token"
icred forget
window closeAllDatabases
wait_for 5 database_is_closed
wallet_locked "no database is open" 'no keyring is open' 'no default keyring'
open_database
wait_for 5 database_is false
like "opened again" "$(icred --no-interactive token)" "$wallet_token"
icred forget
is "no window was shown" "$(windows)" 0
wallet_dies "$keepassxc_pid" start_keepassxc
like "  the next one has the key" "$(icred --no-interactive token)" "$wallet_token"
icred forget
window appExit
stop "$keepassxc_pid"
refused "ended by its user" 4 no-service 'KeePassXC' timeout 20 icred --no-interactive token

# -- two databases, and what has the key is locked ------------------------------------------

mv "$database" "$tmp/other.kdbx"
make_database
start_without_database || exit 99
window openDatabase "string:$tmp/other.kdbx" "string:$database_password"
wait_for 20 database_is false other
window lockAllDatabases
wait_for 5 database_is true other
open_database
wait_for 5 database_is false
refused "the key is in the locked one: token" 4 locked 'the keyring is locked and cannot ask.*: not interactive; unlock it' timeout 20 icred --no-interactive token
refused "  key list" 4 locked 'the keyring is locked and cannot ask.*: not interactive; unlock it' timeout 20 icred --no-interactive key list
is "  no window was shown" "$(windows)" 0
window appExit
stop "$keepassxc_pid"
mv "$tmp/other.kdbx" "$database"

# -- as it is set up by default: it asks for each item, and before each search --------------

settings
start_keepassxc || exit 99
wallet_locked "each item to be confirmed" 'the keyring is locked and cannot ask.*: not interactive; unlock it' 'wants to ask'
window lockAllDatabases
wait_for 5 database_is true
wallet_locked "locked as well" 'the keyring is locked and cannot ask.*: not interactive; unlock it'
is "no window was shown" "$(windows)" 0
on_terminal icred --timeout 2 token
like "at a terminal it asks, until the deadline" "$status.$(windows)" '^7[.][1-9]' || diag "$out"
like "  with its name after a second" "$out" "KeePassXC: waiting for the keyring.s question in another window; press Ctrl-C"
is "nothing was cached by all that" "$(cached)" 0
errors_checked
done_testing
