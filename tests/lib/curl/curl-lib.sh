# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=sh disable=SC2154 # what lib.sh sets
#
# For the tests of the libcurl hook, sourced after lib.sh:
#   - build OUTPUT FLAG...: a caller as others write it, that links the library as it was built
#   - flavours: the flavours of libcurl that are here, by their sonames

build() {
	build_to=$1
	shift
	# shellcheck disable=SC2086 # lists of flags
	${CC:-cc} ${CFLAGS:-} -std=gnu11 -Wall -Wextra -Werror -pthread -I"$srcdir" -I"$srcdir/lib" ${CURL_CFLAGS:-} -o "$build_to" "$@" \
		-Wl,-rpath,"$builddir/.libs" "$builddir/.libs/libicred.so" >"$tmp/built" 2>&1 || {
		diag "$(cat "$tmp/built")"
		return 1
	}
}

flavours() {
	echo 'int main(void) { return 0; }' >"$tmp/empty.c"
	for flavour in libcurl.so.4 libcurl-gnutls.so.4; do
		! ${CC:-cc} -o "$tmp/empty" "$tmp/empty.c" "-l:$flavour" 2>/dev/null || printf '%s\n' "$flavour"
	done
}
