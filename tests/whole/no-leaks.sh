#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Planted secrets: the key, its numbers, the JWT and the token show up nowhere they have no business.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole_requires openssl git
start_sandbox || exit 99
start_bus || exit 99
start_keyring || exit 99
profile default
authority=${sandbox_url#https://}
seen=$tmp/seen
mkdir "$seen"
touch "$tmp/stamp"

# -- what to look for ------------------------------------------------------------------

# The key as text in both formats, its private numbers in hex, and its last resort, base64 shifted by a byte.
"$PYTHON" - "$sandbox_key" "$sandbox_dir/app.pkcs1.pem" >"$tmp/canaries" <<-'END'
	import base64, sys
	from cryptography.hazmat.primitives.serialization import load_pem_private_key
	lines = {line for name in sys.argv[1:] for line in open(name).read().split("\n") if len(line) == 64}
	numbers = load_pem_private_key(open(sys.argv[1], "rb").read(), None).private_numbers()
	for number in (numbers.d, numbers.p, numbers.q, numbers.dmp1, numbers.dmq1, numbers.iqmp):
	    raw = number.to_bytes((number.bit_length() + 7) // 8, "big")
	    texts = [raw.hex(), raw.hex().upper(), raw.hex(":")] + [base64.b64encode(raw[i:]).decode() for i in range(3)]
	    lines |= {text[:40] for text in texts}
	print("\n".join(sorted(lines)))
END
ok "there are canaries" test "$(wc -l <"$tmp/canaries")" -gt 40

# found FILE...: the names of those in which a canary sits
found() {
	grep -aFl -f "$tmp/canaries" "$@" 2>/dev/null
	grep -aEl 'eyJ(hbGci|0eXAi)[A-Za-z0-9_-]{11}|cr[a-z]_[0-9a-f]{16}' "$@" 2>/dev/null
}
found_in() { find "$@" -type f -size -4096k -exec sh -c 'true' \; -print 2>/dev/null | while read -r file; do found "$file"; done; }
cp "$sandbox_key" "$tmp/test-key"
echo "x eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9" >"$tmp/test-jwt"
is "they are found where they are" "$(found "$tmp/test-key" "$tmp/test-jwt" | wc -l)" 2
rm "$tmp/test-key" "$tmp/test-jwt"

# -- argv, environment, log, bus ---------------------------------------------------------

talk=$tmp/talk
if command -v dbus-monitor >/dev/null 2>&1; then
	dbus-monitor --session --pcap >"$talk" 2>"$tmp/.talk" &
	lib_pids="$! $lib_pids"
	wait_for 5 test -s "$talk" || sleep 0.5
fi

# What the worker is started with, as it finds it; a tracer without root's powers cannot read that.
mkdir "$tmp/libexec"
cat >"$tmp/libexec/icred-worker" <<-END
	#!/bin/sh
	{ tr '\\0' '\\n' <"/proc/\$\$/environ" && tr '\\0' ' ' <"/proc/\$\$/cmdline"; } >>"$seen/worker"
	exec "$ICRED_LIBEXEC_DIR/icred-worker" "\$@"
END
chmod +x "$tmp/libexec/icred-worker"
built=$ICRED_LIBEXEC_DIR
ICRED_LIBEXEC_DIR=$tmp/libexec

tracing() { "$@"; }
if ! sanitized && strace -f -o "$tmp/.strace" true 2>/dev/null; then
	tracing() { strace -f -v -s 100000 -e trace=execve,execveat -A -o "$seen/execve" "$@"; }
fi
# observed NAME COMMAND...: all that there is to see of it, except for its standard output
observed() {
	observed=$1
	shift
	ICRED_TRACE=$seen/trace tracing "$@" >"$tmp/stdout" 2>>"$seen/stderr"
	is "$observed works" "$?" 0
}
observed "key import" icred -vv key import "$sandbox_key"
observed "  from standard input" icred -vv key import - <"$sandbox_key"
ICRED_TOKEN=crs_00112233445566778899aabbccddeeff0011223344556677
export ICRED_TOKEN
printf '%s\n' "$ICRED_TOKEN" >>"$tmp/canaries"
observed "token" icred -vv token
unset ICRED_TOKEN
cat "$tmp/stdout" >>"$tmp/canaries"
printf '%s' "$(cat "$tmp/stdout")" | base64 -w 0 | cut -c 1-60 >>"$tmp/canaries"
observed "  cached" icred -vv token
observed "another" icred -vv token --as-app --json
observed "curl-config" icred -vv curl-config
printf 'protocol=https\nhost=%s\n\n' "$authority" >"$tmp/description"
observed "git's helper" git-credential-icred -vv get <"$tmp/description"
observed "status" icred -vv status
observed "key list" icred -vv key list --json
observed "key fingerprint" icred -vv key fingerprint "$sandbox_key"
cp "$tmp/stdout" "$seen/fingerprint"
{ cat "$tmp/description"; printf 'password=%s\n\n' "$(tail -n 2 "$tmp/canaries" | head -n 1)"; } | sed '/^$/d' >"$tmp/erase"
observed "git's helper, erase" git-credential-icred -vv erase <"$tmp/erase"
observed "forget" icred -vv forget
ok "the trace has something to say" grep -q 'minting' "$seen/trace"
ok "  and standard error" grep -q 'icred-worker started' "$seen/stderr"
is "no canary in the log" "$(found "$seen/trace")" ""
is "  nor on standard error" "$(found "$seen/stderr")" ""
ok "the worker was seen as it started" grep -q 'icred-worker' "$seen/worker"
is "no canary in its environment and arguments" "$(found "$seen/worker")" ""
ICRED_LIBEXEC_DIR=$built
if [ -e "$seen/execve" ]; then
	# The user who runs icred may have a token in the environment; that is as far as it goes.
	sed -i '/execve("[^"]*\/icred"/s/"ICRED_TOKEN=[^"]*"//' "$seen/execve"
	is "nor in those of any other program" "$(found "$seen/execve")" ""
elif sanitized; then
	skip "a build with a sanitizer"
else
	skip "no strace here"
fi
if [ -s "$talk" ]; then
	ok "the bus was listened to" wait_for 5 grep -aq 'CreateItem' "$talk"
	is "no canary on the bus: secrets travel encrypted, attributes and labels have none" "$(found "$talk")" ""
else
	skip "no dbus-monitor here"
	skip "no dbus-monitor here"
fi

# -- what a server gives back ----------------------------------------------------------------

for fault in echo=401 echo=403 echo=400 echo=404 echo=429 echo=500 echo=200 echo=302 nasty nasty=401 nasty=500 \
	token-crlf token-nul token-quote token-number truncate bad-json trailing wrong-installation; do
	tell "$fault"
	icred forget
	ICRED_TRACE=$seen/trace icred -vv token >"$tmp/stdout" 2>>"$seen/errors"
	tell "$fault"
	icred token --json >"$tmp/stdout" 2>>"$seen/errors"
	icred forget
	tell "$fault"
	git-credential-icred -v get <"$tmp/description" >"$tmp/stdout" 2>>"$seen/errors"
done
ok "servers were quoted" grep -q 'redacted' "$seen/errors"
is "no canary in an error" "$(found "$seen/errors" "$seen/trace")" ""
unlike "  nor anything as long as one" "$(sed 's/[0-9a-f-]\{36\}//g' "$seen/errors")" '[A-Za-z0-9_-]{40}'
unlike "  nor a control character" "$(cat "$seen/errors")" '[[:cntrl:]]'
sandbox reset

# -- processes at work: what others could see, and cores ----------------------------------------

# shellcheck disable=SC3045 # where the shell cannot, there is nothing to undo
ulimit -c unlimited 2>/dev/null || :
mkdir "$tmp/cores"
cd "$tmp/cores" || exit 99
served() { [ "$(sandbox faults_served)" -ge 1 ]; }
# at_work: an icred that waits for the server, and its worker
at_work() {
	icred forget
	sandbox reset
	tell hang
	# A deadly signal in the middle of LeakSanitizer's own work would stop the process for ever.
	ASAN_OPTIONS=${ASAN_OPTIONS:-}:detect_leaks=0 icred -vv --timeout 60 token >"$tmp/stdout" 2>"$tmp/talking" &
	caller=$!
	lib_pids="$caller $lib_pids"
	wait_for 10 served
	worker=$(sed -n 's/.*icred-worker started, process //p' "$tmp/talking")
}
at_work
for pid in $caller $worker; do
	cat "/proc/$pid/cmdline" "/proc/$pid/environ" "/proc/$pid/comm" >>"$seen/proc" 2>/dev/null
	like "no core of $(cat "/proc/$pid/comm")" "$(cat "/proc/$pid/limits" 2>/dev/null)" 'Max core file size +0 +0'
done
is "no canary in /proc" "$(found "$seen/proc")" ""
kill -ABRT "$worker"
wait "$caller" 2>/dev/null
at_work
kill -ABRT "$caller"
wait "$caller" 2>/dev/null
at_work
kill -SEGV "$worker" "$caller"
wait "$caller" 2>/dev/null
is "no core was written" "$(ls -A)" ""
cd / || exit 99
sandbox reset

# A process that others of the same user may not look into belongs to root in /proc.
if [ "$(id -u)" -eq 0 ] && setpriv --reuid 65534 --regid 65534 --clear-groups true 2>/dev/null; then
	mkdir -m 700 "$tmp/nobody"
	chown 65534:65534 "$tmp/nobody"
	chmod 711 "$tmp"
	# A bus and a server that never answer; they have their names once both listen.
	setpriv --reuid 65534 --regid 65534 --clear-groups "$PYTHON" -c 'import os, socket, sys, time
t = socket.create_server(("127.0.0.1", 0))
with open(sys.argv[1] + "/default.conf", "w") as f: f.write("api https://127.0.0.1:%d\n" % t.getsockname()[1])
s = socket.socket(socket.AF_UNIX); n = sys.argv[1] + "/bus.new"; s.bind(n); s.listen(); os.rename(n, sys.argv[1] + "/bus")
time.sleep(60)' "$tmp/nobody" &
	lib_pids="$! $lib_pids"
	wait_for 20 test -S "$tmp/nobody/bus"
	setpriv --reuid 65534 --regid 65534 --clear-groups mkdir -m 700 "$tmp/nobody/run"
	setpriv --reuid 65534 --regid 65534 --clear-groups env -i PATH="$PATH" ICRED_MODULE_DIR="$ICRED_MODULE_DIR" \
		ICRED_LIBEXEC_DIR="$ICRED_LIBEXEC_DIR" DBUS_SESSION_BUS_ADDRESS="unix:path=$tmp/nobody/bus" \
		ICRED_CONFIG_DIR="$tmp/nobody" XDG_RUNTIME_DIR="$tmp/nobody/run" icred -vv --timeout 30 -a 1 -i 2 token >"$tmp/stdout" 2>"$tmp/talking" &
	caller=$!
	lib_pids="$caller $lib_pids"
	started() { grep -q 'icred-worker started' "$tmp/talking"; }
	if sanitized; then
		skip "a build with a sanitizer"
		skip "a build with a sanitizer"
	elif wait_for 10 started; then
		worker=$(sed -n 's/.*icred-worker started, process //p' "$tmp/talking")
		hidden() { [ "$(stat -c %u "/proc/$1/mem")" = 0 ]; }
		ok "others of the same user cannot look into icred" wait_for 5 hidden "$caller"
		ok "  nor into its worker" wait_for 5 hidden "$worker"
	else
		skip "an ordinary user cannot run what was built here"
		skip "an ordinary user cannot run what was built here"
	fi
	kill "$caller" 2>/dev/null
	wait "$caller" 2>/dev/null
else
	skip "not root, so there is no other user to try it as"
	skip "not root, so there is no other user to try it as"
fi

# -- what stays on disk ---------------------------------------------------------------------

icred token >"$tmp/stdout"
cat "$tmp/stdout" >>"$tmp/canaries"
rm -f "$tmp/stdout" "$tmp/description" "$tmp/erase" "$tmp/.out" "$tmp/.err"
is "no canary in a file, except for what the kernel or the runtime directory keeps" \
	"$(found_in "$tmp" ! -name canaries ! -path "$sandbox_dir/app*.pem" ! -path "$XDG_RUNTIME_DIR/icred/*")" ""
is "  nor in one elsewhere" "$(found_in /tmp /var/tmp -maxdepth 1 -newer "$tmp/stamp")" ""
rm -f "$tmp/canaries"
done_testing
