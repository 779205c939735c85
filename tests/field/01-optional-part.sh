#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Trouble of a part that can be done without is not a security decision: a cache or a lock that cannot be used is
# not used, with one warning, whatever the system call said.  A cache that the profile requires still fails the call.
# shellcheck disable=SC2016 # for another shell
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

start_sandbox || exit 99
by_file="key sufficient file path=$sandbox_key"
profile default 'cache sufficient runtime' "$by_file"
profile optional 'cache optional runtime' "$by_file"
profile bracket 'cache [success=done default=ignore] runtime' "$by_file"
profile required 'cache required runtime' "$by_file"
profile requisite 'cache requisite runtime' "$by_file"
profile strict 'cache [success=done denied=die default=ignore] runtime' "$by_file"
profile argument 'cache sufficient keyctl keyring=none' "$by_file"
good=$XDG_RUNTIME_DIR
locks=/tmp/icred-$(id -u)
[ -d "$locks" ] || cleanup forget_locks
forget_locks() { rm -f "$locks/lock" && rmdir "$locks" 2>/dev/null; }

# plainly COMMAND...: without root's power over files
plainly() { "$@"; }
if [ "$(id -u)" -eq 0 ] && setpriv --bounding-set=-dac_override,-dac_read_search,-fowner true 2>/dev/null; then
	plainly() { setpriv --bounding-set=-dac_override,-dac_read_search,-fowner "$@"; }
fi
git_says() {
	printf 'protocol=https\nhost=%s\nusername=x-access-token\npassword=crs_0\n\n' "${sandbox_url#https://}" |
		plainly git-credential-icred "$@"
}

# one_warning: standard error is one line
one_warning() { [ "$(printf '%s\n' "$err" | grep -c .)" -eq 1 ] && [ -z "$(printf '%s' "$err" | tr -d '[:print:]')" ]; }
# works NAME PATTERN COMMAND...: status 0, output of this form, and one warning
works() {
	works_name=$1 works_pattern=$2
	shift 2
	run "$@"
	like "$works_name" "$status.$out" "^0\\.$works_pattern"
	ok "  with one warning" one_warning
}

# each_command NAME: with what $XDG_RUNTIME_DIR is now
each_command() {
	works "$1: token" 'crs_' plainly icred token
	like "  that says what is not used, and why" "$err" '^icred: (cache runtime is not used|the token was not cached): .*; '
	for each_profile in optional bracket; do
		works "$1: token, of the profile $each_profile" 'crs_' plainly icred -p "$each_profile" token
	done
	works "$1: curl-config" '' plainly icred curl-config
	works "$1: exec" 'crs_' plainly icred exec -- sh -c 'echo "$ICRED_TOKEN"'
	works "$1: git, get" '' git_says get
	like "  has the token" "$out" 'password=crs_'
}
each_eraser() {
	works "$1: forget" '$' plainly icred forget
	works "$1: git, erase" '$' git_says erase
	run plainly icred status
	is "$1: status works" "$status" 0
	like "  and shows it" "$out" '^tokens  .*; '
}
# each_need NAME: what is needed is not done without
each_need() {
	for each_profile in required requisite strict; do
		refused "$1: the profile $each_profile is refused" 5 denied 'XDG_RUNTIME_DIR|chmod 700|remove' \
			plainly icred -p "$each_profile" token
	done
}

# -- each way in which a directory can be unfit -----------------------------------------------

# make NAME: the directory of that name, or what stands in its place
make() {
	base=$tmp/base
	chmod -R u+rwx "$base" 2>/dev/null
	rm -rf "$base"
	XDG_RUNTIME_DIR=$base
	case $1 in
	'does not exist') ;;
	'its parent is a file') : >"$base" && XDG_RUNTIME_DIR=$base/run ;;
	'is a file') : >"$base" ;;
	'is a pipe') mkfifo "$base" ;;
	'is a link') ln -s "$good" "$base" ;;
	'is a link to itself') ln -s base "$base" ;;
	'is relative') XDG_RUNTIME_DIR=run ;;
	'is too long') XDG_RUNTIME_DIR=/$(printf '%05000d' 0) ;;
	'has a name that is too long') XDG_RUNTIME_DIR=/$(printf '%0300d' 0) ;;
	'cannot be entered') mkdir -m 000 "$base" ;;
	'has a parent that cannot be entered') mkdir "$base" "$base/run" && chmod 000 "$base" && XDG_RUNTIME_DIR=$base/run ;;
	'cannot be written') mkdir -m 500 "$base" ;;
	'is open to the group') mkdir -m 770 "$base" ;;
	'is open to all') mkdir -m 1777 "$base" ;;
	'our part is a file') mkdir -m 700 "$base" && : >"$base/icred" ;;
	'our part is a link') mkdir -m 700 "$base" && ln -s "$good" "$base/icred" ;;
	'our part hangs') mkdir -m 700 "$base" && ln -s /nonexistent "$base/icred" ;;
	'our part is open') mkdir -m 700 "$base" && mkdir -m 755 "$base/icred" ;;
	'our part is not writable') mkdir -m 700 "$base" && mkdir -m 500 "$base/icred" ;;
	'our part has no permission') mkdir -m 700 "$base" && mkdir -m 000 "$base/icred" ;;
	'is of another user') if [ "$(id -u)" -eq 0 ]; then mkdir -m 755 "$base" && chown 65534 "$base"; else XDG_RUNTIME_DIR=/usr; fi ;;
	'is no place for files') XDG_RUNTIME_DIR=/proc ;;
	esac
}

for kind in 'does not exist' 'its parent is a file' 'is a file' 'is a pipe' 'is a link' 'is a link to itself' \
	'is relative' 'is too long' 'has a name that is too long' 'cannot be entered' \
	'has a parent that cannot be entered' 'cannot be written' 'is open to the group' 'is open to all' \
	'our part is a file' 'our part is a link' 'our part hangs' 'our part is open' 'our part is not writable' \
	'our part has no permission' 'is of another user' 'is no place for files'; do
	make "$kind"
	before=$(find "$good" | sort)
	works "it $kind: a token" 'crs_' plainly icred token
	works "  forget" '$' plainly icred forget
	each_need "  $kind"
	is "  nothing was written where a link points to" "$(find "$good" | sort)" "$before"
done

make 'does not exist'
each_command "it is missing"
each_eraser "it is missing"
make 'our part is open'
each_command "it is open"
each_eraser "it is open"
make 'is open to all'
run icred token
like "what is open to all may have to be: another one is to be used" "$status.$err" '^0\..*is open to other users .*; set XDG_RUNTIME_DIR to'
make 'is a file'
each_eraser "it is a file"
run git_says erase
like "  git's eraser says what is not used" "$err" 'cache runtime is not used: '
for each_profile in required requisite strict; do
	fails "  while the profile $each_profile fails: git, erase" 5 git_says -p "$each_profile" erase
	fails "  and forget" 5 plainly icred -p "$each_profile" forget
done

# -- a line that is wrong is the profile's fault, not the cache's ------------------------------

XDG_RUNTIME_DIR=$good
refused "a wrong argument still fails the call" 8 invalid 'keyring=' icred -p argument token

# -- what stands in the way of a token's file, or of the lock ------------------------------------

icred -q token >"$tmp/.first"
entry=$(find "$good/icred" -name '*.token')
rm "$entry" && mkdir -p "$entry/x"
works "a directory where the token should be" 'crs_' icred token
works "  which needs no word of it twice" 'crs_' icred token
like "  while -v has all of it" "$(icred -v token 2>&1 >"$tmp/.first")" 'write a file'
refused "  but a profile that requires the cache fails" 5 denied "cannot write" icred -p required token
rm -r "$entry"
for way in link pipe directory; do
	rm -rf "$good/icred/lock"
	case $way in
	link) ln -s /nonexistent/lock "$good/icred/lock" ;;
	pipe) mkfifo "$good/icred/lock" ;;
	directory) mkdir "$good/icred/lock" ;;
	esac
	icred forget
	run icred token
	like "a $way in the place of the lock: a token, and not a word" "$status.$err.$out" '^0\.\.crs_'
	is "  which is cached" "$(icred token)" "$out"
done
rm -rf "$good/icred/lock"

# -- a file system that is full or read-only ----------------------------------------------------

# mounted OPTIONS COMMAND: with a file system of its own in $tmp/small, made so by the command, and /tmp read-only
cat >"$tmp/mounted" <<-'END'
	mount -t tmpfs -o "mode=700,$2" none "$1/small" || exit 77
	XDG_RUNTIME_DIR=$1/small
	export XDG_RUNTIME_DIR
	eval "$3" || exit 77
	shift 3
	"$@"
END
mounted() {
	mkdir -p "$tmp/small"
	unshare -m sh "$tmp/mounted" "$tmp" "$@"
}
if [ "$(id -u)" -eq 0 ] && mounted size=64k true true 2>/dev/null; then
	full='mkdir -m 700 "$1/small/icred" && { cat /dev/zero >"$1/small/filler" 2>/dev/null; true; }'
	full_of_files='mkdir -m 700 "$1/small/icred" && i=0 && while touch "$1/small/$i" 2>/dev/null; do i=$((i + 1)); done; true'
	readonly='mkdir -m 700 "$1/small/icred" && mount -o remount,ro "$1/small"'
	bare='mount -o remount,ro "$1/small"'
	nowhere='mount -o remount,ro "$1/small" && mkdir -m 700 -p "/tmp/icred-0" && mount --bind "$1/small" /tmp/icred-0'
	works "a full file system" 'crs_' mounted size=64k "$full" icred token
	works "one with too many files" 'crs_' mounted nr_inodes=20 "$full_of_files" icred token
	works "a read-only one" 'crs_' mounted size=64k "$readonly" icred token
	works "  that has no directory of ours" 'crs_' mounted size=64k "$bare" icred token
	works "  and no other place for the lock" 'crs_' mounted size=64k "$nowhere" icred token
	refused "  but a profile that requires the cache fails" 5 denied "cannot write" mounted size=64k "$readonly" icred -p required token
	works "forget on a read-only one that is empty" '$' mounted size=64k "$bare" icred forget
	stays='icred -q token >"$1/.first" && mount -o remount,ro "$1/small"'
	refused "  but not on one that keeps its token" 5 denied "cannot remove" mounted size=64k "$stays" icred forget
else
	skip "no mounts of our own"
fi
errors_checked
done_testing
