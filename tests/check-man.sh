#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The manual says what the headers and the symbol map say, no more and no less.
. "${srcdir:-.}/tests/lib.sh"
cd "$srcdir" || exit 99
headers=$(ls lib/icred/icred.h lib/icred/curl.h 2>/dev/null)
pages=$(ls man/*.3 2>/dev/null)
[ -n "$pages" ] || plan skip_all "there are no pages of section 3"

listed=$(awk '/^[ \t]+icred_[a-z0-9_]+;/ { sub(/;.*/, ""); print $1 }' lib/libicred.sym | LC_ALL=C sort)
# shellcheck disable=SC2086 # lists of files
named=$(awk 'FNR == 1 { name = 0 } /^\.Sh/ { name = ($2 == "NAME") } name && $1 == ".Nm" { print $2 }' $pages |
	grep '^icred_' | grep -v '^icred_module_' | LC_ALL=C sort)
# shellcheck disable=SC2086
is "every function is in the NAME of one page" "$named" "$listed"

# One prototype a line, without what does not matter: blanks, attributes, the extern of a static inline.
squeeze() { tr -d ' \t' | LC_ALL=C sort; }
# shellcheck disable=SC2086
cat $headers | awk '
	/^#/ || /^typedef/ || /^extern/ || /^static/ { next }
	{ gsub(/\/\*[^*]*\*\//, "") }
	/^[A-Za-z].*icred_[a-z0-9_]+\(/ { open = 1; text = "" }
	open { text = text " " $0 }
	open && /;[ \t]*$/ { open = 0; gsub(/ICRED_MUST_CHECK/, "", text); print text }' | squeeze >"$tmp/declared"
# shellcheck disable=SC2086
awk '
	function bare(s) { gsub(/"/, "", s); return s }
	function rest(n, i, s) { s = ""; for (i = n; i <= NF; i++) s = s " " $i; return s }
	FNR == 1 { synopsis = 0 }
	/^\.Sh/ { synopsis = ($2 == "SYNOPSIS") }
	!synopsis { next }
	$1 == ".Ft" { type = bare(rest(2)) }
	$1 == ".Fn" {
		name = $2; line = rest(3); args = ""
		while (match(line, /"[^"]*"|[^ ]+/)) {
			args = args (args == "" ? "" : ",") bare(substr(line, RSTART, RLENGTH))
			line = substr(line, RSTART + RLENGTH)
		}
		print type " " name "(" args ");"
	}
	$1 == ".Fo" { name = $2; args = "" }
	$1 == ".Fa" && name != "" { args = args (args == "" ? "" : ",") bare(rest(2)) }
	$1 == ".Fc" { print type " " name "(" args ");"; name = "" }' $pages | grep 'icred_' | squeeze >"$tmp/documented"
is "the prototypes of the manual are those of the headers" \
	"$(diff "$tmp/declared" "$tmp/documented")" ""

# What a module and its host call each other by.
callbacks=$(sed -n 's/^\t[a-z].*(\*\([a-z_]*\))(\(void \*self\|const struct icred_host\).*/\1/p' lib/icred/module.h | sort -u)
for name in $callbacks; do
	ok "$name() is in icred-module(3)" grep -qE "^\.It (Fn $name\$|Li [^(]*[ *]$name\(|Fn $name )" man/icred-module.3
done

codes=$(awk '$1 ~ /^ICRED_E_/ { print $1 }' lib/icred/icred.h)
for code in $codes; do
	ok "$code is in icred_error(3) and in error.c" \
		sh -c "grep -q '$code' man/icred_error.3 && grep -q '$code' lib/base/error.c"
done

requires_page() { # every program and module that is built has its page
	for page in "$@"; do
		ok "there is a page $page" test -e "man/$page"
	done
}
programs=$(sed -n 's/^bin_PROGRAMS += //p' helper/local.mk)
modules=$(sed -n 's/^module_LTLIBRARIES += \(.*\)\.la$/\1/p' plugin/local.mk)
for name in $programs; do requires_page "$name.1"; done
requires_page icred-worker.8 icred-profile.5 icred.3 icred-module.3
for name in $modules; do requires_page "icred-$name.8"; done

# A heading "In the token", a lone "[" or what follows "Pq" is not shown as it was meant.
is "no word of a page is taken for a macro or a delimiter" \
	"$(grep -nE '^\.S[hs] In |^\.(Ql|Sq|Dq|Cm) [][().,:;?!]$| Fl Op |^\.It .* Pq .* Pq ' man/*.[1-9])" ""

for page in man/*.[1-9]; do
	ok "$page is in the makefile" grep -qE "(^|[[:blank:]])$page([[:blank:]]|\\\\|\$)" man/local.mk tests/sandbox/local.mk
	if command -v mandoc >/dev/null 2>&1; then
		ok "$page passes mandoc" mandoc -T lint -W warning "$page"
	else
		skip "$page passes mandoc: mandoc is missing"
	fi
done
done_testing
