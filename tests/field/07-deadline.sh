#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A deadline means its figure, and its message names what was slow.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

start_sandbox || exit 99
"$PYTHON" "$srcdir/tests/field/slow-peers.py" "$tmp" 280 &
lib_pids="$! $lib_pids"
wait_for 20 test -s "$tmp/silent" || exit 99
silent=https://127.0.0.1:$(cat "$tmp/silent")
full=https://127.0.0.1:$(cat "$tmp/full")

key="key sufficient file path=$sandbox_key"
# slow NAME API LINE...: a profile of another server, or with another key
slow() {
	slow_file=$ICRED_CONFIG_DIR/$1.conf
	printf '%s\n' "app $sandbox_app" "api $2" 'installation abc' 'cache sufficient runtime' >"$slow_file"
	shift 2
	printf '%s\n' "$@" >>"$slow_file"
}

# A busy machine may be late once, or leave no time for the words; what adds up margins, or has no words, is so
# each time.  No run is ever far off.
far=15000
# late NAME SECONDS PATTERN COMMAND...: a timeout, with these words and by its figure in one of three runs
late() {
	late_name=$1 late_most=$(($2 * 1000)) late_pattern=$3
	shift 3
	for _ in 1 2 3; do
		run "$PYTHON" "$srcdir/tests/field/timed.py" "$tmp/took" "$@"
		took=$(cat "$tmp/took")
		tap_status=2
		if [ "$status" -ne 7 ] || [ "$took" -lt $((late_most / 2)) ] || [ "$took" -gt $((late_most + far)) ]; then break; fi
		tap_status=1
		printf '%s\n' "$err" | grep -Eq -e "$late_pattern" && [ "$took" -le "$late_most" ] && tap_status=0
		[ $tap_status -ne 0 ] || break
	done
	tap_result "$((tap_status != 0))" "$late_name: $((took / 10 * 10)) ms of $late_most" || {
		diag "status $status, wanted 7; message like: $late_pattern"
		diag "stderr: $err"
	}
}

# -- the network, step by step -----------------------------------------------------------------

profile default "$key"
slow tls "$silent" "$key"
slow connect "$full" "$key"
slow name https://api.slow.example "$key"
for time in 1 2 5; do
	late "a server that does not take the connection" $time 'timed out connecting to 127\.0\.0\.1' \
		icred -p connect --timeout $time token
	late "one that says nothing in the TLS handshake" $time 'timed out in the TLS handshake with 127\.0\.0\.1' \
		icred -p tls --timeout $time token
done
late "a proxy that says nothing" 2 'timed out connecting to api\.slow\.example through the proxy' \
	env https_proxy="http${silent#https}" icred -p name --timeout 2 token

late "a proxy that is not used for this host" 2 'timed out in the TLS handshake with 127\.0\.0\.1' \
	env https_proxy=http://127.0.0.1:1 no_proxy='example.org, 127.0.0.1' icred -p tls --timeout 2 token

name_server='a name server that does not answer'
if [ ! -s "$tmp/dns" ]; then
	skip "$name_server: port 53 is not ours to have"
elif ! unshare -m true 2>/dev/null; then
	skip "$name_server: no mounts of our own"
else
	echo "nameserver $(cat "$tmp/dns")" >"$tmp/resolv.conf"
	# shellcheck disable=SC2016 # for the inner shell
	for time in 1 2 5; do
		late "$name_server" $time 'timed out looking up api\.slow\.example: the name server did not answer' \
			unshare -m sh -c 'mount --bind "$0" /etc/resolv.conf && exec "$@"' "$tmp/resolv.conf" \
			icred -p name --timeout $time token
	done
fi

tell hang ''
late "a server that does not answer" 2 'timed out waiting for the answer' icred --timeout 2 token
untell
tell slow=1 ''
# Of its first bytes some versions of libcurl take note, others of its first line.
late "one that answers a byte a second" 2 'timed out (reading|waiting for) the answer' icred --timeout 2 token
untell

# -- the key ---------------------------------------------------------------------------------------

slow exec "$silent" 'key sufficient exec [command=/bin/sleep 100]'
cat >"$tmp/deaf" <<-'END'
	#!/bin/sh
	trap '' TERM
	while :; do sleep 1; done
END
chmod 755 "$tmp/deaf"
slow deaf "$silent" "key sufficient exec command=$tmp/deaf"
for time in 1 2 5; do
	late "a command that does not end" $time 'timed out and was stopped' icred -p exec --timeout $time token
done
late "one that does not mind SIGTERM" 2 'timed out and was stopped' icred -p deaf --timeout 2 token

# -- questions ---------------------------------------------------------------------------------------

openssl pkey -in "$sandbox_key" -aes256 -passout pass:secret -out "$tmp/locked.pem" 2>"$tmp/openssl.log" || exit 99
chmod 600 "$tmp/locked.pem"
slow question "$silent" "key sufficient file path=$tmp/locked.pem"
printf '#!/bin/sh\nexec sleep 100\n' >"$tmp/ask"
chmod 755 "$tmp/ask"
for time in 1 2 5; do
	late "a program that asks and is not answered" $time 'timed out waiting for an answer to the question' \
		env SSH_ASKPASS="$tmp/ask" SSH_ASKPASS_REQUIRE=force icred -p question --timeout $time token
done
if command -v expect >/dev/null 2>&1; then
	# shellcheck disable=SC2016 # for expect and the inner shell
	printf '%s\n' 'set timeout 30' 'spawn icred -p question --timeout 2 token' 'expect eof' \
		'catch wait result' 'exit [lindex $result 3]' >"$tmp/terminal"
	# shellcheck disable=SC2016 # for the inner shell
	late "the terminal" 2 'timed out waiting for an answer to the question' \
		sh -c 'expect -f "$0" >&2' "$tmp/terminal"
else
	skip "the terminal: expect is missing"
fi
mkfifo "$tmp/fifo"
exec 8<>"$tmp/fifo"
late "a passphrase that does not come" 2 'timed out reading the passphrase' \
	icred -p question --timeout 2 --passphrase-fd 8 token
late "a key on standard input that does not come" 2 'timed out reading standard input' \
	sh -c 'exec icred -p question --timeout 2 key import - <&8'
late "a description of git's that does not come" 2 'timed out reading the description' \
	sh -c 'exec git-credential-icred --timeout 2 get <&8'
exec 8>&-

# -- other processes -----------------------------------------------------------------------------------

# The process that holds the lock may be stuck: then two tokens are better than none.
icred -q token >"$tmp/first" && icred forget
"$PYTHON" -c 'import fcntl, os, sys, time
lock = open(os.environ["XDG_RUNTIME_DIR"] + "/icred/lock", "r+")
fcntl.lockf(lock, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(250)' >"$tmp/held" &
holder=$!
lib_pids="$holder $lib_pids"
wait_for 10 grep -q held "$tmp/held"
run "$PYTHON" "$srcdir/tests/field/timed.py" "$tmp/took" icred --timeout 3 token
is "a lock that another process does not give back: minted all the same" "$status" 0
late "  and while the server says nothing" 3 'timed out in the TLS handshake' icred -p tls --timeout 3 token
stop "$holder"

for command in 'exec -- true' "curl $silent/" curl-config 'token --json' '-q token'; do
	# shellcheck disable=SC2086 # words
	late "icred $command" 2 'timed out in the TLS handshake' icred -p tls --timeout 2 $command
done
# shellcheck disable=SC2016 # for the inner shell
late "git-credential-icred" 2 'timed out in the TLS handshake' \
	sh -c 'printf "protocol=https\nhost=%s\n\n" "$0" | git-credential-icred -p tls --timeout 2 get' "${silent#https://}"
like "  the library's message names the setting, and the command its option too" "$err" \
	'https server, or give more time with --timeout or the setting timeout$'

# Then there is no room for a message, and the deadline holds all the same.
mkfifo "$tmp/unread"
exec 7<>"$tmp/unread"
"$PYTHON" -c 'import os
fd = os.open("/dev/fd/7", os.O_WRONLY | os.O_NONBLOCK)
try:
    while True:
        os.write(fd, b"x" * 4096)
except BlockingIOError:
    pass'
icred forget
# shellcheck disable=SC2016 # for the inner shell
late "messages that are not read" 2 '^$' sh -c 'exec timeout 60 icred -v --timeout 2 token 2>&7'
exec 7>&-

# -- modules -----------------------------------------------------------------------------------------------

modules=$tmp/modules
mkdir "$modules"
for module in key-toy issuer-toy; do
	${CC:-cc} -fPIC -shared -fvisibility=hidden -I"$srcdir/lib" -DWILD_HANG -o "$modules/$module.so" \
		"$srcdir/tests/abi/$module.c" 2>"$tmp/build.log" || diag "$(cat "$tmp/build.log")"
done
printf '%s\n' 'app 1' 'installation abc' 'cache optional runtime' 'key required toy' 'issuer required toy' \
	>"$ICRED_CONFIG_DIR/stuck.conf"
for time in 1 2; do
	late "a module that does not come back" $time 'key toy (did not return|did not sign) in time' \
		env ICRED_MODULE_DIR="$modules" icred -p stuck --timeout $time token
done

# -- the keyring -----------------------------------------------------------------------------------------

if [ -e "$ICRED_MODULE_DIR/key-keyring.so" ] && command -v gnome-keyring-daemon >/dev/null 2>&1; then
	start_keyring || exit 99
	slow keyring "$silent" 'key sufficient keyring'
	icred -p keyring key import "$sandbox_key" >"$tmp/import.log" 2>&1 || diag "$(cat "$tmp/import.log")"
	kill -STOP "$keyring_pid"
	for time in 1 2 5; do
		late "a keyring that hangs" $time 'the keyring did not answer' icred -p keyring --timeout $time token
	done
	late "  key list" 2 'the keyring did not answer' icred -p keyring --timeout 2 key list
	kill -CONT "$keyring_pid"
else
	skip "a keyring that hangs: no keyring"
fi
done_testing
