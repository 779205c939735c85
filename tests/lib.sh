# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh
#
# What the shell tests share: source it first.  It gives a test
#   - TAP: plan, ok, is, isnt, like, unlike, run, fails, skip, diag, done_testing
#   - $tmp, with a private HOME, XDG_* and no D-Bus; gone when the test ends
#   - the programs of the build tree, in PATH, with their modules and worker
#   - real parts: start_sandbox, start_bus, start_keyring, start_locked_keyring
#   - profile NAME LINE...: a profile of the sandbox
# Everything that was started is stopped on exit, however that comes about.

# A session keyring of our own: what a test caches in the kernel ends with the test.
if [ -z "${ICRED_TEST_SESSION:-}" ] && keyctl session - true >/dev/null 2>&1; then
	ICRED_TEST_SESSION=yes
	export ICRED_TEST_SESSION
	# shellcheck disable=SC2016 # keyctl prints a line of its own, which is not wanted
	exec keyctl session - /bin/sh -c 'exec "$@" 2>&3 3>&-' sh "${BASH:-/bin/sh}" "$0" "$@" 3>&2 2>/dev/null
fi
: "${srcdir:=$(CDPATH='' cd -- "$(dirname -- "$0")" && while [ ! -e configure.ac ] && [ "$PWD" != / ]; do cd ..; done && pwd)}"
srcdir=$(CDPATH='' cd -- "$srcdir" && pwd)
: "${builddir:=$srcdir/build}"
builddir=$(CDPATH='' cd -- "$builddir" && pwd)
# The one that configure has found, which may not be the first in PATH.
: "${PYTHON:=$(sed -n 's/^PYTHON = //p' "$builddir/Makefile")}"
export srcdir builddir PYTHON

# -- TAP -------------------------------------------------------------------

tap_count=0
tap_failed=0
tap_planned=

diag() { printf '%s\n' "$*" | sed 's/^/# /'; }

# plan N, or: plan skip_all REASON
plan() {
	if [ "$1" = skip_all ]; then
		shift
		printf '1..0 # SKIP %s\n' "$*"
		exit 0
	fi
	tap_planned=$1
	printf '1..%s\n' "$1"
}

tap_result() {
	tap_count=$((tap_count + 1))
	if [ "$1" -eq 0 ]; then
		printf 'ok %s - %s\n' "$tap_count" "$2"
	else
		tap_failed=$((tap_failed + 1))
		printf 'not ok %s - %s\n' "$tap_count" "$2"
	fi
	return "$1"
}

# ok NAME COMMAND...: the command succeeds
ok() {
	tap_name=$1
	shift
	"$@" >"$tmp/.ok" 2>&1 && tap_status=0 || tap_status=$?
	tap_result "$((tap_status != 0))" "$tap_name" || {
		diag "'$*' ended with status $tap_status"
		diag "$(cat "$tmp/.ok")"
		return 1
	}
}

# is NAME GOT WANTED
is() {
	[ "$2" = "$3" ] && tap_status=0 || tap_status=1
	tap_result "$tap_status" "$1" || {
		diag "     got: $2"
		diag "  wanted: $3"
		return 1
	}
}

isnt() {
	[ "$2" != "$3" ] && tap_status=0 || tap_status=1
	tap_result "$tap_status" "$1" || {
		diag "got what was not wanted: $2"
		return 1
	}
}

# like NAME GOT EXTENDED-REGULAR-EXPRESSION
like() {
	printf '%s\n' "$2" | grep -Eq -e "$3" && tap_status=0 || tap_status=1
	tap_result "$tap_status" "$1" || {
		diag "            got: $2"
		diag "  does not match: $3"
		return 1
	}
}

unlike() {
	printf '%s\n' "$2" | grep -Eq -e "$3" && tap_status=1 || tap_status=0
	tap_result "$tap_status" "$1" || {
		diag "      got: $2"
		diag "  matches: $3"
		return 1
	}
}

# run COMMAND...: what it did is in $status, $out and $err
# shellcheck disable=SC2034 # for the tests
run() {
	"$@" >"$tmp/.out" 2>"$tmp/.err" && status=0 || status=$?
	out=$(cat "$tmp/.out")
	err=$(cat "$tmp/.err")
}

# fails NAME STATUS COMMAND...: it ends with this status, says why in one line or more, and prints nothing
fails() {
	tap_name=$1
	tap_wanted=$2
	shift 2
	run "$@"
	tap_status=1
	[ "$status" -eq "$tap_wanted" ] && [ -z "$out" ] && [ -n "$err" ] && tap_status=0
	tap_result "$tap_status" "$tap_name" || {
		diag "'$*': status $status, wanted $tap_wanted"
		diag "stdout: $out"
		diag "stderr: $err"
		return 1
	}
}

skip() {
	tap_count=$((tap_count + 1))
	printf 'ok %s # SKIP %s\n' "$tap_count" "$1"
}

# What programs printed and no test looked at is in $tmp/log, and of use when something went wrong.
done_testing() {
	[ -n "$tap_planned" ] || printf '1..%s\n' "$tap_count"
	if [ "$tap_failed" -gt 0 ]; then
		diag "$tap_failed of $tap_count failed"
		[ ! -s "$tmp/log" ] || diag "$(tail -n 60 "$tmp/log")"
	fi
	exit "$((tap_failed != 0))"
}

# requires PROGRAM...: without them there is nothing to test
requires() {
	for tap_program in "$@"; do
		command -v "$tap_program" >/dev/null 2>&1 || plan skip_all "$tap_program is missing"
	done
}

# -- a place of one's own --------------------------------------------------

tmp=$(mktemp -d "${TMPDIR:-/tmp}/icred.XXXXXX") || exit 99
lib_pids=
lib_cleanups=

# cleanup FUNCTION: called on exit, the last one first
cleanup() { lib_cleanups="$1 $lib_cleanups"; }

# stop PID: end it, and wait until it is gone
stop() {
	kill "$1" 2>/dev/null || :
	lib_left=100
	while kill -0 "$1" 2>/dev/null && [ "$lib_left" -gt 0 ]; do
		[ "$lib_left" -ne 1 ] || kill -9 "$1" 2>/dev/null
		lib_left=$((lib_left - 1))
		sleep 0.02
	done
	wait "$1" 2>/dev/null || :
}

lib_exit() {
	lib_status=$?
	trap '' HUP INT TERM
	trap - EXIT
	for lib_do in $lib_cleanups; do "$lib_do"; done
	for lib_pid in $lib_pids; do stop "$lib_pid"; done
	[ -n "${ICRED_TEST_KEEP:-}" ] || rm -rf "$tmp"
	exit "$lib_status"
}
trap lib_exit EXIT
trap 'exit 129' HUP
trap 'exit 130' INT
trap 'exit 143' TERM

# wait_for SECONDS COMMAND...: until it succeeds.  The seconds are those of a fast machine, of which one that is slow,
# or busy, gets four times as many: what succeeds waits no longer for that.
wait_for() {
	lib_left=$(($1 * 4 * 50))
	shift
	while ! "$@" >/dev/null 2>&1; do
		[ "$lib_left" -gt 0 ] || return 1
		lib_left=$((lib_left - 1))
		sleep 0.02
	done
}

private_home() {
	HOME=$tmp/home
	XDG_CONFIG_HOME=$HOME/.config
	XDG_DATA_HOME=$HOME/.local/share
	XDG_STATE_HOME=$HOME/.local/state
	XDG_CACHE_HOME=$HOME/.cache
	XDG_RUNTIME_DIR=$tmp/run
	mkdir -p "$XDG_CONFIG_HOME" "$XDG_DATA_HOME" "$XDG_STATE_HOME" "$XDG_CACHE_HOME"
	mkdir -m 700 "$XDG_RUNTIME_DIR"
	export HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME XDG_CACHE_HOME XDG_RUNTIME_DIR
	unset DBUS_SESSION_BUS_ADDRESS DBUS_STARTER_ADDRESS DISPLAY WAYLAND_DISPLAY GNOME_KEYRING_CONTROL \
		SSH_AUTH_SOCK SECRET_BACKEND ICRED_PROFILE ICRED_TRACE ICRED_TOKEN \
		http_proxy https_proxy all_proxy no_proxy HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY \
		CURL_CA_BUNDLE SSL_CERT_FILE SSL_CERT_DIR CURL_HOME GIT_DIR GIT_WORK_TREE GIT_ASKPASS SSH_ASKPASS \
		SSH_ASKPASS_REQUIRE ICRED_ASKPASS
	LC_ALL=C.UTF-8
	GIT_CONFIG_NOSYSTEM=1
	GIT_TERMINAL_PROMPT=0
	PYTHONDONTWRITEBYTECODE=1
	export LC_ALL GIT_CONFIG_NOSYSTEM GIT_TERMINAL_PROMPT PYTHONDONTWRITEBYTECODE
}

# The programs as built: they link nothing that libtool would have to wrap.
build_tree() {
	PATH=$builddir:$PATH:/usr/sbin:/sbin # where servers are
	ICRED_MODULE_DIR=$builddir/.libs
	ICRED_LIBEXEC_DIR=$builddir
	ICRED_CONFIG_DIR=$XDG_CONFIG_HOME/icred
	mkdir -p "$ICRED_CONFIG_DIR"
	export PATH ICRED_MODULE_DIR ICRED_LIBEXEC_DIR ICRED_CONFIG_DIR
}

private_home
build_tree

# -- D-Bus and the keyring -------------------------------------------------

keyring_password='a test password'

# start_bus: a session bus of our own, where nothing is started on demand
start_bus() {
	cat >"$tmp/bus.conf" <<-EOF
		<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
		 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
		<busconfig>
		  <type>session</type>
		  <listen>unix:path=$XDG_RUNTIME_DIR/bus</listen>
		  <auth>EXTERNAL</auth>
		  <policy context="default">
		    <allow send_destination="*" eavesdrop="true"/>
		    <allow eavesdrop="true"/>
		    <allow own="*"/>
		  </policy>
		</busconfig>
	EOF
	dbus-daemon --nofork --nopidfile --nosyslog --config-file="$tmp/bus.conf" 2>"$tmp/bus.log" &
	bus_pid=$!
	lib_pids="$bus_pid $lib_pids"
	wait_for 5 test -S "$XDG_RUNTIME_DIR/bus" || {
		diag "no private D-Bus: $(cat "$tmp/bus.log")"
		return 1
	}
	DBUS_SESSION_BUS_ADDRESS=unix:path=$XDG_RUNTIME_DIR/bus
	export DBUS_SESSION_BUS_ADDRESS
}

bus_call() {
	dbus-send --session --print-reply=literal --reply-timeout=5000 --dest="$1" "$2" "$3" ${4:+"$4"} ${5:+"$5"}
}

secret_service_there() {
	bus_call org.freedesktop.DBus /org/freedesktop/DBus org.freedesktop.DBus.GetNameOwner \
		string:org.freedesktop.secrets
}

# The daemon carries a file capability for mlock, and a container that denies
# that one denies the whole program; a copy of it has none.
keyring_program() {
	keyring_daemon=$(command -v gnome-keyring-daemon) || return 1
	"$keyring_daemon" --version >/dev/null 2>&1 && return 0
	cp "$keyring_daemon" "$tmp/gnome-keyring-daemon"
	keyring_daemon=$tmp/gnome-keyring-daemon
}

# keyring_daemon_start STDIN OPTION...
keyring_daemon_start() {
	lib_stdin=$1
	shift
	"$keyring_daemon" --foreground --components=secrets --control-directory="$XDG_RUNTIME_DIR/keyring" "$@" \
		<"$lib_stdin" >"$tmp/keyring.log" 2>&1 &
	keyring_pid=$!
	lib_pids="$keyring_pid $lib_pids"
	wait_for 10 secret_service_there || {
		diag "no keyring: $(cat "$tmp/keyring.log")"
		return 1
	}
}

# A wrong password makes it start all the same, so ask what became of it.
keyring_locked() {
	bus_call org.freedesktop.secrets /org/freedesktop/secrets/collection/login \
		org.freedesktop.DBus.Properties.Get string:org.freedesktop.Secret.Collection string:Locked |
		grep -q true
}

keyring_unlocked() {
	bus_call org.freedesktop.secrets /org/freedesktop/secrets/collection/login \
		org.freedesktop.DBus.Properties.Get string:org.freedesktop.Secret.Collection string:Locked |
		grep -q false
}

# Its alias may come later than the collection.
keyring_has_default() {
	bus_call org.freedesktop.secrets /org/freedesktop/secrets org.freedesktop.Secret.Service.ReadAlias \
		string:default | grep -q collection
}

# start_keyring: a real, unlocked GNOME Keyring on a private bus
start_keyring() {
	[ -n "${DBUS_SESSION_BUS_ADDRESS:-}" ] || start_bus || return 1
	keyring_program || return 1
	printf '%s' "$keyring_password" >"$tmp/.password"
	keyring_daemon_start "$tmp/.password" --unlock || return 1
	wait_for 10 keyring_unlocked || {
		diag "the keyring stays locked: $(cat "$tmp/keyring.log")"
		return 1
	}
	wait_for 10 keyring_has_default || {
		diag "the keyring has no default: $(cat "$tmp/keyring.log")"
		return 1
	}
}

# lock_keyring: what is running forgets its password
lock_keyring() {
	dbus-send --session --print-reply --reply-timeout=5000 --dest=org.freedesktop.secrets /org/freedesktop/secrets \
		org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login \
		>/dev/null && wait_for 5 keyring_locked
}

stop_keyring() {
	stop "$keyring_pid"
	keyring_pid=
}

stop_bus() {
	stop "$bus_pid"
	rm -f "$XDG_RUNTIME_DIR/bus"
	unset DBUS_SESSION_BUS_ADDRESS
}

# start_locked_keyring: the same, locked; there is no user to ask for the password
start_locked_keyring() {
	start_keyring && lock_keyring
}

# -- the sandbox -----------------------------------------------------------

# start_sandbox OPTION...: the stand-in for the ICR API, with app 12345
# shellcheck disable=SC2034 # for the tests
start_sandbox() {
	sandbox_dir=$tmp/sandbox
	"$PYTHON" "$srcdir/tests/sandbox/icr-sandbox" --dir "$sandbox_dir" --lifetime 900 "$@" \
		>"$tmp/sandbox.out" 2>&1 &
	sandbox_pid=$!
	lib_pids="$sandbox_pid $lib_pids"
	wait_for 20 test -s "$sandbox_dir/url" || {
		diag "no sandbox: $(cat "$tmp/sandbox.out")"
		return 1
	}
	sandbox_url=$(cat "$sandbox_dir/url")
	sandbox_ca=$sandbox_dir/ca.pem
	sandbox_key=$sandbox_dir/app.pem
	sandbox_app=12345
	sandbox_installation=$(sandbox installations |
		grep -oE '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}' | head -n 1)
}

stop_sandbox() { stop "$sandbox_pid"; }

# sandbox COMMAND...: tell the running one something, or ask it: sandbox mints
sandbox() { "$PYTHON" "$srcdir/tests/sandbox/icr-sandbox" ctl "$sandbox_dir" "$@"; }

# profile NAME [LINE...]: one of the sandbox's first installation, with these lines on top
profile() {
	lib_profile=$ICRED_CONFIG_DIR/$1.conf
	shift
	{
		printf 'app           %s\n' "$sandbox_app"
		printf 'api           %s\n' "$sandbox_url"
		printf 'ca            %s\n' "$sandbox_ca"
		printf 'installation  %s\n' "$sandbox_installation"
		# The kernel's user keyring is the same for every test, and outlives them.
		case " $* " in
		*"cache "*) ;;
		*) printf 'cache sufficient keyctl keyring=session\ncache sufficient runtime\n' ;;
		esac
		[ $# -eq 0 ] || printf '%s\n' "$@"
	} >"$lib_profile"
}
