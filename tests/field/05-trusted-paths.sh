#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A profile names programs to run, so only root and the user who runs icred may be able to write it, what it includes,
# and the directory of each; if others can, it is refused, with the command that mends it.
# shellcheck disable=SC2016 # for another shell
. "${srcdir:-.}/tests/lib.sh"

uid=$(id -u)
real=$tmp/real
dir=$ICRED_CONFIG_DIR
group=1 # not the user's own
[ "$(id -g)" -ne 1 ] || group=2
umask 022

# begin: a profile "p" that includes "q", each 0644
begin() {
	chmod -R u+rwX "$dir" "$real" 2>/dev/null
	rm -rf "$dir" "$real"
	mkdir -p "$dir" "$real"
	printf 'app 1\n' >"$dir/q.conf"
	printf 'include q\ninstallation x\n' >"$dir/p.conf"
	cp "$dir"/*.conf "$real/"
}
show() { icred -p p profile show; }

# taken NAME: the profile is read
taken() {
	run show
	is "$1" "$status.$err" 0.
}
# refused NAME PATTERN: it is not; what the message says to run mends it
refused() {
	run show
	is "$1: refused" "$status" 8
	like "  with the reason" "$err" "$2"
	is "  in one line, and nothing else" "$(printf '%s\n' "$err" | wc -l).$out" 1.
	command=${err##*run: }
	like "  and a command" "$command" '^ch(mod|own) '
	ok "  that runs" sh -c "$command"
	taken "  and mends it"
}

# -- modes of the file, of what it includes, and of its directory --------------------------------

for what in p.conf q.conf; do
	for mode in 400 440 444 600 640 644 755; do
		begin
		chmod "$mode" "$dir/$what"
		taken "$what with mode $mode"
	done
	for mode in 602 622 646 666 777; do
		begin
		chmod "$mode" "$dir/$what"
		refused "$what with mode $mode" "$what: other users can write to it \\(mode 0$mode\\)"
	done
done
for mode in 700 711 750 755; do
	begin
	chmod "$mode" "$dir"
	taken "the directory with mode $mode"
done
for mode in 702 757 777 1777; do
	begin
	chmod "$mode" "$dir"
	refused "the directory with mode $mode" "other users can write to this directory \\(mode 0*$mode\\)"
done
begin
mv "$dir" "$tmp/It's a \$place"
ICRED_CONFIG_DIR="$tmp/It's a \$place"
chmod 777 "$ICRED_CONFIG_DIR"
refused "a directory whose name a shell would not leave alone" "other users"
mv "$ICRED_CONFIG_DIR" "$dir"
ICRED_CONFIG_DIR=$dir
long=$tmp/$(printf '%0200d' 1)
mv "$dir" "$long"
chmod 777 "$long"
ICRED_CONFIG_DIR=$long
run show
like "  and one that is too long for a message" "$status.$err" '^8\..*run: chmod go-w'
chmod 700 "$long"
mv "$long" "$dir"
ICRED_CONFIG_DIR=$dir

# -- links ----------------------------------------------------------------------------------------

begin
ln -sf "$real/p.conf" "$dir/p.conf"
taken "a link to a file elsewhere"
chmod 666 "$real/p.conf"
refused "  that others can write" 'real/p\.conf: other users can write to it'
chmod 777 "$real"
refused "  in a directory that others can write to" 'real: other users can write to this directory'
chmod 777 "$dir"
refused "  by a link in such a directory" 'icred: other users can write to this directory'
ln -sf "../../../real/q.conf" "$dir/q.conf"
taken "a relative link, of what is included"
chmod 646 "$real/q.conf"
refused "  that others can write" 'q\.conf: other users can write to it'
mkdir "$tmp/between"
ln -s "$real/p.conf" "$tmp/between/link"
ln -sf "$tmp/between/link" "$dir/p.conf"
taken "a link to a link"
chmod 777 "$tmp/between"
refused "  in a directory that others can write to" 'between: other users can write to this directory'
rm -r "$dir"
ln -s "$real" "$dir"
taken "a directory that is a link"
chmod 777 "$real"
refused "  to one that others can write to" 'other users can write to this directory'
rm "$dir"

# -- what is there and cannot be read is no reason to read another one ---------------------------------

# broken NAME PATTERN: reported as a fault of the file, by each way to get at it
broken() {
	fails "$1: refused" 8 icred -p p profile show
	like "  with the reason" "$err" "$2"
	fails "  check says so too" 8 icred profile check
	like "  with the file" "$err" 'p\.conf:'
	fails "  and of the one file" 8 icred profile check p
}
begin
rm "$dir/p.conf"
fails "no such profile" 3 show
ln -s nowhere.conf "$dir/p.conf"
broken "a dangling link" 'p\.conf: a symbolic link to .*/nowhere\.conf, which does not exist; correct it, or remove it'
ln -sf /nonexistent/there/x.conf "$dir/p.conf"
broken "one to a directory that is missing" 'a symbolic link to /nonexistent/there/x\.conf'
ln -sf p.conf "$dir/p.conf"
broken "a link to itself" 'correct the symbolic link'
ln -sfn "$real" "$dir/p.conf"
broken "a link to a directory" 'not a regular file'
ln -sfn "$real/" "$dir/p.conf"
broken "  with a slash" 'directory'
for device in /dev/null /dev/zero /dev/tty; do
	ln -sfn "$device" "$dir/p.conf"
	broken "a link to $device, which needs its mode" '(not a regular file|No such device or address)'
	unlike "  and is to keep it" "$err" chmod
done
printf 'app 1\n' >"/tmp/icred-$$.conf"
ln -sfn "/tmp/icred-$$.conf" "$dir/p.conf"
fails "a link into /tmp: refused" 8 icred -p p profile show
rm "/tmp/icred-$$.conf"
like "  with the reason" "$err" '/tmp: all users can write to this directory; use another one'
rm "$dir/p.conf"
mkdir "$dir/p.conf"
broken "a directory" 'not a regular file'
rmdir "$dir/p.conf"
ln -s nowhere.conf "$dir/default.conf"
fails "a dangling default is not the built-in one" 8 icred profile show
rm "$dir/default.conf"
printf 'include p\n' >"$dir/r.conf"
ln -s nowhere.conf "$dir/p.conf"
fails "nor is what is included left out" 8 icred -p r profile show
like "  as is said" "$err" 'r\.conf:1:9: .*nowhere\.conf'

# -- a directory that cannot be read has no profile ------------------------------------------------------

plainly() { "$@"; }
if [ "$uid" -eq 0 ] && setpriv --bounding-set=-dac_override,-dac_read_search,-fowner true 2>/dev/null; then
	plainly() { setpriv --bounding-set=-dac_override,-dac_read_search,-fowner "$@"; }
fi
# passed_over NAME PATTERN: the built-in profile applies, and -v says why
passed_over() {
	run plainly env -u XDG_CONFIG_HOME -u ICRED_CONFIG_DIR "$@" icred -v profile show
	is "$*: status" "$status" 0
	like "  the built-in profile" "$out" 'default, built in'
	like "  -v says why" "$err" 'icred: profiles are not looked for in .*: '
	run plainly env -u XDG_CONFIG_HOME -u ICRED_CONFIG_DIR "$@" icred -v profile check
	is "  check goes on" "$status" 0
	run plainly env -u XDG_CONFIG_HOME -u ICRED_CONFIG_DIR "$@" icred profile list
	is "  as does list" "$status" 0
	fails "  while one that is named is not there" 3 plainly env -u XDG_CONFIG_HOME -u ICRED_CONFIG_DIR "$@" icred -p p profile show
}
closed=$tmp/closed
mkdir -p "$closed/.config/icred"
printf 'app 1\n' >"$closed/.config/icred/default.conf"
printf 'app 1\n' >"$closed/.config/icred/p.conf"
: >"$tmp/file"
ln -s loop "$tmp/loop"
for at in "$closed" "$closed/.config" "$closed/.config/icred"; do
	chmod 000 "$at"
	if [ "$uid" -eq 0 ] && plainly ls "$closed/.config/icred" >/dev/null 2>&1; then
		diag "root cannot do without its powers here"
	else
		passed_over HOME="$closed"
		passed_over XDG_CONFIG_HOME="$closed/.config"
		passed_over ICRED_CONFIG_DIR="$closed/.config/icred"
	fi
	chmod 700 "$at"
done
for at in "$tmp/file" "$tmp/loop" "/$(printf '%0300d' 0)" "/$(printf '%05000d' 0)"; do
	passed_over HOME="$at"
	passed_over XDG_CONFIG_HOME="$at"
	passed_over ICRED_CONFIG_DIR="$at"
done
begin
chmod 000 "$dir/p.conf"
plainly test -r "$dir/p.conf" || {
	fails "but a file in one that can be read is not passed over" 8 plainly icred -p p profile show
	like "  and the message names it" "$err" 'p\.conf: Permission denied; make it readable'
}
begin

# -- owners and groups: root alone can make them ------------------------------------------------------------

if [ "$uid" -ne 0 ]; then
	skip "not root, so there is no other owner"
	done_testing
fi
mkdir -m 755 "$tmp/bin"
cp "$builddir/icred" "$tmp/bin/"
chmod 755 "$tmp" "$tmp/home" "$tmp/home/.config"
# as UID COMMAND...: with nothing of root's
as() {
	as_uid=$1
	shift
	setpriv --reuid="$as_uid" --regid=4321 --clear-groups env PATH="$tmp/bin:$PATH" "$@"
}
for what in p.conf q.conf .; do
	begin
	chown 4321 "$dir/$what"
	refused "root, and $what is another user's" 'belongs to user 4321, not to user 0; run this as user 4321, or run: chown 0 '
	begin
	chown 4321 "$dir" "$dir"/*
	run as 4321 icred -p p profile show
	is "a user, and all is his own" "$status.$err" 0.
	chown 0 "$dir/$what"
	run as 4321 icred -p p profile show
	is "  $what is root's" "$status.$err" 0.
	chown 4322 "$dir/$what"
	run as 4321 icred -p p profile show
	is "  $what is a third one's" "$status" 8
	like "  as is said" "$err" 'belongs to user 4322, not to root or user 4321; run: chown 4321 '
done
begin
chown 4321 "$dir" "$dir"/*
printf 'key sufficient exec [command=/bin/touch %s/touched]\n' "$tmp" >>"$dir/p.conf"
fails "another user's HOME runs nothing as root" 8 env -u XDG_CONFIG_HOME -u ICRED_CONFIG_DIR HOME="$tmp/home" icred -p p token
is "  indeed" "$(ls "$tmp/touched" 2>/dev/null)" ""
for what in p.conf q.conf .; do
	begin
	chgrp "$group" "$dir/$what"
	chmod g+w "$dir/$what"
	refused "$what that another group can write" 'other users can write to'
done
begin
chgrp "$group" "$dir"
chmod 1775 "$dir"
taken "a sticky directory of a group"

# Only a group of the user's own, of his name and without another member, is private.
cat >"$tmp/etc" <<-'END'
	for table in passwd group; do mount --bind "$1/$table" "/etc/$table" || exit 77; done
	shift
	"$@"
END
# private NAME WANTED PASSWD GROUP
private() {
	printf 'root:x:0:0::/:/bin/sh\n%b\n' "$3" >"$tmp/passwd"
	printf 'root:x:0:\n%b\n' "$4" >"$tmp/group"
	chmod 644 "$tmp/passwd" "$tmp/group"
	begin
	chown 4321:4321 "$dir" "$dir"/*
	chmod 775 "$dir"
	chmod 664 "$dir"/*
	run unshare -m sh "$tmp/etc" "$tmp" setpriv --reuid=4321 --regid=4321 --clear-groups "$tmp/bin/icred" -p p profile show
	is "$1" "$status" "$2" || diag "$err"
}
printf 'root:x:0:0::/:/bin/sh\n' >"$tmp/passwd"
printf 'root:x:0:\n' >"$tmp/group"
if unshare -m sh "$tmp/etc" "$tmp" true 2>/dev/null; then
	private "umask 002 and a private group" 0 'me:x:4321:4321::/:' 'me:x:4321:'
	private "  of which the user is a member, too" 0 'me:x:4321:4321::/:' 'me:x:4321:me'
	private "  in a long table" 0 "$(seq 10000 11500 | sed 's/.*/u&:x:&:&:A name:\/home\/u&:\/bin\/sh\\n/' | tr -d '\n')me:x:4321:4321::/:" 'me:x:4321:'
	private "one with another member" 8 'me:x:4321:4321::/:' 'me:x:4321:you'
	private "one with a second member" 8 'me:x:4321:4321::/:' 'me:x:4321:me,you'
	private "one that is another user's, too" 8 'me:x:4321:4321::/:\nyou:x:4322:4321::/:' 'me:x:4321:'
	private "one that is not his first" 8 'me:x:4321:100::/:' 'me:x:4321:'
	private "one of many users" 8 'me:x:4321:4321::/:' 'users:x:4321:'
	private "one without a name" 8 'me:x:4321:4321::/:' ''
	private "a user without a name" 8 '' 'me:x:4321:'
	private "a number that only begins as his" 8 'me:x:4321:43210::/:' 'me:x:43210:'
else
	skip "no mounts of our own"
fi
done_testing
