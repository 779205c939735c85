#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A program that a profile names is run only if other users cannot write it; and no text from outside is cut and then
# used, as the beginning of a path is another path, and that of a passphrase another passphrase.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

requires curl openssl
umask 022
start_sandbox || exit 99
token='^crs_[0-9a-f]{48}$'
programs=$tmp/programs
secret='a pass phrase'
printf '%s\n' "$secret" >"$tmp/phrase"
chmod 600 "$tmp/phrase"
openssl pkcs8 -topk8 -v2 aes-256-cbc -v2prf hmacWithSHA256 -in "$sandbox_key" -out "$tmp/locked.pem" \
	-passout "file:$tmp/phrase"
chmod 600 "$tmp/locked.pem"

fresh() { icred forget >/dev/null 2>&1; }
# program PATH: one that gives the key, or with a question the passphrase
program() {
	cat >"$1" <<-END
		#!/bin/sh
		echo ran >>"$tmp/ran"
		if [ \$# -eq 0 ]; then cat "$sandbox_key"; else printf '%s\n' "$secret"; fi
	END
	chmod 755 "$1"
}
begin() {
	rm -rf "$programs" "$tmp/ran"
	mkdir "$programs"
	program "$programs/run"
	fresh
}
works() {
	fresh
	run icred --no-interactive token
	like "$1" "$err$out" "$token"
}

# -- who may write a program ------------------------------------------------------------------

# unfit NAME PATTERN: it is not run; what the message says to run mends that
unfit() {
	refused "$1: not run" 8 invalid "$2" icred token
	is "  indeed" "$(cat "$tmp/ran" 2>/dev/null)" ""
	run icred token
	command=${err##*run: }
	ok "  the message ends with a command that runs" sh -c "$command"
	works "  and mends it"
}
for line in "key required exec [command=$programs/run]" "key required file path=$tmp/locked.pem ask=$programs/run"; do
	profile default "$line"
	for mode in 755 700 500; do
		begin
		chmod "$mode" "$programs/run"
		works "${line%% path*}: mode $mode"
	done
	for mode in 757 777 702; do
		begin
		chmod "$mode" "$programs/run"
		unfit "mode $mode" 'run: other users can write to it'
	done
	for mode in 777 757 1777; do
		begin
		chmod "$mode" "$programs"
		unfit "a directory of mode $mode" 'programs: other users can write to this directory'
	done
	begin
	chmod 775 "$programs"
	works "a directory of a group, as Debian's /usr/local"
	begin
	mkdir -p "$tmp/elsewhere"
	program "$tmp/elsewhere/run"
	ln -sf "$tmp/elsewhere/run" "$programs/run"
	works "a link"
	chmod 777 "$tmp/elsewhere/run"
	rm -f "$tmp/ran"
	fresh
	unfit "  to a program that others can write" 'elsewhere/run: other users'
	chmod 777 "$tmp/elsewhere"
	rm -f "$tmp/ran"
	fresh
	unfit "  in a directory that they can write to" 'elsewhere: other users'
	chmod 777 "$programs"
	rm -f "$tmp/ran"
	fresh
	unfit "  that is itself in one" 'programs: other users'
	mkdir -p "$tmp/between"
	ln -sf ../elsewhere/run "$tmp/between/link"
	ln -sf "$tmp/between/link" "$programs/run"
	works "a link to a link"
	chmod 777 "$tmp/between"
	rm -f "$tmp/ran"
	fresh
	unfit "  in a directory that they can write to" 'between: other users can write to this directory'
	if [ "$(id -u)" -eq 0 ]; then
		begin
		chown 4321 "$programs/run"
		unfit "root, and the program is another user's" 'belongs to user 4321, not to user 0'
		begin
		chown 4321 "$programs"
		unfit "  or its directory" 'this directory belongs to user 4321, not to user 0'
		begin
		chgrp 1 "$programs/run"
		chmod 775 "$programs/run"
		unfit "  or another group's" 'other users can write to it'
	else
		skip "not root, so there is no other owner"
	fi
	begin
	rm "$programs/run"
	ln -s /dev/null "$programs/run"
	refused "a device, which needs its mode" 8 invalid "run cannot be run: Permission denied" icred token
	rm "$programs/run"
	refused "one that is missing has its own words" 8 invalid "run cannot be run: No such file" icred token
done

if [ -e "$ICRED_MODULE_DIR/key-pkcs11.so" ]; then
	profile default "key required pkcs11 [uri=pkcs11:token=t;object=o?module-path=$programs/lib.so]"
	begin
	refused "a PKCS#11 library that is missing" 8 invalid "lib\.so cannot be loaded: No such file.*install it, or name another file with module-path" icred token
	: >"$programs/lib.so"
	refused "  that is none" 8 invalid "cannot be loaded" icred token
	chmod 666 "$programs/lib.so"
	refused "  that others can write" 8 invalid 'lib\.so: other users can write to it .*run: chmod go-w' icred token
fi

# -- names that are longer than any buffer -----------------------------------------------------

# deep LENGTH: a path of that length for a program, in $deep, and a decoy wherever its beginning names one
deep() {
	deep=$programs
	while [ "${#deep}" -lt $(($1 - 202)) ]; do deep=$deep/$(printf '%0100d' 0); done
	mkdir -p "$deep"
	deep=$deep/$(printf "%0$(($1 - ${#deep} - 1))d" 1)
}
for length in 254 255 256 257 300 511 512 513 700 1000 1022; do
	begin
	deep "$length"
	program "$deep"
	for cut in 255 511 1023; do
		decoy=$(printf "%.${cut}s" "$deep")
		[ "$decoy" = "$deep" ] || [ -e "$decoy" ] || { printf '#!/bin/sh\necho decoy >>"%s"\n' "$tmp/ran" >"$decoy" && chmod 755 "$decoy"; }
	done
	profile default "key required file path=$tmp/locked.pem ask=$deep"
	works "ask= of $length bytes"
	[ "$length" -gt 1000 ] || {
		profile default "key required exec [command=$deep]"
		works "command= of $length bytes"
	}
	is "  and nothing else was run" "$(sort -u "$tmp/ran")" ran
done
begin
deep 2000
program "$deep"
profile default "key required exec [command=$deep]"
refused "a command that is too long is refused" 8 invalid 'too long' icred token
is "  and not run" "$(cat "$tmp/ran" 2>/dev/null)" ""

profile default "key required file path=$sandbox_key"
for length in 4050 4085 4096 4200 9000; do
	fresh
	long=/$(printf "%0${length}d" 0)
	refused "ICRED_MODULE_DIR of $length bytes" 8 invalid "cannot be loaded: " env ICRED_MODULE_DIR="$long" icred token
	run env ICRED_LIBEXEC_DIR="$long" icred token
	isnt "ICRED_LIBEXEC_DIR of $length bytes" "$status" 0
	like "  with a word of it" "$err" "ICRED_LIBEXEC_DIR|cannot start /0000"
done

# -- a secret is taken whole ---------------------------------------------------------------------

profile default "key required file path=$tmp/locked.pem passphrase-file=$tmp/given"
# given NAME WANTED FORMAT: a passphrase file of that content; opened or not
given() {
	# shellcheck disable=SC2059 # the format is the content
	printf "$3" >"$tmp/given"
	chmod 600 "$tmp/given"
	printf '#!/bin/sh\ncat "%s"\n' "$tmp/given" >"$programs/run"
	chmod 755 "$programs/run"
	for each in "passphrase-file=$tmp/given" "ask=$programs/run"; do
		profile default "key required file path=$tmp/locked.pem $each"
		fresh
		run icred --no-interactive token
		is "$1, ${each%%=*}=" "$([ "$status" -eq 0 ] && echo opened || echo refused)" "$2" || diag "$err"
	done
}
begin
given "the passphrase" opened "$secret"
given "  with a line feed" opened "$secret\\n"
given "  with CR and LF" opened "$secret\\r\\n"
given "  and another line" opened "$secret\\nanother\\n"
given "one that begins with it and NUL" refused "$secret\\0junk\\n"
given "  with NUL alone" refused "$secret\\0"
given "one that goes on behind a CR" refused "$secret\\rjunk\\n"
given "one that is longer than any" refused "$secret%05000d\\n"
given "nothing" refused ''
errors_checked
done_testing
