#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The worker by itself: what comes before HELLO, and many requests whose module breaks a rule at the same moment.
. "${srcdir:-.}/tests/lib.sh"

ICRED_MODULE_DIR=$tmp/modules
export ICRED_MODULE_DIR
mkdir "$ICRED_MODULE_DIR"
# build NAME OPTION...
build() {
	build_name=$1
	shift
	${CC:-cc} -fPIC -shared -fvisibility=hidden -pthread -I"$srcdir/lib" "$@" -o "$ICRED_MODULE_DIR/$build_name.so" \
		"$srcdir/tests/abi/${build_name%%-*}-toy.c" 2>"$tmp/build.log" || diag "$(cat "$tmp/build.log")"
}
build issuer-toy
build key-toy -DPARALLEL
build key-crash -DPARALLEL -DWILD_CRASH -DDELAY=500000
build key-loud -DWILD_STDERR
build key-slow -DPARALLEL -DWILD_SLOW
asked() { "$PYTHON" "$srcdir/tests/helper/worker/ask-worker.py" "$builddir/icred-worker" "$@" 2>"$tmp/asked.err"; }
lines() { printf '%s\n' "$@"; }

is "a request" "$(asked hello toy)" "$(lines '1 done' 'exit 0')"
is "more than are served at a time" "$(asked hello toy 80)" "$(lines '80 done' 'exit 0')"
is "one before HELLO does not spoil those after it" "$(asked late toy)" \
	"$(lines 'icred-worker needs HELLO before a request' '1 done' 'exit 0')"
is "a HELLO that cannot be read" "$(asked damaged toy 2)" \
	"$(lines '2 icred-worker does not understand its first message' 'exit 0')"
is "without standard output and standard error: no socket takes their place" "$(asked closed loud)" "$(lines '1 done' 'exit 0')"

# The first one that crashes answers for all, and the others wait for that.
for turn in 1 2 3; do
	out=$(asked hello crash 16)
	is "a module that crashes in many requests, $turn: each has an answer" "$(printf '%s\n' "$out" | grep -c 'ended without')" 0 ||
		diag "$out"
	like "  and one names the module" "$out" '^1 module key crash crashed \(SIGSEGV\)$'
done

# Under ThreadSanitizer, a race of what the audit reads with what such a thread writes is another exit status.
is "a key that signs after the deadline, audited" "$(asked hello slow 4 audit=yes | sed 's/;.*//')" \
	"$(lines '4 key slow did not sign in time' 'exit 0')"
done_testing
