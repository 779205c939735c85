#!/bin/bash
# SPDX-License-Identifier: LGPL-2.1-or-later
# House rules that a reviewer should not have to look for.
users_home=$HOME
. "${srcdir:-.}/tests/lib.sh"
cd "$srcdir" || exit 99

# What is tracked; in a tarball, what is there.
files() {
	if [ -e .git ] && command -v git >/dev/null 2>&1; then
		git -c safe.directory='*' ls-files --cached --others --exclude-standard
	else
		find . -type f ! -path './build*' ! -path './_*' ! -path '*/.*' | sed 's|^\./||'
	fi | LC_ALL=C sort -u | while read -r file; do
		[ ! -f "$file" ] || printf '%s\n' "$file"
	done
}

generated='^(configure|aclocal\.m4|config\.h\.in|Makefile\.in|m4/|build-aux/|autom4te\.cache/|COPYING$)'
sources() { files | grep -Ev "$generated"; }
code() { sources | grep -E '\.[ch]$' | grep -E "^($1)/"; }

# Text formats with no place for a comment.
no_comment='\.(json|pem|bin|golden|expected)$'
is "every file names its licence at its top" \
	"$(sources | grep -Ev "$no_comment" | while read -r file; do
		head -n 3 "$file" | grep -q 'SPDX-License-Identifier: LGPL-2.1-or-later' || printf '%s\n' "$file"
	done)" ""

unsafe='strcpy|strcat|stpcpy|sprintf|vsprintf|gets|strtok|system|popen|alloca|tmpnam|tempnam|mktemp|atoi|atol|setlocale'
is "no call that has no bounds, or a shell behind it" \
	"$(code 'lib|plugin|helper' | xargs -r grep -nE "(^|[^a-zA-Z0-9_>.])($unsafe)[[:space:]]*\(")" ""
# lib/client/supervisor.c runs in processes of its own, lib/base/subprocess.c does so before it executes a program.
is "the library leaves the process alone: no prctl, signal handlers, stdio streams" \
	"$(code lib | grep -Ev '/(supervisor|subprocess)\.c$' | xargs -r grep -nE '(^|[^a-zA-Z0-9_>.])(prctl|signal|sigaction|printf|puts|perror|exit|setenv|putenv|umask)[[:space:]]*\(' |
		grep -v 'prctl(PR_GET_')" ""
is "secret memory is never grown by realloc" \
	"$(grep -lE '(^|[^a-zA-Z0-9_])(realloc|strdup|asprintf)[[:space:]]*\(' lib/base/secret.c 2>/dev/null)" ""

is "a file holds one idea: none of more than 700 lines" \
	"$(code 'lib|plugin|helper|tests' | xargs -r wc -l | awk '$2 != "total" && $1 > 700')" ""
# shellcheck disable=SC2016 # awk's
is "a function fits in a reader's head: none of more than 120 lines" \
	"$(code 'lib|plugin|helper' | xargs -r awk '
		/^{/ { start = FNR }
		/^}/ { if (start && FNR - start > 120) print FILENAME ":" start ": " FNR - start " lines"; start = 0 }')" ""
is "every .c begins with config.h" \
	"$(for file in $(code 'lib|plugin|helper' | grep '\.c$'); do
		grep -m1 '^#include' "$file" | grep -q '"config.h"' || printf '%s\n' "$file"
	done)" ""

unfinished='TO''DO|FIX''ME|XX''X|not imple''mented'
is "nothing is marked unfinished" "$(sources | xargs -r grep -nIE "\\b($unfinished)\\b")" ""
is "no blanks at the ends of lines" \
	"$(sources | grep -Ev '\.(pem|bin|golden|expected)$' | xargs -r grep -nIE '[[:blank:]]+$')" ""

is "HACKING names only files that are there" \
	"$(grep -ohE '\b(lib|plugin|helper|tests|man|examples|bench)/[a-z0-9/_-]+\.[a-z]+\b' HACKING.md | LC_ALL=C sort -u |
		while read -r file; do [ -e "$file" ] || printf '%s\n' "$file"; done)" ""

# One machine's folders: this checkout's, its owner's, and those of well-known kinds.
own='/(home|Users)/[a-z][a-z0-9_.-]*/'
for path in "$srcdir" "$users_home"; do
	case $path in
	/*/*/* | /*/*) own="$own|$(printf '%s' "$path" | sed 's/[].[*^$+?(){}|\\]/\\&/g')(/|\\b)" ;;
	esac
done
is "no path of one machine" "$(sources | grep -v '^tests/check-src.sh$' | xargs -r grep -nIE "$own")" ""
done_testing
