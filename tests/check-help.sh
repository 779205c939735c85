#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# --help, the manual page and the completion of each program name the same options and commands.
. "${srcdir:-.}/tests/lib.sh"
cd "$srcdir" || exit 99

long_options() { grep -oE -e '(^|[^a-zA-Z0-9-])--[a-z][a-z0-9-]+' | sed 's/.*--/--/' | LC_ALL=C sort -u; }
# Of a help text only the lists: an example may show the options of others.
listed() { sed -nE 's/^ +(-[a-zA-Z], +)?(--[a-z][a-z0-9-]+).*/\2/p' | LC_ALL=C sort -u; }
commands() { awk '/^Commands:|^Actions:/ { list = 1; next } list && NF == 0 { exit } list { print $1 }' | LC_ALL=C sort -u; }
# "Fl Fl name" or "Fl -name", wherever it stands.
page_options() { grep -oE -e 'Fl (Fl |-)[a-z][a-z0-9-]+' "$1" | sed 's/Fl Fl /--/; s/Fl -/--/' | LC_ALL=C sort -u; }
# Lines of the first list that the second does not have.
lacks() {
	printf '%s\n' "$2" >"$tmp/there"
	printf '%s\n' "$1" | grep -vxF -f "$tmp/there" | grep . || :
}

# command_lines SHELL PROGRAM: the lines of the completion that list commands
command_lines() {
	case $1 in
	bash) grep -E "(commands|candidates)='" "completions/$2" ;;
	fish) grep '^complete' "completions/fish/$2.fish" | grep -v -e ' -l ' ;;
	zsh) grep -hE "^[[:blank:]]*'[a-z-]+:|:\([a-z ]+\)'" completions/zsh/_* ;; # one file for all programs
	esac
}
offered_by() {
	case $1 in
	bash) long_options <"completions/$2" ;;
	fish) grep '^complete' "completions/fish/$2.fish" | grep -oE -e ' -l [a-z][a-z0-9-]+' | sed 's/ -l /--/' | LC_ALL=C sort -u ;;
	zsh) ! grep -q "^#compdef.* $2" completions/zsh/_* || cat completions/zsh/_* | long_options ;;
	esac 2>/dev/null
}

helps() { # all the help there is: the program's, and each command's
	"$1" --help
	"$1" --help | commands | while read -r command; do
		"$1" "$command" --help </dev/null 2>/dev/null || :
	done
}

programs=$(sed -n 's/^bin_PROGRAMS += //p' helper/local.mk)
for program in $programs; do
	page=man/$program.1
	ok "$program --help succeeds" "$program" --help
	like "$program --version" "$("$program" --version | head -n 1)" "^$program [0-9]+\\.[0-9]+\\.[0-9]+\$"
	is "$program --help keeps to 80 columns" "$("$program" --help | awk 'length($0) > 80')" ""
	listed_options=$(helps "$program" | listed)
	ok "$program has a page" test -e "$page" || continue
	is "$program: options of --help that the page lacks" "$(lacks "$listed_options" "$(page_options "$page")")" ""
	is "$program: options of the page that --help lacks" "$(lacks "$(page_options "$page")" "$listed_options")" ""
	for command in $("$program" --help | commands); do
		like "$program: the page has $command" "$(cat "$page")" "(Cm|Ic|Ar) ([^A-Za-z]*)?$command|(Cm|Ic|Ar) .*[ \"]$command( |\"|\$)"
	done
	for shell in bash fish zsh; do
		offered=$(offered_by "$shell" "$program")
		ok "$program has a completion for $shell" test -n "$offered" || continue
		is "$program: commands of --help that the completion for $shell lacks" \
			"$("$program" --help | commands | while read -r command; do
				command_lines "$shell" "$program" | sed 's/ -d .*//' | grep -qE "(^|[^a-z-])$command([^a-z-]|\$)" || echo "$command"
			done)" ""
		is "$program: options of --help that the completion for $shell lacks" "$(lacks "$listed_options" "$offered")" ""
		[ "$shell" = zsh ] || # one file for all programs
			is "$program: options of the completion for $shell that --help lacks" "$(lacks "$offered" "$listed_options")" ""
	done
done
done_testing
