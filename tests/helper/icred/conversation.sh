#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A module's question: at the terminal, through a program such as ssh-askpass, or when neither is possible.
. "${srcdir:-.}/tests/lib.sh"
requires expect

modules=$tmp/modules
mkdir "$modules"
# build NAME SOURCE OPTION...
build() {
	build_name=$1 build_source=$2
	shift 2
	${CC:-cc} -fPIC -shared -fvisibility=hidden -I"$srcdir/lib" "$@" -o "$modules/$build_name.so" \
		"$srcdir/tests/abi/$build_source.c" || exit 99
}
build key-prompt key-toy -DWILD_PROMPT
build issuer-toy issuer-toy
ICRED_MODULE_DIR=$modules
printf '%s\n' 'app 1' 'installation abc' 'key required prompt' 'issuer required toy' 'cache optional runtime' \
	>"$ICRED_CONFIG_DIR/default.conf"
secret='a pass  phrase'

# terminal SCRIPT: icred token at a terminal of its own, as the script of expect says; SHELL variables go into it
terminal() {
	icred forget
	printf '%s\n' 'set timeout 20' 'log_user 1' "$1" >"$tmp/script"
	run expect -f "$tmp/script"
}
# The status of icred, and what the terminal is like after it.
# shellcheck disable=SC2016 # variables of expect
end='expect eof; catch wait result; puts "status [lindex $result 3]"'
# shellcheck disable=SC2016
shell_end='expect "STATUS"; expect -re {(\d+) (-?echo)}; puts "status $expect_out(1,string) $expect_out(2,string)"; expect eof'
in_shell="sh -c {icred token; printf 'STATUS %s %s\\n' \$? \"\$(stty -a | grep -oE -e '-?echo( |;|\$)' | head -n 1 | tr -d ' ;')\"}"

terminal "spawn $in_shell
expect \"Passphrase:\"
send \"$secret\\r\"
$shell_end"
like "at the terminal: asked and answered" "$out" 'toy_3_a'
unlike "  the answer is not shown" "$out" "$secret"
like "  and the echo is back" "$out" '^status 0 echo'

for signal in INT TERM HUP QUIT; do
	terminal "spawn sh -c {trap : INT TERM HUP QUIT; stty -a >$tmp/before; sh -c 'echo PID \$\$; exec icred token'; stty -a >$tmp/after; echo OVER}
expect -re {PID (\\d+)}
set pid \$expect_out(1,string)
expect \"Passphrase:\"
sleep 0.2
exec kill -$signal \$pid
expect \"OVER\"
expect eof"
	ok "SIG$signal at the question: the terminal is as before" cmp "$tmp/before" "$tmp/after"
	like "  and at the beginning of a line" "$(printf '%s\n' "$out" | tr -d '\r')" '^OVER'
done

terminal "spawn sh -c {sh -c 'echo PID \$\$; exec icred token'; stty -a >$tmp/after; echo OVER}
expect -re {PID (\\d+)}
set pid \$expect_out(1,string)
expect \"Passphrase:\"
sleep 0.2
exec kill -TSTP \$pid
sleep 0.2
exec kill -CONT \$pid
expect \"Passphrase:\"
send \"$secret\\r\"
expect \"OVER\"
expect eof"
like "stopped and continued: the question once more" "$out" 'toy_3_a'
unlike "  the answer is not shown" "$out" "$secret"
ok "  and the terminal is as before" cmp "$tmp/before" "$tmp/after"

terminal "spawn sh -c {icred --timeout 2s token; echo STATUS \$? echo}
expect \"Passphrase:\"
$shell_end"
like "no answer: the deadline ends it" "$out" '^status 7 '
like "  and says so, on a line of its own" "$(printf '%s\n' "$out" | tr -d '\r')" '^icred: timed out waiting for an answer to the question'
long=$(printf '%01500d' 0)
build key-prompt key-toy -DWILD_PROMPT "-DQUESTION=\"Long $long end?\"" -DSTYLE=77
terminal "spawn $in_shell
expect \" end?\"
send \"$secret\\r\"
$shell_end"
like "a long question, of a style that is not known: shown" "$out" "Long $long end\?"
like "  and answered" "$out" 'toy_3_a'
unlike "  the answer is not shown" "$out" "$secret"
long=$(printf '%02001d' 0)
build key-prompt key-toy -DWILD_PROMPT "-DQUESTION=\"$long\"" -DSTYLE=77
terminal "spawn icred token
$end"
like "one of more than 2000 bytes: not asked, and reported" "$out" "the module's question is longer than 2000 bytes"
build key-prompt key-toy -DWILD_PROMPT
terminal "spawn icred --no-interactive token
$end"
unlike "--no-interactive: not asked" "$out" 'Passphrase:'
like "  but reported" "$out" 'key prompt cannot ask the user: not interactive'
like "  status" "$out" '^status 4'
run icred token </dev/null
is "standard input is no terminal: the same" "$status $out" "4 "
terminal "spawn sh -c {set -m; icred token & wait \$!; echo STATUS \$? echo}
$shell_end"
unlike "in the background: not asked" "$out" 'Passphrase:'
like "  but reported" "$out" 'cannot ask the user: not interactive; .*run icred in a terminal'
like "  status" "$out" '^status 4 '

# -- a program that asks ------------------------------------------------------------------

asking() {
	printf '#!/bin/sh\n%s\n' "$1" >"$tmp/ask"
	chmod +x "$tmp/ask"
}
SSH_ASKPASS=$tmp/ask
export SSH_ASKPASS
asking "printf '%s' \"\$1\" >$tmp/asked; env >$tmp/env; echo '$secret'"
run env SSH_ASKPASS_REQUIRE=force icred token </dev/null
is "SSH_ASKPASS_REQUIRE=force: a token without a terminal" "$status $out" "0 toy_3_a"
like "  the program got the question" "$(cat "$tmp/asked")" '^Passphrase:$'
icred forget
run env SSH_ASKPASS_REQUIRE=force icred --no-interactive token </dev/null
is "  but not with --no-interactive" "$status" 4
for how in never '' prefer; do
	run env SSH_ASKPASS_REQUIRE="$how" DISPLAY=:9 icred token </dev/null
	is "SSH_ASKPASS_REQUIRE=$how without a terminal: not asked" "$status" 4
done
rm -f "$tmp/asked"
terminal "spawn env SSH_ASKPASS_REQUIRE=prefer icred token
$end"
like "SSH_ASKPASS_REQUIRE=prefer at a terminal: the program" "$out" 'toy_3_a'
ok "  was asked" test -e "$tmp/asked"
rm -f "$tmp/asked"
terminal "spawn env DISPLAY=:9 icred token
expect \"Passphrase:\"
send \"x\\r\"
$end"
ok "without it: the terminal" test ! -e "$tmp/asked"
icred forget
asking "printf '%064d' 0"
run env SSH_ASKPASS_REQUIRE=force icred token </dev/null
is "an answer that is longer than the module takes" "$status $out" "8 "
like "  is reported as that" "$err" 'the answer is longer than 63 bytes'
build key-prompt key-toy -DWILD_PROMPT '-DQUESTION="One\ntwo\033:"' -DSTYLE=ICRED_PROMPT_ECHO_OFF
asking "printf '%s' \"\$1\" >$tmp/asked; echo x"
run env SSH_ASKPASS_REQUIRE=force icred token </dev/null
is "a question of two lines: shown as one" "$status $out $(cat "$tmp/asked")" "0 toy_3_a One two?:"
rm -f "$tmp/asked"
build key-prompt key-toy -DWILD_PROMPT
asking 'exit 1'
own=$tmp/own
printf '#!/bin/sh\necho own >%s/asked\necho x\n' "$tmp" >"$own"
chmod +x "$own"
icred forget
run env SSH_ASKPASS_REQUIRE=force icred token </dev/null
is "the program is dismissed: cancelled" "$status $out" "1 "
like "  and reported" "$err" 'dismissed'
run env SSH_ASKPASS_REQUIRE=force ICRED_ASKPASS="$own" icred token </dev/null
is "ICRED_ASKPASS goes before SSH_ASKPASS" "$status $(cat "$tmp/asked")" "0 own"
icred forget
asking 'sleep 60'
began=$(date +%s)
run env SSH_ASKPASS_REQUIRE=force icred --timeout 2s token </dev/null
isnt "one that takes too long: the deadline" "$status" 0
ok "  in time" test $(($(date +%s) - began)) -lt 8
asking 'head -c 100000 /dev/zero | tr "\0" x'
run env SSH_ASKPASS_REQUIRE=force icred token </dev/null
is "one that says too much: nothing is taken" "$status $out" "1 "
SSH_ASKPASS=$tmp/nothing
run env SSH_ASKPASS_REQUIRE=force icred token </dev/null
is "one that is not there" "$status $out" "1 "
done_testing
