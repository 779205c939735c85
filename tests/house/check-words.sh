#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Pages, help and messages are in plain English: some words show that a sentence reads like a translation.
. "${srcdir:-.}/tests/lib.sh"
cd "$srcdir" || exit 99

# What is not written, and what stands for it.  One extended regular expression a line, in lower case, then a tab.
cat >"$tmp/words" <<'EOF'
\bnobody\b	say what fails: "cannot ask", "no process"
\bsomebody\b	the user, a process, another program
\bwho(m)?(so)?ever\b	the user, the side that, a process that
\b(is|are|was|were|be) no [a-z0-9]	"is not a"; "there is no" and "is no longer" may stand
\bshall\b	must, will
\b(is|are|was|were|be|been) told\b	report, say
\btold to\b	report, ask
\bunless told\b	by default
\b(is|are|was|were|be) to be had\b	is available
\bto be had\b	available
EOF
# These are taken out of a line before it is compared.
allowed='there (is|are|was|were|may be|can be|will be) no |(if|whether|when) there (is|are) no |(is|are|was|were|be) no longer|no such (file|directory|process|device)'

cat >"$tmp/words.awk" <<'EOF'
FILENAME == table { split($0, part, "\t"); pattern[++n] = part[1]; advice[n] = part[2]; next }
{
	colon = index($0, "\t")
	text = tolower(substr($0, colon + 1))
	gsub(allowed, " ", text)
	for (i = 1; i <= n; i++)
		if (match(text, pattern[i]))
			printf "%s: \"%s\" (better: %s)\n", substr($0, 1, colon - 1), substr(text, RSTART, RLENGTH), advice[i]
}
EOF
