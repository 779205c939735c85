#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pages, help and messages are plain English: some words show that a sentence reads like a translation.
. "${srcdir:-.}/tests/lib.sh"
cd "$srcdir" || exit 99

# What is not written, as an extended regular expression of whole words in lower case; what to write instead.
words='
nobody|no one = name what failed: "cannot ask", "no process"
somebody|someone = the user, a process, another program
whoever|whomever = the user, the side that, a process that
(is|are|was|were|be) no [a-z0-9]+ = "is not a"; "there is no" and "no such" may stand
shall = must, will
(is|are|was|were|be|been|being) told = report, say
told to = report, ask
unless told = by default
to be had = available
'
allowed='there (is|are|was|were|can be|may be|must be|will be|would be) no|no such|(is|are|was|were|be) no (longer|more than)'
# lib/ and modules do not know the command line of the program that uses them; they may name another's, and pass it on.
others='(openssl|p11tool|puttygen|ssh-keygen|systemd-[a-z-]+)( [^;,:]*)?|^--[a-z-]+(=[a-z0-9%]*)?$'
options='
--[a-z][a-z0-9-]+ = name the setting, the argument, the function or the variable; icred adds its option
-[io] = name the setting or the argument; icred adds its option
'

# "FILE:LINE<tab>LENGTH<tab>TEXT": a hit that begins in the first LENGTH characters of TEXT is one of this line.
# A phrase may go on in the next line.
cat >"$tmp/lines.awk" <<'EOF'
function flush(next_line) { if (at) printf "%s\t%d\t%s %s\n", at, length(line), line, next_line }
FNR == 1 { flush(""); at = "" }
FNR > 1 { flush($0) }
{ gsub(/\t/, " "); at = FILENAME ":" FNR; line = $0 }
END { flush("") }
EOF
# The string literals of C, adjacent ones joined; not those of comments, of #include, and not characters.
cat >"$tmp/literals.awk" <<'EOF'
function flush() { if (text != "") printf "%s\t%d\t%s\n", at, length(text), text; text = "" }
FNR == 1 { flush(); state = "code" }
state == "code" && /^[ \t]*#[ \t]*include/ { next }
{
	n = length($0)
	for (i = 1; i <= n; i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (state == "comment") {
			if (two == "*/") { state = "code"; i++ }
		} else if (state == "string") {
			if (c == "\"") state = "code"
			else if (c == "\\") { text = text (substr($0, i + 1, 1) ~ /["\\]/ ? substr($0, i + 1, 1) : " "); i++ }
			else text = text (c == "\t" ? " " : c)
		} else if (two == "/*") { state = "comment"; i++ }
		else if (two == "//") break
		else if (c == "\"") {
			if (text == "") at = FILENAME ":" FNR
			state = "string"
		} else if (c == "'") {
			flush()
			while (++i <= n && (c = substr($0, i, 1)) != "'")
				i += c == "\\"
		} else if (c !~ /[ \t]/) flush()
	}
}
END { flush() }
EOF
# Records on standard input; the table of patterns is in ENVIRON.
cat >"$tmp/hits.awk" <<'EOF'
function masked(text,   out) {
	for (out = ""; match(text, allowed); text = substr(text, RSTART + RLENGTH))
		out = out substr(text, 1, RSTART - 1) sprintf("%" RLENGTH "s", "")
	return out text
}
BEGIN {
	FS = "\t"
	allowed = ENVIRON["allowed"]
	rows = split(ENVIRON["table"], row, "\n")
	for (i = 1; i <= rows; i++) {
		if (!(cut = index(row[i], " = ")))
			continue
		pattern[++n] = "(^|[^a-z0-9-])(" substr(row[i], 1, cut - 1) ")($|[^a-z0-9-])"
		advice[n] = substr(row[i], cut + 3)
	}
}
{
	text = masked(tolower($3))
	for (i = 1; i <= n; i++)
		if (match(text, pattern[i]) && RSTART <= $2)
			printf "%s: \"%s\": %s\n", $1, substr(text, RSTART, RLENGTH), advice[i]
}
EOF
lines_of() { awk -f "$tmp/lines.awk" "$@"; }
literals_of() { find "$@" -name '*.[ch]' | LC_ALL=C sort | xargs awk -f "$tmp/literals.awk"; }
hits() { table=$words allowed=$allowed awk -f "$tmp/hits.awk"; }
options_in() { table=$options allowed=$others awk -f "$tmp/hits.awk"; }

# The check itself: what it must find, and what it must not.
cat >"$tmp/sample.c" <<'EOF'
#include "nobody.h"
/* nobody, "shall" */ // "somebody"
static const char *const said[] = {"fine", "it is "
	"no key", "there is no key; no such key", '\\'', '"', '\\x22', "say \"nobody\"", "told\tto"};
EOF
is "the check finds the words of strings, in adjacent strings too" \
	"$(literals_of "$tmp/sample.c" | hits | sed 's/.*sample.c:\([0-9]*\): .*[^a-z]\(no[a-z ]*\|told to\).*: .*/\1 \2/')" \
	"$(printf '3 no key\n4 nobody\n4 told to')"

is "the pages are in plain English" "$(lines_of man/*.[0-9] | hits)" ""
is "README, HACKING, SECURITY and NEWS are in plain English" \
	"$(lines_of README.md HACKING.md SECURITY.md NEWS | hits)" ""
is "the completions are in plain English" "$(find completions -type f | LC_ALL=C sort | xargs awk -f "$tmp/lines.awk" | hits)" ""
"$PYTHON" tests/sandbox/icr-sandbox --help >"$tmp/icr-sandbox--help"
"$PYTHON" tests/sandbox/icr-sandbox ctl --help >"$tmp/icr-sandbox-ctl--help"
is "the help of icr-sandbox is in plain English" "$(lines_of "$tmp"/icr-sandbox*--help | hits)" ""
is "messages and help of the library, modules and programs are in plain English" \
	"$(literals_of lib plugin helper | hits)" ""
is "no message of the library or of a module names an option of a program" \
	"$(literals_of lib plugin | options_in)" ""
done_testing
