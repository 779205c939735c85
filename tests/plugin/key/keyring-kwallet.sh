#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key module "keyring" on a real KWallet, opened as at login, which needs no display here.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"
. "$srcdir/tests/plugin/key/wallets.sh"

# Of KDE Frameworks 6 or 5, whichever is here.
kwalletd=kwalletd6
command -v "$kwalletd" >/dev/null 2>&1 || kwalletd=kwalletd5
requires "$kwalletd" dbus-daemon dbus-send openssl
[ -e "$ICRED_MODULE_DIR/key-keyring.so" ] || plan skip_all "the key module for the Secret Service was not built"
QT_QPA_PLATFORM=offscreen
export QT_QPA_PLATFORM

cat >"$XDG_CONFIG_HOME/kwalletrc" <<-EOF_RC
	[Wallet]
	Enabled=true
	First Use=false
	Default Wallet=kdewallet
	Prompt on Open=false
	Close When Idle=false
	Launch Manager=false
	[org.freedesktop.secrets]
	apiEnabled=true
EOF_RC

# As pam_kwallet5 does it: the key, derived from the password, by a pipe, and the environment, here empty, by a socket.
cat >"$tmp/login.py" <<-'EOF_PY'
	import hashlib, os, socket, sys
	folder = os.path.join(os.environ["XDG_DATA_HOME"], "kwalletd")
	os.makedirs(folder, 0o700, exist_ok=True)
	salt = os.path.join(folder, "kdewallet.salt")
	if not os.path.exists(salt):
	    with open(salt, "wb") as file:
	        file.write(os.urandom(56))
	with open(salt, "rb") as file:
	    key = hashlib.pbkdf2_hmac("sha512", b"a test password", file.read(), 50000, 56)
	out, into = os.pipe()
	os.write(into, key)
	os.close(into)
	program, path = sys.argv[1:]
	if os.path.exists(path):
	    os.unlink(path)
	server = socket.socket(socket.AF_UNIX)
	server.bind(path)
	server.listen(1)
	client = socket.socket(socket.AF_UNIX)
	client.connect(path)
	client.close()
	for fd in out, server.fileno():
	    os.set_inheritable(fd, True)
	os.environ["PAM_KWALLET5_LOGIN"] = path
	os.execvp(program, [program, "--pam-login", str(out), str(server.fileno())])
EOF_PY

# wallet_is true|false: locked
wallet_is() {
	bus_call org.freedesktop.secrets /org/freedesktop/secrets/collection/kdewallet \
		org.freedesktop.DBus.Properties.Get string:org.freedesktop.Secret.Collection string:Locked |
		grep -q "$1"
}

wallet() { bus_call "org.kde.$kwalletd" "/modules/$kwalletd" "org.kde.KWallet.$1" ${2:+"$2"}; }

wallet_is_open() { wallet isOpen string:kdewallet | grep -q true; }

# start_kwallet [PROGRAM...]: at login by default
start_kwallet() {
	[ $# -gt 0 ] || set -- "$PYTHON" "$tmp/login.py" "$kwalletd" "$XDG_RUNTIME_DIR/kwallet5.socket"
	"$@" >"$tmp/kwallet.log" 2>&1 &
	kwallet_pid=$!
	lib_pids="$kwallet_pid $lib_pids"
	wait_for 20 secret_service_there || {
		diag "no KWallet: $(cat "$tmp/kwallet.log")"
		return 1
	}
}

# A window that is shown where there is no display leaves a line.
windows() { grep -c propagateSizeHints "$tmp/kwallet.log"; }

start_sandbox || exit 99
start_bus || exit 99
profile default

# -- no wallet, the first login, which makes one, and the next ------------------------------------

start_kwallet "$kwalletd" || exit 99
wallet_locked "no wallet yet" 'no keyring is open' 'no default keyring'
stop "$kwallet_pid"
start_kwallet || exit 99
wait_for 10 wallet_is_open
stop "$kwallet_pid"
start_kwallet || exit 99
wait_for 10 wallet_is_open
# It may be locked for the Secret Service until the first interactive call, which then shows no question.
if wallet_is true; then
	wallet_locked "opened at login, but not for all" 'the keyring is locked and cannot ask.*: not interactive; unlock it'
fi
on_terminal icred token
is "opened at login" "$status.$(windows)" 3.0 || diag "$out"
wallet_life kdewallet

# One session in 128 fails with KWallet 5.103 and libsecret 0.20.5.
sign_often() {
	often=200
	while [ "$often" -gt 0 ]; do
		"$builddir/tests/plugin/key/keyring-module" "$ICRED_MODULE_DIR/key-keyring.so" sign </dev/null 2>/dev/null
		often=$((often - 1))
	done | sort | uniq -c | sed 's/^ *//'
}

"$builddir/tests/plugin/key/keyring-module" "$ICRED_MODULE_DIR/key-keyring.so" keep >"$tmp/kept" 2>&1
is "all sessions are of use" "$(sign_often)" "200 ok"

# -- locked, gone ------------------------------------------------------------------------------

wallet closeAllWallets >"$tmp/closed"
wait_for 5 wallet_is true
wallet_locked "locked" 'the keyring is locked and cannot ask.*: not interactive; unlock it'
is "  the key is listed nevertheless" "$(icred --no-interactive key list --json | grep -o '"locked":[a-z]*')" '"locked":true'
is "no window was shown" "$(windows)" 0
wallet_dies "$kwallet_pid" start_kwallet
wait_for 10 wallet_is_open
on_terminal icred token
like "  the next one has the key" "$out" "$wallet_token"
icred forget
stop "$kwallet_pid"

# -- without a password from login ---------------------------------------------------------------

start_kwallet "$kwalletd" || exit 99
wallet_locked "never unlocked" 'the keyring is locked and cannot ask.*: not interactive; unlock it'
is "no window was shown" "$(windows)" 0
on_terminal icred --timeout 2 token
like "at a terminal it asks, until the deadline" "$status.$(windows)" '^7[.][1-9]' || diag "$out"
like "  with its name after a second" "$out" "KWallet: waiting for the keyring.s question in another window; press Ctrl-C"
is "nothing was cached by all that" "$(cached)" 0
errors_checked
done_testing
