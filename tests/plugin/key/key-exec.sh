#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The key module "exec": what a command is given, what becomes of what it says, and its end.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires curl openssl
start_sandbox || exit 99
token='^crs_[0-9a-f]{48}$'
fetch=$tmp/fetch

# use COMMAND [ARGUMENT...]: the profile "default" with one line, key exec
use() {
	use_command=$1
	shift
	profile default "key required exec [command=$use_command] $*"
}
# does TEXT: what the command does
does() {
	printf '#!/bin/sh\n%s\n' "$1" >"$fetch.new"
	chmod 700 "$fetch.new"
	mv "$fetch.new" "$fetch"
	icred forget >/dev/null 2>&1
}

use "$fetch icr/app --field  key"
does "cat '$sandbox_key'; printf '%s\n' \"\$@\" >'$tmp/args'; env >'$tmp/env'; cat >'$tmp/stdin'; ls -l /proc/self/fd >'$tmp/fds'; echo chatter >&2"
LANG=C.UTF-8 DISPLAY=:7 GPG_TTY=/dev/tty7 ICRED_TEST_CANARY=canary FOO=foo BAR=bar
export LANG DISPLAY GPG_TTY ICRED_TEST_CANARY FOO BAR
run icred --no-interactive token
like "a token" "$out$err" "$token"
is "  nothing of the command's chatter" "$err" ""
is "its arguments are split at blanks, without a shell" "$(cat "$tmp/args")" "icr/app
--field
key"
is "its standard input is empty" "$(cat "$tmp/stdin")" ""
is "its environment" "$(cut -d= -f1 "$tmp/env" | grep -vE '^(_|PWD|SHLVL|OLDPWD)$' | LC_ALL=C sort | tr '\n' ' ')" \
	"$(for name in HOME LANG LOGNAME PATH USER XDG_RUNTIME_DIR; do
		eval "[ -z \"\${$name+x}\" ] || printf '%s ' $name"
	done)"
is "no descriptor of ours" "$(grep -cE '(socket|pipe):' "$tmp/fds")" "1"
run icred --json key list
is "key list has it" "$(json '[(k["fingerprint"], k["module"], k["where"]) for k in d["keys"]]')" \
	"[('$(icred key fingerprint "$sandbox_key")', 'exec', '$fetch icr/app --field  key')]"
use "$fetch" "[env=FOO,BAR NOTHING]"
icred forget
ok "more of the environment, if the line says so" icred token
like "  is there" "$(cat "$tmp/env")" "^FOO=foo"
like "  all of it" "$(cat "$tmp/env")" "^BAR=bar"
unlike "  and no more" "$(cat "$tmp/env")" "canary"

# -- how it ends ----------------------------------------------------------------------

use "$fetch"
does "echo 'Error: icr/app is not in the password store.' >&2; exit 1"
refused "status 1: not found, with what it said" 3 not-found "$fetch gave no key .exit status 1.: Error: icr/app is not in" icred token
does "exit 77"
refused "status 77: denied" 5 denied "exit status 77" icred token
does "exit 69"
refused "status 69: no service" 4 no-service "exit status 69" icred token
does "exit 75"
refused "status 75: no service" 4 no-service "exit status 75" icred token
does "exit 2"
refused "any other: internal" 1 internal "exit status 2" icred token
does 'kill -9 $$'
refused "a signal" 1 internal "ended by signal 9" icred token
does "exit 0"
refused "nothing printed" 3 not-found "printed nothing" icred token
does "echo hello"
refused "no key" 8 invalid "$fetch: this is not a key in PEM format" icred token
does "cat '$sandbox_key'; head -c 40000 /dev/zero"
refused "too much" 8 invalid "printed more than 32768 bytes" icred token
does "yes"
refused "without end" 8 invalid "printed more than" icred token
does "cat '$sandbox_key'; yes >&2 & sleep 1; kill \$!"
run icred token
like "endless complaints do no harm" "$out$err" "$token"
# shellcheck disable=SC2016 # for the script
does 'printf "\033[31m  bad \033]0;x\007 token crs_0123456789abcdef eyJhbGciOiJSUzI1NiJ9.e30.x\nsecond line\n" >&2; sed -n 2p "'"$sandbox_key"'" >&2; exit 1'
run icred token
unlike "what it says is made fit for a terminal" "$err" "$(printf '\033')|$(printf '\007')"
unlike "  without tokens" "$err" "crs_0|eyJ"
unlike "  and of one line" "$err" "second line"
does "sed -n 2p '$sandbox_key' >&2; exit 1"
run icred token
unlike "no piece of a key is quoted" "$err" "$(sed -n 2p "$sandbox_key" | cut -c1-20)"

# -- time ------------------------------------------------------------------------------

does "echo \$\$ >'$tmp/pid'; sleep 60 & echo \$! >>'$tmp/pid'; sleep 60"
refused "a command that does not end" 7 timeout "$fetch timed out and was stopped" icred --timeout 2s token
gone() {
	while read -r pid; do
		! kill -0 "$pid" 2>/dev/null || grep -q '^State:.*Z' "/proc/$pid/status" || return 1
	done <"$tmp/pid"
}
ok "  is ended, with what it started" wait_for 5 gone
install -m 600 "$sandbox_key" "$tmp/app.pem"
profile default "key sufficient exec [command=$fetch] timeout=1" "key sufficient file path=$tmp/app.pem"
does 'sleep 60'
run icred -v token
like "one that may not take so long leaves the time to the next line" "$out" "$token"
like "  and is reported" "$err" "^icred: key exec .*: timeout, ignored: $fetch timed out and was stopped"
icred -q forget
for word in 0 1s -1 '' 3601 99999999999999999999; do
	use "$fetch" "timeout=$word"
	refused "timeout=$word" 8 invalid 'timeout= must be a number of seconds, from 1 to 3600' icred token
done
use "$fetch"
does "cat '$sandbox_key'; sleep 60 & echo \$! >'$tmp/pid'"
run icred --timeout 10s token
like "what it leaves in the background is not waited for" "$out$err" "$token"
kill "$(cat "$tmp/pid")"

# -- the line --------------------------------------------------------------------------

icred forget
use "$tmp/nothing"
refused "no such command" 8 invalid "$tmp/nothing cannot be run: No such file" icred token
: >"$tmp/plain"
use "$tmp/plain"
refused "one that is no program" 8 invalid "plain cannot be run: Permission denied" icred token
use "pass show icr"
refused "one without a path" 8 invalid "not an absolute path" icred token
profile default "key required exec"
refused "none" 8 invalid "command= is missing" icred token
profile default "key sufficient exec [command=$fetch none]" "key sufficient exec [command=/bin/cat $sandbox_key]"
does "exit 1"
run icred token
like "status 1 leaves it to the next line" "$out$err" "$token"

errors_checked
done_testing
