#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The option that may help after a failure, which no message of the library names; and only where it would help.
. "${srcdir:-.}/tests/lib.sh"

profile=$ICRED_CONFIG_DIR/default.conf
terminal='run icred in a terminal, without --no-interactive, or hand the passphrase or PIN over with --passphrase-fd'
mkdir "$tmp/modules"
for toy in prompt:key-toy:-DWILD_PROMPT toy:issuer-toy:; do
	name=${toy%%:*} source=${toy#*:}
	# shellcheck disable=SC2086 # an option or none
	${CC:-cc} -fPIC -shared -fvisibility=hidden -I"$srcdir/lib" ${source#*:} \
		-o "$tmp/modules/${source%%-*}-$name.so" "$srcdir/tests/abi/${source%%:*}.c" || exit 99
done
# with LINE...: the profile
with() { printf '%s\n' "$@" 'cache optional runtime' 'issuer required toy' >"$profile"; }
# hinted NAME STATUS HINT COMMAND...: the last part of the one line that is printed; a member of its own in JSON
hinted() {
	hinted_name=$1 hinted_status=$2 hinted_text=$3
	shift 3
	run env ICRED_MODULE_DIR="$tmp/modules" "$@" </dev/null
	like "$hinted_name" "$status.$(printf '%s\n' "$err" | wc -l | tr -d ' ').$err" "^$hinted_status\\.1\\..*(;|, or) $hinted_text( or the setting timeout)?\$"
	unlike "  in one sentence with the library's remedy" "$err" '; .*; |raise the setting'
	run env ICRED_MODULE_DIR="$tmp/modules" "$@" --json </dev/null
	like "  in JSON" "$status.$err" "^$hinted_status\\.\\{\"error\":\\{\"kind\":\"[a-z-]+\",\"message\":\"[^{]*\",\"hint\":\"$hinted_text\"\\}\\}\$"
	unlike "  and not in the message" "$err" '"message":"[^{]*--[a-z].*","hint"'
}
# plain NAME STATUS COMMAND...: no option would help, and none is named
plain() {
	plain_name=$1 plain_status=$2
	shift 2
	run env ICRED_MODULE_DIR="$tmp/modules" "$@" </dev/null
	unlike "$plain_name" "$status.$err" "(^[^$plain_status]|[ (]-(-[a-z]|[io] ))"
}

with 'installation abc' 'key required file path=/none'
hinted "no app" 8 "give the app's ID with --app" icred token
hinted "  of git's helper" 8 "give the app's ID with --app" sh -c \
	'printf "protocol=https\nhost=api.carbonregistry.com\n\n" | git-credential-icred "$@"' sh get
with 'app 1' 'key required prompt'
hinted "no installation" 8 'give -i INSTALLATION, -o ORGANIZATION or --as-app' icred token
with 'app 1' 'installation abc' 'key required prompt'
hinted "no terminal to ask at" 4 "$terminal" icred token
hinted "  as the user wanted" 4 "$terminal" icred --no-interactive token
hinted "  for curl" 4 "$terminal" icred curl-config
printf 'a\n' >"$tmp/answer"
run env ICRED_MODULE_DIR="$tmp/modules" icred --passphrase-fd 3 token 3<"$tmp/answer"
is "which is answered" "$status.$out" 0.toy_3_a
icred forget
printf '#!/bin/sh\nsleep 30\n' >"$tmp/slow"
chmod 700 "$tmp/slow"
with 'app 1' 'installation abc' "key required exec command=$tmp/slow"
ln -sf "$ICRED_MODULE_DIR/key-exec.so" "$ICRED_MODULE_DIR/key-file.so" "$tmp/modules/"
hinted "too slow" 7 'give more time with --timeout' icred --timeout 1s token
with 'app 1' 'installation abc' 'key required file path=/none'
plain "another failure: none" 3 icred token
plain "  of a command that takes no option of the kind" 3 icred profile show nothing
done_testing
