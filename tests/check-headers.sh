#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each public header stands alone, in C99 and in C++98, however strict the compiler.
. "${srcdir:-.}/tests/lib.sh"

strict='-Wall -Wextra -Wundef -pedantic-errors -Werror -fsyntax-only'
for header in "$srcdir"/lib/icred/*.h; do
	name=icred/$(basename "$header")
	printf '#include <%s>\n#include <%s>\n' "$name" "$name" >"$tmp/alone.c"
	cp "$tmp/alone.c" "$tmp/alone.cc"
	# shellcheck disable=SC2086 # lists of words
	ok "$name in C99" ${CC:-cc} -std=c99 $strict -Wstrict-prototypes -I"$srcdir/lib" ${CURL_CFLAGS:-} "$tmp/alone.c"
	# shellcheck disable=SC2086
	ok "$name in C++98" ${CXX:-c++} -std=c++98 $strict -Wno-variadic-macros -I"$srcdir/lib" ${CURL_CFLAGS:-} "$tmp/alone.cc"
done
done_testing
