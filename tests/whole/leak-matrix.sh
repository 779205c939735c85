#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The redirect and leak matrix (tests/whole/leak-matrix.py), with the library's hook as one of the ways if it is there.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"

whole
set --
if [ -e "$srcdir/lib/icred/curl.h" ]; then
	# shellcheck disable=SC2086 # flags
	"${CC:-cc}" ${CFLAGS:-} -o "$tmp/leak-hook" ${CURL_CFLAGS:-} -I"$srcdir" -I"$srcdir/lib" "$srcdir/tests/whole/leak-hook.c" \
		"$builddir/.libs/libicred.so" ${CURL_LIBS:--lcurl} 2>"$tmp/cc.log" || {
		diag "the hook's program does not compile: $(cat "$tmp/cc.log")"
		exit 99
	}
	LD_LIBRARY_PATH=$builddir/.libs
	export LD_LIBRARY_PATH
	set -- --hook "$tmp/leak-hook"
fi

# The JWT: a mint that is redirected ends there.
for fault in redirect redirect-http; do
	tell "$fault" 1 mint
	icred -q forget
	run icred token
	isnt "a mint that is answered with a $fault fails" "$status" 0
	is "  and the JWT goes nowhere else" "$(sandbox elsewhere)" 0
	untell
done
"$PYTHON" "$srcdir/tests/whole/leak-matrix.py" "$@" >"$tmp/matrix" 2>&1 && status=0 || status=$?
grep '^#' "$tmp/matrix"
while read -r line; do
	case $line in
	'ok '*) tap_result 0 "${line#*- }" ;;
	'not ok '*) tap_result 1 "${line#*- }" ;;
	'#'* | 1..*) ;;
	*) diag "$line" ;;
	esac
done <"$tmp/matrix"
is "the matrix is complete" "$status" "$((tap_failed != 0))"
done_testing
