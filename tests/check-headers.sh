#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# Each public header stands alone, in every C and C++ there has been, however strict the compiler, used or not.
. "${srcdir:-.}/tests/lib.sh"

strict='-Wall -Wextra -Wunused -Wundef -pedantic-errors -Werror -fsyntax-only'
for header in "$srcdir"/lib/icred/*.h; do
	name=icred/$(basename "$header")
	printf '#include <%s>\n#include <%s>\n' "$name" "$name" >"$tmp/alone.c"
	cp "$tmp/alone.c" "$tmp/alone.cc"
	for standard in c90 c99 c11; do
		# shellcheck disable=SC2086 # lists of words
		ok "$name in $standard" ${CC:-cc} -std=$standard $strict -Wstrict-prototypes -I"$srcdir/lib" ${CURL_CFLAGS:-} \
			"$tmp/alone.c"
	done
	for standard in c++98 c++11; do
		# shellcheck disable=SC2086
		ok "$name in $standard" ${CXX:-c++} -std=$standard $strict -Wno-variadic-macros -I"$srcdir/lib" ${CURL_CFLAGS:-} \
			"$tmp/alone.cc"
	done
done

# A macro that is not used is not compiled, so it is used here.
printf '#include <icred/curl.h>\nint main(void) { return !ICRED_CURL_FUNCTIONS->easy_setopt; }\n' >"$tmp/table.c"
cp "$tmp/table.c" "$tmp/table.cc"
for standard in c90 c99 c11; do
	# shellcheck disable=SC2086
	ok "ICRED_CURL_FUNCTIONS in $standard" ${CC:-cc} -std=$standard $strict -I"$srcdir/lib" ${CURL_CFLAGS:-} "$tmp/table.c"
done
for standard in c++98 c++11; do
	# shellcheck disable=SC2086
	ok "ICRED_CURL_FUNCTIONS in $standard" ${CXX:-c++} -std=$standard $strict -Wno-variadic-macros -I"$srcdir/lib" \
		${CURL_CFLAGS:-} "$tmp/table.cc"
done
done_testing
