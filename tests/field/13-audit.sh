#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The audit: one line in the system's log for each mint of a profile of the machine or with "audit yes"; who, with
# which key, and what came of it; never a secret; and no log, however bad, keeps a mint from its answer.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires curl openssl
# What is compiled in, for the folder of the machine's profiles.
sysconf=$(sed -n 's/^sysconfdir = //p' "$builddir/Makefile")
prefix=$(sed -n 's/^prefix = //p' "$builddir/Makefile")
case $sysconf in "\${prefix}"*) sysconf=$prefix${sysconf#"\${prefix}"} ;; esac
vendor=$prefix/lib/icred

# In a mount namespace of its own, with /dev, and what holds the machine's profiles, in $tmp.
cat >"$tmp/mounted" <<'END'
dev=$1/dev machine=$2 vendor=$3
shift 3
mount --make-rprivate / || exit 77
mkdir "$dev" || exit 77
mount -t tmpfs -o mode=755 none "$dev" || exit 77
for node in null zero full random urandom tty; do
	: >"$dev/$node" && mount --bind "/dev/$node" "$dev/$node" || exit 77
done
ln -s /proc/self/fd "$dev/fd"
# over DIRECTORY: a file system over the nearest parent that is there, once
covered=
over() {
	parent=$1
	while [ ! -d "$parent" ]; do parent=$(dirname "$parent"); done
	[ "$parent" != / ] || exit 77
	if [ ! -d "$1" ] && [ "$parent" != "$covered" ]; then
		mount -t tmpfs -o mode=755 none "$parent" || exit 77
		covered=$parent
	fi
	mkdir -p "$1" && mount -t tmpfs -o mode=755 none "$1" || exit 77
}
over "$machine" && over "$vendor" && mount --rbind "$dev" /dev || exit 77
exec "$@"
END
if [ -z "${ICRED_TEST_MOUNTED:-}" ]; then
	mkdir "$tmp/try"
	unshare -m sh "$tmp/mounted" "$tmp/try" "$sysconf/icred" "$vendor" true 2>"$tmp/.mount" ||
		plan skip_all "no mounts of our own"
	ICRED_TEST_MOUNTED=$tmp
	export ICRED_TEST_MOUNTED
	unshare -m sh "$tmp/mounted" "$tmp" "$sysconf/icred" "$vendor" "${BASH:-/bin/sh}" "$0" && exit 0
	exit 1
fi

start_sandbox || exit 99
log=$tmp/log
# A daemon at /dev/log that notes what it gets, one datagram a line; or is full, or takes nothing.
cat >"$tmp/daemon.py" <<'END'
import os, socket, sys, time
way, path, log = sys.argv[1:]
listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM if way == "stream" else socket.SOCK_DGRAM)
listener.bind(path)
os.chmod(path, 0o666)
if way == "stream":
    listener.listen(8)
if way == "full":
    sender = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sender.setblocking(False)
    try:
        while True:
            sender.sendto(b"x" * 1000, path)
    except BlockingIOError:
        pass
open(log, "ab").close()
if way == "full":
    time.sleep(600)
while True:
    if way == "stream":
        connection = listener.accept()[0]
        text = b"".join(iter(lambda: connection.recv(65536), b"")).rstrip(b"\0")
    else:
        text = listener.recv(65536)
    with open(log, "ab") as out:
        out.write(text + b"\n")
END
# daemon WAY: dgram, stream, full
daemon() {
	rm -f "$log" /dev/log
	"$PYTHON" "$tmp/daemon.py" "$1" /dev/log "$log" 2>"$tmp/daemon.err" &
	daemon_pid=$!
	lib_pids="$daemon_pid $lib_pids"
	wait_for 10 test -e "$log" || diag "$(cat "$tmp/daemon.err")"
}
logged() { [ "$(wc -l <"$log")" -ge "$1" ]; }
# audited COUNT COMMAND...: run it; what the log then has, which are so many lines, is $line
audited() {
	audited_count=$1
	shift
	: >"$log"
	icred forget 2>"$tmp/.err"
	run "$@"
	wait_for 10 logged "$audited_count" || diag "no line: $out$err"
	sleep 0.05
	line=$(cat "$log")
}

fingerprint=$(icred key fingerprint "$sandbox_key")
pattern=$(printf '%s' "$fingerprint" | sed 's/[+]/[+]/g')
profile default "key required file path=$sandbox_key"
profile user "key required file path=$sandbox_key"
machine=$sysconf/icred
for place in "$machine/site" "$vendor/sold"; do cp "$ICRED_CONFIG_DIR/user.conf" "$place.conf"; done
profile loud 'audit yes' "key required file path=$sandbox_key"
{ cat "$machine/site.conf" && echo 'audit no'; } >"$machine/quiet.conf"
printf 'include site\n' >"$ICRED_CONFIG_DIR/including.conf"
uid=$(id -u)
icred=$(readlink -f "$builddir/icred")

# -- which profiles --------------------------------------------------------------------------

daemon dgram
for case in 'site 1' 'sold 1' 'loud 1' 'user 0' 'quiet 0' 'including 0'; do
	name=${case% *}
	audited "${case#* }" icred -p "$name" --no-interactive token
	is "profile $name: lines" "$(wc -l <"$log")" "${case#* }"
	is "  and a token" "$status" 0
	run icred -p "$name" token
	is "  from a cache: no more of them" "$status $(wc -l <"$log")" "0 ${case#* }"
done
like "profile show says so" "$(icred profile show site)" '^audit +yes +# the default for the profiles of the machine$'
unlike "  not of the user's" "$(icred profile show user)" '^audit'
is "  in JSON as well" "$(for name in site user loud quiet; do
	icred --json profile show $name | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["audit"])'
done | tr '\n' ' ')" 'True False True False '

# -- what it says ----------------------------------------------------------------------------

audited 1 icred -p site --no-interactive token
like "granted: its line" "$line" "^<86>icred-worker\[[0-9]+\]: mint outcome=granted expires=20[0-9-]{8}T[0-9:]{8}Z uid=$uid pid=[0-9]+ program=\"$icred\" profile=\"site\" app=\"$sandbox_app\" target=installation id=\"$sandbox_installation\" issuer=\"icr\" api=\"$sandbox_url\" key=\"$pattern\"\$"
like "  the expiry of the token" "$line" "expires=$(icred -p site token --json | "$PYTHON" -c 'import json, sys; print(json.load(sys.stdin)["expiresAt"])')"
is "  never the token" "$(grep -c "${out#crs_}" "$log")" 0
is "  nor a JWT" "$(grep -Ec "eyJ(hbGci|0eXAi)" "$log")" 0
audited 1 icred -p site --as-app token
like "the app's own token" "$line" 'target=app issuer='
# answer NAME KIND FAULT: what the server makes of it
answer() {
	tell "$3" ''
	audited 1 icred -p site --timeout 3s token
	untell
	like "$1" "$line" "^<85>icred-worker\[[0-9]+\]: mint outcome=$2 uid=$uid .* profile=\"site\" app=\"$sandbox_app\" .*key=\"$pattern\"\$"
	is "  one line" "$(wc -l <"$log")" 1
}
answer "no such thing" protocol garbage
answer "a server that is busy" rate-limited rate-limit
answer "a connection that ends" network close
sandbox suspend "$sandbox_installation" >"$tmp/.out"
audited 1 icred -p site token
like "a suspended installation" "$line" 'outcome=suspended'
sandbox unsuspend "$sandbox_installation" >"$tmp/.out"
sed "s|^key .*|key required file path=$tmp/none.pem|" "$machine/site.conf" >"$machine/nokey.conf"
audited 1 icred -p nokey token
like "no key" "$line" 'outcome=not-found .*profile="nokey"'
unlike "  and so none is named" "$line" ' key='
sed "s|^key .*|key required exec [command=/bin/sleep 30]|" "$machine/site.conf" >"$machine/slow.conf"
audited 1 icred -p slow --timeout 1s token
like "a key that does not come" "$line" 'outcome=timeout .*profile="slow"'
sed "s|^key .*|key required nosuch|" "$machine/site.conf" >"$machine/broken.conf"
audited 1 icred -p broken token
like "a module that is missing" "$line" 'outcome=(invalid|not-found|unsupported|internal) .*profile="broken"'
# shellcheck disable=SC2016 # for the script
printf '#!/bin/sh\nkill -SEGV $PPID\nsleep 5\n' >"$tmp/crash"
chmod 700 "$tmp/crash"
sed "s|^key .*|key required exec [command=$tmp/crash]|" "$machine/site.conf" >"$machine/crash.conf"
audited 1 icred -p crash token
like "a worker that crashes" "$line" 'outcome=internal .*profile="crash"'
is "  one line" "$(wc -l <"$log")" 1

# -- who ----------------------------------------------------------------------------------------

cp "$builddir/icred" "$tmp/a \"b\" uid=0
mint outcome=granted"
audited 1 "$tmp/a \"b\" uid=0
mint outcome=granted" -p site token
is "a name that would forge another line or field: one line" "$(wc -l <"$log")" 1
like "  without quotes and line feeds" "$line" ' program="[^"]*/a \?b\? uid=0\?mint outcome=granted" profile='
printf 'protocol=https\nhost=%s\n\n' "${sandbox_url#https://}" >"$tmp/ask"
# shellcheck disable=SC2016 # for the inner shell
audited 1 sh -c 'git-credential-icred -p site get <"$1"' sh "$tmp/ask"
like "git's helper" "$line" "program=\"$(readlink -f "$builddir/git-credential-icred")\""

# -- logs that do not work -------------------------------------------------------------------------

stop "$daemon_pid"
daemon stream
audited 1 icred -p site token
like "a stream" "$line" '^<86>icred-worker.*key="[^"]*"$'
stop "$daemon_pid"
# mints NAME: a token all the same, and soon
mints() {
	icred forget 2>"$tmp/.err"
	started=$(date +%s%N)
	run icred -p site --no-interactive --timeout 20s token
	took=$((($(date +%s%N) - started) / 1000000))
	like "$1: a token" "$out" '^crs_'
	is "  without a word" "$err" ""
	ok "  in time: $took ms" test "$took" -lt 10000
}
daemon full
mints "a daemon that takes nothing"
icred forget
like "  -vv or a trace tells" "$(ICRED_TRACE=1 icred -p site token 2>&1)" 'no audit record of this mint: /dev/log: Resource temporarily unavailable'
stop "$daemon_pid"
mints "a daemon that is gone"
rm -f /dev/log
mints "no log at all"
icred forget
like "  a trace tells" "$(ICRED_TRACE=1 icred -p site token 2>&1)" 'no audit record of this mint: /dev/log: No such file'
: >/dev/log
mints "a file in its place"
rm -f /dev/log
ln -s /nowhere/at/all /dev/log
mints "a link to nothing"
done_testing
