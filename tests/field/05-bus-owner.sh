#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Whose session bus, and whose keyring on it: another user's gets no key, none of its keys is used, and the
# message says who owns it and what to do.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole_requires openssl
start_sandbox || exit 99
profile default
token='^crs_[0-9a-f]{48}$'
me=$(id -u)
other=65534

# refused_all NAME PATTERN: all that needs the keyring is refused with these words
refused_all() {
	refused "$1: token" 4 no-service "$2" timeout 20 icred token
	refused "  key import" 4 no-service "$2" timeout 20 icred key import "$sandbox_key"
	refused "  key list" 4 no-service "$2" timeout 20 icred key list
	refused "  key remove" 4 no-service "$2" timeout 20 icred key remove "$(icred key fingerprint "$sandbox_key")"
	run timeout 20 git-credential-icred get <<-END
		protocol=https
		host=${sandbox_url#https://}

	END
	is "  git's helper" "$out.$(printf '%s\n' "$err" | grep -Ec -e "$2")" ".1" || diag "$err"
	run timeout 20 icred status --json
	is "  status" "$status.$(json 'd["keysState"]')" 0.no-service || diag "$out $err"
}

# open_bus PROGRAM LISTEN FOLDER: a bus that lets every user in, started by this program; its address is in $address
# shellcheck disable=SC2086 # the program's words
open_bus() {
	cat >"$3/bus.conf" <<-END
		<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
		 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
		<busconfig><type>session</type><listen>$2</listen>
		<policy context="default"><allow user="*"/><allow send_destination="*" eavesdrop="true"/>
		<allow eavesdrop="true"/><allow own="*"/></policy></busconfig>
	END
	chmod 644 "$3/bus.conf"
	rm -f "$tmp/address"
	$1 dbus-daemon --nofork --nopidfile --nosyslog --config-file="$3/bus.conf" --print-address=1 >"$tmp/address" 2>>"$tmp/log" &
	lib_pids="$! $lib_pids"
	wait_for 5 test -s "$tmp/address" || {
		diag "no bus: $(cat "$tmp/log")"
		exit 99
	}
	address=$(sed 's/,guid=.*//' "$tmp/address")
}
# open_keyring PROGRAM: a stand-in that gives the app's key to every program, on the bus of the environment
# shellcheck disable=SC2086
open_keyring() {
	$1 "$tmp/open/secret-mock" unlock "$tmp/open/app.pem" >/dev/null 2>>"$tmp/log" &
	lib_pids="$! $lib_pids"
	wait_for 5 secret_service_there || exit 99
}
chmod 711 "$tmp"
mkdir -m 777 "$tmp/open"
cp "$builddir/tests/plugin/key/secret-mock" "$tmp/open"
cp "$sandbox_key" "$tmp/open/app.pem"
chmod 644 "$tmp/open/app.pem"

# -- a bus of unknown owner, and no bus -------------------------------------------

# bus ADDRESS
bus() {
	DBUS_SESSION_BUS_ADDRESS=$1
	export DBUS_SESSION_BUS_ADDRESS
}
open_bus '' tcp:host=127.0.0.1,port=0 "$tmp/open"
bus "$address"
refused_all "a bus by TCP" 'not a Unix socket, so its owner is unknown.*; set DBUS_SESSION_BUS_ADDRESS'
bus "unix:path=$tmp/nothing;$address"
refused "  behind an address of no bus" 4 no-service 'not a Unix socket' icred token
for nowhere in autolaunch: "unix:path=$tmp/nothing" "unix:abstract=$tmp/nothing" nonsense 'unix:' "unixexec:path=/bin/true"; do
	bus "$nowhere"
	refused "no bus at $nowhere" 4 no-service 'no D-Bus session, so no keyring.*; run inside a desktop session' \
		timeout 20 icred token
done
bus ''
refused "no address" 4 no-service 'no D-Bus session' timeout 20 icred token
unset DBUS_SESSION_BUS_ADDRESS

# -- one's own ------------------------------------------------------------------------------------

for listen in "unix:path=$tmp/open/own" "unix:abstract=$tmp/own"; do
	open_bus '' "$listen" "$tmp/open"
	bus "$address"
	start_keyring || exit 99
	ok "one's own bus at ${listen%%=*}: key import" icred -q key import "$sandbox_key"
	like "  token" "$(icred token)" "$token"
	icred forget
	stop_keyring
done

# -- another user's -----------------------------------------------------------------------------------

as_other() { setpriv --reuid "$other" --regid "$other" --clear-groups "$@"; }
if [ "$me" -ne 0 ] || ! as_other test -x "$tmp/open" 2>/dev/null; then
	skip "not root, so there is no other user whose bus it could be"
	errors_checked
	done_testing
fi
run_as="setpriv --reuid $other --regid $other --clear-groups"
words="the session bus belongs to user $other, not to root, so its keyring is not used; run this as user $other .*sudo without -E"
for listen in "unix:path=$tmp/open/theirs" "unix:abstract=$tmp/theirs"; do
	open_bus "$run_as" "$listen" "$tmp/open"
	bus "$address"
	open_keyring "$run_as"
	refused_all "root at a user's bus, ${listen%%=*}" "$words"
	bus "unix:path=$tmp/nothing;$address"
	refused "  behind an address of no bus" 4 no-service "$words" icred token
done
SECRET_BACKEND="file" refused "  with libsecret's file" 4 no-service "$words" icred token
unset DBUS_SESSION_BUS_ADDRESS
mv "$XDG_RUNTIME_DIR" "$tmp/mine"
mkdir -m 755 "$XDG_RUNTIME_DIR"
ln -s "$tmp/open/theirs" "$XDG_RUNTIME_DIR/bus"
refused "  by XDG_RUNTIME_DIR" 4 no-service "belongs to user $other, not to root, .*unset XDG_RUNTIME_DIR" icred token
rm -r "$XDG_RUNTIME_DIR"
mv "$tmp/mine" "$XDG_RUNTIME_DIR"

open_bus '' "unix:path=$tmp/open/shared" "$tmp/open"
bus "$address"
chmod 666 "$tmp/open/shared"
open_keyring "$run_as"
refused_all "a keyring of another user, on one's own bus" "the keyring service on the session bus belongs to user $other, not to user 0"

# -- as that user: root's bus is trusted, a third one's is not ---------------------------------------------

mkdir -m 700 "$tmp/open/home"
cp "$ICRED_CONFIG_DIR/default.conf" "$sandbox_ca" "$tmp/open/home"
sed "s,^ca .*,ca $tmp/open/home/$(basename "$sandbox_ca")," "$ICRED_CONFIG_DIR/default.conf" >"$tmp/open/home/default.conf"
chown -R "$other:$other" "$tmp/open/home"
# icred_as UID ARGUMENT...
icred_as() {
	icred_uid=$1
	shift
	setpriv --reuid "$icred_uid" --regid "$icred_uid" --clear-groups env -i PATH="$PATH" HOME="$tmp/open/home" \
		ICRED_MODULE_DIR="$ICRED_MODULE_DIR" ICRED_LIBEXEC_DIR="$ICRED_LIBEXEC_DIR" ICRED_CONFIG_DIR="$tmp/open/home" \
		XDG_RUNTIME_DIR="$tmp/open/home" DBUS_SESSION_BUS_ADDRESS="$DBUS_SESSION_BUS_ADDRESS" icred "$@"
}
if ! icred_as "$other" --version >/dev/null 2>&1; then
	skip "an ordinary user cannot run what was built here"
	errors_checked
	done_testing
fi
run icred_as "$other" key list --json
is "a user at root's bus, with a keyring of that user" "$status.$(json '[k["app"] for k in d["keys"]]')" "0.['12345']" || diag "$err"
open_bus "setpriv --reuid 65533 --regid 65533 --clear-groups" "unix:abstract=$tmp/third" "$tmp/open"
bus "$address"
refused "a user at another user's bus" 4 no-service \
	"the session bus belongs to user 65533, not to user $other, so its keyring is not used; unset DBUS_SESSION_BUS_ADDRESS" \
	icred_as "$other" token
mkdir -m 700 "$tmp/closed"
bus "unix:path=$tmp/closed/bus"
refused "  in a folder that is closed" 4 no-service \
	'the session bus may belong to another user.*[Pp]ermission denied.*; unset DBUS_SESSION_BUS_ADDRESS' icred_as "$other" token
errors_checked
done_testing
