#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# A program that has a token and dumps core: the core file has neither the token nor the JWT.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
hold=$builddir/tests/lib/base/core-hold
cores=$tmp/cores
mkdir -m 700 "$cores"
profile files 'cache sufficient runtime'
profile kernel 'cache sufficient keyctl keyring=session'
# shellcheck disable=SC3045 # where the shell cannot, there is no core file
ulimit -c unlimited 2>/dev/null || :
core_limit=$(sed -n 's/^Max core file size *//p' /proc/self/limits)

# -- three ways to see what a core file would have ---------------------------------------

ready() { [ "$(wc -l <"$tmp/held")" -ge 2 ]; }
# held HOW: it waits, as process $holder, and $where and $heap are the addresses of the token and of a common string
held() {
	"$hold" "$1" wait >"$tmp/held" 2>&1 &
	holder=$!
	lib_pids="$holder $lib_pids"
	wait_for 30 ready || diag "$(cat "$tmp/held")"
	where=$(sed -n '1s/ .*//p' "$tmp/held")
	heap=$(sed -n '1s/.* //p' "$tmp/held")
}

# dump_abort HOW: the kernel writes it
dump_abort() {
	(
		cd "$cores" || exit
		"$hold" "$1" abort >"$tmp/held"
		true # so that it is this shell that tells of the signal
	) 2>/dev/null
}

# dump_gcore HOW: a debugger writes it; it goes by what the kernel says of each mapping
dump_gcore() {
	: >"$tmp/held"
	held "$1"
	gcore -o "$cores/core" "$holder" >"$tmp/gcore" 2>&1 </dev/null || diag "$(tail -n 3 "$tmp/gcore")"
	stop "$holder"
}

# flags ADDRESS: of the mapping of $holder that has it
flags() {
	"$PYTHON" -c '
import re, sys
address, inside = int(sys.argv[2], 16), False
for line in open("/proc/" + sys.argv[1] + "/smaps"):
    mapping = re.match("([0-9a-f]+)-([0-9a-f]+) ", line)
    if mapping:
        inside = int(mapping[1], 16) <= address < int(mapping[2], 16)
    elif inside and line.startswith("VmFlags:"):
        print(line[8:].strip())' "$holder" "$1"
}

# leaks: what of a token or a JWT is in the core file, as text or base64; half of the token is enough
leaks() {
	token=$(sed -n 2p "$tmp/held")
	{
		printf '%s\n' "$token" | sed 's/^crs_//' | cut -c 1-24
		printf '%s\n' "$token" | sed 's/^crs_//' | cut -c 25-48
		for shifted in "$token" "${token#?}" "${token#??}"; do printf '%s' "$shifted" | base64 -w 0 | cut -c 5-44; done
	} >"$tmp/wanted"
	grep -aFq -f "$tmp/wanted" "$cores"/* && echo token
	grep -aEq 'eyJ(hbGci|0eXAi)[A-Za-z0-9_-]{11}' "$cores"/* && echo JWT
	rm -f "$cores"/*
}

# -- the kernel's mark on the memory, which works everywhere ---------------------------------

held copy
if [ -z "$(flags "$heap")" ]; then
	skip "the kernel tells nothing of mappings"
	skip "the kernel tells nothing of mappings"
else
	like "the token is in memory that is left out of core files" "$(flags "$where")" '(^| )dd( |$)'
	unlike "  what is not a secret is" "$(flags "$heap")" '(^| )dd( |$)'
fi
stop "$holder"

# -- core files, where they can be had -----------------------------------------------------

# examine WAY: nothing leaks through it, and what should leak does
examine() {
	"dump_$1" copy
	if ! ls "$cores"/core* >/dev/null 2>&1; then
		diag "no core file by way of $1 here: $2"
		return
	fi
	examined=yes
	is "$1: a careless program's copy is in the core file" "$(leaks)" token
	for way in 'default get' 'default request' 'kernel get' 'files get'; do
		ICRED_PROFILE=${way% *}
		export ICRED_PROFILE
		icred forget
		"dump_$1" "${way#* }"
		ok "$1: a core file, profile and call: $way" test -s "$(ls "$cores"/core* 2>/dev/null)"
		is "  without the token, just minted" "$(leaks)" ""
		"dump_$1" "${way#* }"
		ok "  a second one" test -s "$(ls "$cores"/core* 2>/dev/null)"
		is "  without the token, from a cache" "$(leaks)" ""
	done
	unset ICRED_PROFILE
}

# -- the moment the library comes back ------------------------------------------------------

# pieces FILE: each run of eight characters of what is secret there, one a line
pieces() { sed 's/^crs_//' "$1" | awk '!/-----/ { for (i = 1; i + 7 <= length; i++) print substr($0, i, 8) }' | sort -u; }

# trapped NAME FILE ARGUMENT...: the program ends in the library's wake, and nothing of FILE is in its core file
trapped() {
	trapped_name=$1 trapped_file=$2
	shift 2
	(
		cd "$cores" || exit
		"$hold" "$@" >"$tmp/held" 2>&1
		true
	) 2>/dev/null
	ok "$trapped_name: a core file" test -s "$(ls "$cores"/core* 2>/dev/null)" || diag "$(cat "$tmp/held")"
	if [ "$trapped_file" = token ]; then
		trapped_file=$tmp/minted
		icred token >"$trapped_file"
	fi
	pieces "$trapped_file" >"$tmp/wanted"
	is "  with nothing of the secret" "$(cat "$cores"/core* | grep -aFof "$tmp/wanted" | head -n 3)" ""
	rm -f "$cores"/*
}

# What is copied last depends on what comes after the token in its record, and on where that is kept.
examine_now() {
	sed '/^installation/d; $a as-app yes' "$ICRED_CONFIG_DIR/default.conf" >"$ICRED_CONFIG_DIR/app.conf"
	sed '/^installation/d; $a as-app yes' "$ICRED_CONFIG_DIR/files.conf" >"$ICRED_CONFIG_DIR/appfiles.conf"
	for ICRED_PROFILE in default files kernel app appfiles; do
		export ICRED_PROFILE
		for how in 'get now' 'get thread' 'request now' 'request thread'; do
			icred forget
			# shellcheck disable=SC2086 # two words
			trapped "$ICRED_PROFILE, $how, just minted" token $how
			# shellcheck disable=SC2086
			trapped "$ICRED_PROFILE, $how, from a cache" token $how
		done
		trapped "$ICRED_PROFILE, each" token each now
		icred token >"$tmp/refused"
		trapped "$ICRED_PROFILE, reject" "$tmp/refused" reject now
	done
	unset ICRED_PROFILE
	trapped "import" "$sandbox_key" import now "$sandbox_key"
	trapped "import in a thread" "$sandbox_key" import thread "$sandbox_key"
	trapped "fingerprint" "$sandbox_key" fingerprint now "$sandbox_key"
}

examined=
if sanitized; then
	diag "a build with a sanitizer writes no core files: only the kernel's mark was looked at"
else
	examine abort "core_pattern is '$(cat /proc/sys/kernel/core_pattern)', the limit $core_limit"
	[ -z "$examined" ] || examine_now
	if command -v gcore >/dev/null 2>&1; then
		examine gcore "it may not trace"
	fi
	[ -n "$examined" ] || diag "no core file can be had here: only the kernel's mark was looked at"
fi
done_testing
