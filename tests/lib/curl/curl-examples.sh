#!/bin/sh
# SPDX-License-Identifier: LGPL-2.1-or-later
# The examples compile as a reader would compile them, and do what they say.
. "${srcdir:-.}/tests/lib.sh"
. "$srcdir/tests/whole.sh"
. "$srcdir/tests/lib/curl/curl-lib.sh"

whole
url=$sandbox_url/projects

# shellcheck disable=SC2046 # a list of words
set -- $(flavours)
[ $# -gt 0 ] || plan skip_all "there is no libcurl to link to"
for flavour in "$@"; do
	for name in easy multi epoll threads; do
		build "$tmp/curl-$name" "$srcdir/examples/curl-$name.c" "-l:$flavour" || exit 99
	done
	sandbox reset >"$tmp/reset" && icred forget
	run "$tmp/curl-easy" "$url"
	is "$flavour: curl-easy" "$status" 0
	like "  prints the answer" "$out" '"projects"'
	tell refuse-token=401 1 projects
	ok "  with a refused token" "$tmp/curl-easy" "$url"
	is "  two mints" "$(sandbox mints)" 2
	run "$tmp/curl-easy" https://example.org/
	is "  and another origin" "$status $out" "1 "
	like "  says why" "$err" 'example.org'

	for name in multi epoll threads; do
		sandbox reset >"$tmp/reset" && icred forget
		run "$tmp/curl-$name" "$url"
		is "$flavour: curl-$name" "$status $(printf '%s' "$out" | cut -d ' ' -f 2-) $err" \
			"0 of $(if [ $name = threads ]; then echo 80; else echo 100; fi) "
		is "  one mint" "$(sandbox mints)" 1
		sandbox revoke-all >"$tmp/revoked"
		ok "  with a dead token in the cache" "$tmp/curl-$name" "$url"
		is "  two mints" "$(sandbox mints)" 2
		icred forget
		run "$tmp/curl-$name" https://example.org/
		is "  and another origin" "$status" 1
	done
done
done_testing
