#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The hook on real libcurls: each flavour that is here, alone and both in one process.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"
. "$srcdir/tests/lib/curl/curl-lib.sh"

whole readelf
SANDBOX_URL=$sandbox_url SANDBOX_CA=$sandbox_ca SANDBOX_DIR=$sandbox_dir
SANDBOX_ELSEWHERE=$(sandbox url elsewhere)
export SANDBOX_URL SANDBOX_CA SANDBOX_DIR SANDBOX_ELSEWHERE

needed() { readelf -d "$1" | grep -c "NEEDED.*\[$2\]"; }

build_hook() { build "$@" "$srcdir"/tests/lib/curl/curl-hook*.c "-l:$flavour" || exit 99; }

# shellcheck disable=SC2046 # a list of words
set -- $(flavours)
[ $# -gt 0 ] || plan skip_all "there is no libcurl to link to"
for flavour in "$@"; do
	program=$tmp/hook-$flavour
	build_hook "$program"
	is "$flavour is what the program is linked to" "$(needed "$program" "$flavour")" 1
	for scenario in $("$program" list); do
		ok "$flavour: $scenario" "$program" "$scenario"
	done
done

if [ $# -eq 2 ]; then
	for flavour in "$@"; do
		build_hook "$tmp/hook-$flavour.so" -shared -fPIC -DHOOK_SHARED
	done
	build "$tmp/flavours" "$srcdir/tests/lib/curl/curl-flavours.c" -ldl || exit 99
	run "$tmp/flavours" "$tmp/hook-$1.so" "$tmp/hook-$2.so" easy dead-401 dead-403 multi loop origin storm-401
	is "both in one process" "$status $(printf '%s\n' "$out" | grep -v '^told: ')" "0 "
	like "  a hook for one, handles of the other" "$out" 'told: .*OpenSSL.*GnuTLS.*make a hook for each'
	like "  a table of both" "$out" 'told: .*two different libcurls'
else
	skip "both flavours in one process: only $1 is here"
fi

# What valgrind tells, but for calls that are newer than it, which it answers with ENOSYS, as an old kernel does.
told_by_valgrind() {
	sed -E -e '/^--[0-9]+-- WARNING: unhandled .* syscall: [0-9]+$/d' \
		-e '/^--[0-9]+-- (You may be able|Read the file|Nevertheless|it at http)/d' "$1"
}

# Where each system call and each byte is looked at; the worker, another program, is as always.
if printf '%s' "${CFLAGS:-}" | grep -q -e -fsanitize=; then
	skip "valgrind: it does not go together with sanitizers"
elif command -v valgrind >/dev/null 2>&1; then
	for flavour in "$@"; do
		run timeout 120 valgrind -q --error-exitcode=9 --leak-check=full --show-leak-kinds=definite \
			--errors-for-leak-kinds=definite "$tmp/hook-$flavour" easy dead-403 upload duplicate outlive same-address loop warm table
		is "$flavour: valgrind has nothing to say of mints, retries and requests" \
			"$status $out $(told_by_valgrind "$tmp/.err")" "0  "
	done
else
	skip "valgrind: it is missing"
fi
done_testing
