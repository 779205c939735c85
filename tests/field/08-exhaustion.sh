#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The message about a limit that was reached names that limit, and does not blame the step that reached it.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
profile filed "key required file path=$sandbox_key" "cache sufficient runtime"
chmod 600 "$sandbox_key"

# Blame that would send a user the wrong way
blame='installed completely|remove it|"denied"|is not usable|no certificate'

# exhausted NAME STATUS PATTERN LIMIT COMMAND...: fails like that, says what matches, and blames nothing else
exhausted() {
	exhausted_name=$1 exhausted_status=$2 exhausted_pattern=$3 exhausted_limit=$4
	shift 4
	# shellcheck disable=SC2016 # the inner shell's
	run sh -c 'eval "$0" && exec "$@"' "$exhausted_limit" "$@"
	like "$exhausted_name" "$status" "$exhausted_status" || diag "$err"
	like "  says why" "$err" "$exhausted_pattern"
	unlike "  and blames nothing else" "$err" "$blame"
}

files='too many open files.*ulimit -n'
for count in 4 5 6 7 8 9 10 12; do
	icred -q forget
	run sh -c "ulimit -n $count; exec icred --timeout 20 --json token"
	if [ "$status" = 0 ]; then
		like "$count descriptors are enough" "$out" 'crs_'
	else
		like "$count descriptors are not enough: a line says so" "$err" "$files|error while loading" || diag "$err"
		unlike "  and blames nothing else" "$err" "$blame"
	fi
done

# What comes goes through a pipe: the test's own files could not grow either.
# small NAME PATTERN SHELL...: what it prints, and its status
small() {
	icred -q forget
	small_out=$( (
		eval "ulimit -f 0; $3"
		echo "status $?"
	) 2>&1 | cat | tr '\n' ' ')
	like "no file may grow$1" "$small_out" "$2"
}
small ": a token, and no signal" '^crs_[0-9a-f]* status 0 $' 'icred --timeout 20 token'
small ", SIGXFSZ ignored: a token" '^crs_[0-9a-f]* status 0 $' 'trap "" XFSZ; icred --timeout 20 token'
small ", and there is no other cache: a token, and why it is not kept" \
	'not kept in the runtime directory: .*ulimit -f[)] crs_[0-9a-f]* status 0 $' 'icred --timeout 20 --profile filed token'
# shellcheck disable=SC2016 # evaluated there
small ", and the answer goes to one" "cannot write the answer: .*larger.*ulimit -f.* status 1 " 'icred token >"$tmp/answer"'
# shellcheck disable=SC2016
small ", with a trace that cannot be written" '^crs_[0-9a-f]* status 0 $' 'ICRED_TRACE="$tmp/trace" icred token'
like "a command that icred runs has its signals as they were" "$(icred exec -- cat /proc/self/status | grep SigIgn)" \
	"^$(grep SigIgn /proc/self/status)\$"

# -- /dev/full, and a file system that is full ---------------------------------------------

run sh -c 'exec icred --json token >/dev/full'
like "a full disk under the answer" "$status.$err" '^1\..*"no-memory".*no space is left'

# -- programs that cannot be started --------------------------------------------------------

icred -q forget
mkdir "$tmp/libexec"
cp "$builddir/.libs/icred-worker" "$tmp/libexec/icred-worker" 2>/dev/null ||
	cp "$builddir/icred-worker" "$tmp/libexec/icred-worker"
chmod 644 "$tmp/libexec/icred-worker"
exhausted "a worker that may not be executed" 1 'Permission denied; make it executable' : \
	env ICRED_LIBEXEC_DIR="$tmp/libexec" icred token
printf '\177ELFnonsense' >"$tmp/libexec/icred-worker"
chmod 755 "$tmp/libexec/icred-worker"
exhausted "a worker that is for another machine" 1 'not a program for this machine' : \
	env ICRED_LIBEXEC_DIR="$tmp/libexec" icred token
rm "$tmp/libexec/icred-worker"
run env ICRED_LIBEXEC_DIR="$tmp/libexec" icred token
like "a worker that is missing" "$status.$err" '^1\..*installed completely'
python=$("$PYTHON" -c 'import sys; print(sys.executable)')
for signal in SEGV ABRT KILL XFSZ TERM; do
	number=$("$PYTHON" -c "import signal; print(signal.SIG$signal.value)")
	printf '#!%s\nimport os, signal\nsignal.pthread_sigmask(signal.SIG_SETMASK, [])\n' "$python" >"$tmp/libexec/icred-worker"
	printf 'if %d != 9: signal.signal(%d, signal.SIG_DFL)\nos.kill(os.getpid(), %d)\n' "$number" "$number" "$number" \
		>>"$tmp/libexec/icred-worker"
	chmod 755 "$tmp/libexec/icred-worker"
	run env ICRED_LIBEXEC_DIR="$tmp/libexec" icred token
	like "a worker that ends by SIG$signal" "$status.$err" "^1\\..*icred-worker (crashed|was killed).*SIG$signal"
done
done_testing
