#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# What the library and the modules show to the dynamic linker, and what they ask of it.
. "${srcdir:-.}/tests/lib.sh"
requires readelf nm

exports() {
	nm -D --defined-only "$1" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | LC_ALL=C sort -u
}

# A sanitizer's run time comes with the compiler's flags; the dynamic linker is half of libc.
needed() {
	readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' |
		grep -Ev '^(lib(a|l|t|ub)san\.so|libclang_rt\.|ld-linux|ld64|ld-musl)' | LC_ALL=C sort -u
}

listed=$(awk '/^[ \t]+icred_[a-z0-9_]+;/ { sub(/;.*/, ""); print $1 }' "$srcdir/lib/libicred.sym" | LC_ALL=C sort)
declared=$(cat "$srcdir"/lib/icred/icred.h "$srcdir"/lib/icred/curl.h 2>/dev/null |
	grep -vE '^(static __inline__|#define) ' | grep -oE '\bicred_[a-z0-9_]+\(' | tr -d '(' | LC_ALL=C sort -u)
library=$builddir/.libs/libicred.so

is "libicred.sym lists each function once" "$(printf '%s\n' "$listed" | uniq -d)" ""
is "libicred.sym lists what the public headers declare" "$listed" "$declared"
is "libicred.so exports what libicred.sym lists" "$(exports "$library")" "$listed"
like "libicred.so needs libc alone" "$(needed "$library")" '^libc\.(so\.[0-9]+|musl-.*)$'
is "libicred.so needs one library" "$(needed "$library" | wc -l | tr -d ' ')" 1
unlike "libicred.so has no text relocations or executable stack" \
	"$(readelf -dW "$library"; readelf -lW "$library" | grep GNU_STACK)" 'TEXTREL|RWE'

modules=0
for module in "$builddir"/.libs/key-*.so "$builddir"/.libs/cache-*.so "$builddir"/.libs/issuer-*.so; do
	[ -e "$module" ] || continue
	name=$(basename "$module")
	modules=$((modules + 1))
	is "$name exports one symbol" "$(exports "$module")" icred_module_1
	case $name in
	cache-*) unlike "$name, which runs in the caller, needs libc alone" "$(needed "$module" | grep -v '^libc\.')" . ;;
	*) unlike "$name does not need libicred" "$(needed "$module")" '^libicred' ;;
	esac
done
ok "there are modules" test "$modules" -gt 0
done_testing
