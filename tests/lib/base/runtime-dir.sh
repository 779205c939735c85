#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A runtime directory that cannot be trusted is not used: the token is minted and kept nowhere.  A profile that
# needs that cache is refused.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
profile default 'cache sufficient runtime'
profile needed 'cache required runtime'
profile kernel 'cache sufficient keyctl keyring=session'
profile both
good=$XDG_RUNTIME_DIR
bad=$tmp/bad
token='^crs_[0-9a-f]{48}$'

# plainly COMMAND...: without root's power over files
plainly() { "$@"; }
if [ "$(id -u)" -eq 0 ]; then
	if setpriv --bounding-set=-dac_override,-dac_read_search,-fowner true 2>/dev/null; then
		plainly() { setpriv --bounding-set=-dac_override,-dac_read_search,-fowner "$@"; }
	else
		diag "root cannot do without its powers here"
	fi
fi
clean() { chmod -R u+rwx "$bad" 2>/dev/null; rm -rf "$bad" "$tmp/target"; mkdir "$tmp/target"; }

locks=/tmp/icred-$(id -u)
[ -d "$locks" ] || cleanup forget_locks
forget_locks() { rm -f "$locks/lock" && rmdir "$locks" 2>/dev/null; }
ask_git() { printf 'protocol=https\nhost=%s\n\n' "${sandbox_url#https://}" | git-credential-icred "$@"; }

# warned NAME PATTERN COMMAND...: it succeeds, with that one line on standard error
warned() {
	warned_name=$1 warned_pattern=$2
	shift 2
	run plainly "$@"
	is "$warned_name" "$status" 0
	like "  with one warning" "$(printf '%s' "$err" | tr '\n' '|')" "^[a-z-]+: [^|]*${warned_pattern}[^|]*\$"
}

# distrusted NAME PATTERN: a token is minted and that directory left alone
distrusted() {
	XDG_RUNTIME_DIR=$bad
	before=$(sandbox mints)
	warned "$1" "$2" icred token
	like "  and a token" "$out" "$token"
	is "  that was minted" "$(sandbox mints)" "$((before + 1))"
	run plainly icred -p kernel token
	like "  the kernel's cache does without it" "$status.$err.$out" '^0\.\.crs_'
	icred -p kernel forget
	refused "  one who needs that cache is refused" 5 denied "$2" plainly icred -p needed token
	is "  no token is anywhere" "$(find "$bad/" "$tmp/target" -name '*.token' 2>/dev/null)" ""
	is "  no link was followed" "$(ls "$tmp/target")" ""
	XDG_RUNTIME_DIR=$good
}

clean
mkdir -m 500 "$bad"
distrusted "an unwritable one" "cannot be created: Permission denied.*set XDG_RUNTIME_DIR"
clean
mkdir -m 770 "$bad"
distrusted "one that the group may write to" 'open to other users \(mode 0770\); run: chmod 700'
clean
mkdir -m 1777 "$bad"
distrusted "one that everybody may write to" 'open to other users \(mode 1777\); set XDG_RUNTIME_DIR'
clean
ln -s "$tmp/target" "$bad"
distrusted "a symbolic link" 'is a symbolic link, which .*set XDG_RUNTIME_DIR'
clean
distrusted "a missing one" 'No such file or directory.*set XDG_RUNTIME_DIR'
: >"$bad"
distrusted "a file" 'Not a directory.*set XDG_RUNTIME_DIR'
clean
mkdir -m 700 "$bad"
ln -s "$tmp/target" "$bad/icred"
distrusted "our part of it is a symbolic link" 'icred is a symbolic link, which .*remove it'
clean
mkdir -m 700 "$bad"
mkdir -m 755 "$bad/icred"
distrusted "our part of it is open to others" 'open to other users \(mode 0755\); run: chmod 700'
chmod 500 "$bad/icred"
distrusted "our part of it is not writable" 'not writable \(mode 0500\); run: chmod 700'
rmdir "$bad/icred"
: >"$bad/icred"
distrusted "our part of it is a file" 'remove it'
clean
mkdir -m 700 "$bad" "$bad/icred"
ln -s "$tmp/target/lock" "$bad/icred/lock"
# the_lock NAME: what is in the lock's place is left alone, and the lock is elsewhere
the_lock() {
	XDG_RUNTIME_DIR=$bad
	run icred token
	like "$1: a token, and not a word" "$status.$err.$out" '^0\.\.crs_'
	is "  which is cached" "$(icred token)" "$out"
	icred forget
	is "  no link was followed" "$(ls "$tmp/target")" ""
	XDG_RUNTIME_DIR=$good
}
the_lock "the lock is a symbolic link"
rm "$bad/icred/lock"
mkdir "$bad/icred/lock"
the_lock "the lock is a directory"
clean
if [ "$(id -u)" -eq 0 ]; then
	mkdir -m 755 "$bad"
	chown 65534 "$bad"
	distrusted "another user's" 'belongs to user 65534, not to user 0; set XDG_RUNTIME_DIR'
	clean
	mkdir -m 700 "$bad"
	mkdir -m 755 "$bad/icred"
	chown 65534 "$bad/icred"
	distrusted "our part of it is another user's" 'belongs to user 65534, not to user 0; remove it'
else
	bad=/usr
	distrusted "another user's" 'belongs to user 0, not to user .*; set XDG_RUNTIME_DIR'
	bad=$tmp/bad
fi
clean
# shellcheck disable=SC2030,SC2031
warned "a relative path" 'not an absolute path; set XDG_RUNTIME_DIR' env XDG_RUNTIME_DIR=run icred token

# -- what was tampered with is not believed --------------------------------------------------

mints=$(sandbox mints)
mine=$(icred token)
like "a good one" "$mine" "$token"
entry=$(find "$XDG_RUNTIME_DIR/icred" -name '*.token')
is "  has one entry for us alone" "$(stat -c %a "$entry")" 600
is "  that is used" "$(icred token).$(sandbox mints)" "$mine.$((mints + 1))"
# tampered NAME PATTERN: a warning, a new token, a new entry
tampered() {
	before=$(sandbox mints)
	run icred token
	like "$1: a new token" "$status.$out" '^0\.crs_'
	isnt "  not the old one" "$out" "$mine"
	is "  minted" "$(sandbox mints)" "$((before + 1))"
	like "  with a warning" "$err" "$2"
	mine=$(icred token 2>"$tmp/.err")
	is "  and now all is well" "$(cat "$tmp/.err").$(sandbox mints)" ".$((before + 1))"
}
chmod 640 "$entry"
tampered "an entry that others can read" 'mode other than 0600; it is ignored'
mv "$entry" "$tmp/target/entry" && ln -s "$tmp/target/entry" "$entry"
tampered "an entry that is a link" 'symbolic link; it is ignored'
head -c 100 "$entry" >"$tmp/half" && cat "$tmp/half" >"$entry"
tampered "an entry that is cut" 'damaged; it is ignored'
sed 's/crs_/crx_/' "$entry" >"$tmp/half" && cat "$tmp/half" >"$entry"
tampered "an entry that was changed" 'damaged; it is ignored'
rm "$entry" && mkfifo -m 600 "$entry"
tampered "an entry that is a pipe" 'not a file; it is ignored'
icred forget
is "forget leaves no entry" "$(find "$XDG_RUNTIME_DIR/icred" -name '*.token' -o -name '*.temp')" ""

# -- none at all -----------------------------------------------------------------------------

unset XDG_RUNTIME_DIR
if [ -d "/run/user/$(id -u)" ]; then
	skip "there is a real runtime directory, which is none of a test's business"
else
	run icred token
	like "without one a token is minted all the same" "$status.$out" '^0\.crs_'
	like "  with a warning that it cannot be kept" "$err" 'not cached: .*XDG_RUNTIME_DIR'
	mine=$(icred -p kernel token)
	is "  and the kernel keeps it" "$(icred -p kernel token)" "$mine"
	like "  without either" "$(icred -p both token)" "$token"
	icred -p kernel forget
fi
errors_checked
done_testing
